"""Scenes as image tokens on disk: what the generator trains on.

    python -m storybook.tokens --sprites sprites.npz --tokenizer RUN/dcht.pt --size 256 --scenes 200000 --out TOKENS

A token file holds, per scene, its code numbers uint16 [N], its residuals float16 [N,C] and which tokens show a thing, uint8
[N]; captions are written afresh each time from the scene's seed. A later call with a larger --scenes adds to the file.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import pathlib
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from storybook import runtime, sprites, world
from storybook.caption import write
from storybook.data import render, stream, to_signal
from storybook.dcht import DCHT, TokenizerConfig
from storybook.runtime import Place
from storybook.scene import Box, Scene, sample_scene
from storybook.text import Vocabulary

BLOCK = 64


def load_tokenizer(path: pathlib.Path, place: Place) -> DCHT:
    """The averaged tokenizer of a training checkpoint, ready for use."""
    state = torch.load(path, map_location=place.device, weights_only=True)
    model = DCHT(TokenizerConfig.from_json(state["config"]))
    model.load_state_dict(state["average"])
    return model.to(place.device, memory_format=torch.channels_last).eval()


class TokenFile:
    """A folder of token blocks, whose world becomes the one in use. `scenes` is how many it holds."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.meta: dict[str, Any] = json.loads((folder / "meta.json").read_text())
        world.use(self.meta["core"])
        n, c, count = self.meta["tokens"], self.meta["channels"], self.meta["scenes"]
        self.scenes: int = count
        self.ids = np.memmap(folder / "ids.u16", np.uint16, "r", shape=(count, n))
        self.residuals = np.memmap(folder / "residuals.f16", np.float16, "r", shape=(count, n, c))
        self.things = np.memmap(folder / "things.u8", np.uint8, "r", shape=(count, n))

    def scene(self, index: int) -> Scene:
        return sample_scene(random.Random(f"{self.meta['seed']}/{index}/what"))

    def spread(self) -> float:
        """Standard deviation of the residuals' elements."""
        return float(self.residuals[:512].astype(np.float32).std())

    def batch(self, seed: int, number: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
        """Batch `number`: ids [size,N], residuals [size,N,C], which tokens show things [size,N] and captions, at random but
        the same every time."""
        rng = random.Random(f"{seed}/{number}")
        chosen = [rng.randrange(self.scenes) for _ in range(size)]
        captions = [write(self.scene(index), rng) for index in chosen]
        things = self.things[chosen].astype(bool)
        return self.ids[chosen].astype(np.int64), self.residuals[chosen].astype(np.float32), things, captions


    def batches(self, words: Vocabulary, seed: int, size: int, start: int, workers: int, rank: int, ranks: int) -> Iterator[Any]:
        """Endless `TokenBatches` from batch `start` on."""
        return stream(TokenBatches(self, words, seed, size), start, workers, rank, ranks)


class TokenBatches(Dataset[tuple[np.ndarray, ...]]):
    """A token file as numbered batches for `data.stream`: ids [B,N], residuals [B,N,C], which tokens show things [B,N] and
    padded text ids [B,T]."""

    def __init__(self, file: TokenFile, words: Vocabulary, seed: int, batch: int) -> None:
        self.file, self.words, self.seed, self.size = file, words, seed, batch

    def __getitem__(self, number: int) -> tuple[np.ndarray, ...]:
        *parts, captions = self.file.batch(self.seed, number, self.size)
        return *parts, self.words(captions).numpy()


def shown(boxes: list[Box], side: int) -> np.ndarray:
    """The cells of a grid, uint8 [side * side], of which things cover more than a fifth in both directions."""
    cells = np.zeros((side, side), np.uint8)
    for box in boxes:
        columns, rows = (
            slice(max(0, math.floor(low * side + 0.8)), max(0, math.ceil(high * side - 0.2)))
            for low, high in ((box.x0, box.x1), (box.y0, box.y1))
        )
        cells[rows, columns] = 1
    return cells.reshape(-1)


class SceneTokens(Dataset[tuple[np.ndarray, np.ndarray]]):
    """Block k of a seed's scenes: pictures uint8 [BLOCK,3,size,size] and which of their tokens show a thing [BLOCK,N]."""

    def __init__(self, seed: int, size: int) -> None:
        self.seed, self.size = seed, size

    def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        drawn = [render(f"{self.seed}/{number * BLOCK + k}", self.size) for k in range(BLOCK)]
        pictures = np.stack([picture for picture, _ in drawn]).transpose(0, 3, 1, 2)
        return np.ascontiguousarray(pictures), np.stack([shown(boxes, self.size // 32) for _, boxes in drawn])


def tokenise(tokenizer: DCHT, place: Place, folder: pathlib.Path, size: int, scenes: int, seed: int, workers: int) -> TokenFile:
    """Brings the token file in `folder` to `scenes` scenes (rounded up to whole blocks)."""
    folder.mkdir(parents=True, exist_ok=True)
    config = tokenizer.config
    meta = {
        "seed": seed,
        "size": size,
        "tokens": (size // 32) ** 2,
        "channels": config.latent,
        "codes": config.codebook_size,
        "core": world.core_share(),
        "scenes": 0,
    }
    note = folder / "meta.json"
    if note.exists():
        meta = json.loads(note.read_text())
    done, wanted = meta["scenes"] // BLOCK, -(-scenes // BLOCK)
    blocks = stream(SceneTokens(seed, size), done, workers)
    tokens = done * BLOCK * meta["tokens"]
    with contextlib.ExitStack() as stack:
        files = [
            stack.enter_context((folder / name).open("ab")) for name in ("ids.u16", "residuals.f16", "things.u8")
        ]
        for file, width in zip(files, (2, 2 * meta["channels"], 1), strict=True):
            file.truncate(tokens * width)
        for number in range(done, wanted):
            pictures, things = next(blocks)
            with place.autocast():
                ids, residual = tokenizer.encode(to_signal(pictures, place.device))
            files[0].write(ids.flatten(1).cpu().numpy().astype(np.uint16).tobytes())
            files[1].write(residual.permute(0, 2, 3, 1).flatten(1, 2).cpu().numpy().astype(np.float16).tobytes())
            files[2].write(things.tobytes())
            if number % 16 == 15 or number == wanted - 1:
                for file in files:
                    file.flush()
                meta["scenes"] = (number + 1) * BLOCK
                note.write_text(json.dumps(meta))
    return TokenFile(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sprites", required=True)
    parser.add_argument("--tokenizer", type=pathlib.Path, required=True, help="checkpoint of storybook.train_dcht")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--size", type=int, default=256, help="side of the scenes in pixels")
    parser.add_argument("--scenes", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    a = parser.parse_args()
    sprites.load(a.sprites)
    place = runtime.start(a.threads)
    file = tokenise(load_tokenizer(a.tokenizer, place), place, a.out, a.size, a.scenes, a.seed, a.workers)
    print(f"{file.scenes} scenes of {file.meta['tokens']} tokens in {a.out}, residual spread {file.spread():.4f}")


if __name__ == "__main__":
    main()
