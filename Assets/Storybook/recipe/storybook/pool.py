"""Scenes drawn once, by many processes, into memory that every part of a build reads: for a GPU that learns faster than its
machine can draw. Scene i is the same as `data.render` of its seed; which scenes are there yet when a step asks is a matter of time.
"""

from __future__ import annotations

import itertools
import math
import mmap
import multiprocessing
import pathlib
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from storybook import world
from storybook.caption import write
from storybook.data import render, to_signal
from storybook.dcht import DCHT
from storybook.detector import GRID, Targets, targets_of
from storybook.runtime import Place
from storybook.scene import sample_scene
from storybook.text import Vocabulary
from storybook.tokens import BLOCK, shown


def _shared(shape: tuple[int, ...], kind: type[np.generic]) -> np.ndarray:
    """An array that forked processes write and this one reads."""
    return np.frombuffer(mmap.mmap(-1, max(1, math.prod(shape) * np.dtype(kind).itemsize)), kind, math.prod(shape)).reshape(shape)


class Pool:
    """`scenes` scenes of one size (rounded down to whole blocks), with `captions` captions each, which appear in order.

    Sprites must be loaded, since the drawing processes are forks.
    """

    def __init__(self, seed: int, size: int, scenes: int, captions: int, spiece: pathlib.Path, length: int, workers: int) -> None:
        self.seed, self.size, self.captions, self.spiece = seed, size, captions, spiece
        self.blocks = scenes // BLOCK
        count = self.blocks * BLOCK
        self.drawn = {
            "pictures": _shared((count, 3, size, size), np.uint8),
            "words": _shared((count, captions, length), np.int16),
            "things": _shared((count, (size // 32) ** 2), np.uint8),
            "heat": _shared((count, GRID, GRID), np.float16),
            "kinds": _shared((count, GRID, GRID), np.int16),
            "paints": _shared((count, GRID, GRID), np.int16),
            "setting": _shared((count, 3), np.int16),
        }
        self._done = _shared((self.blocks,), np.uint8)
        self._length = length
        forks = multiprocessing.get_context("fork")
        self._workers = [forks.Process(target=self._draw, args=(k, workers), daemon=True) for k in range(workers)]
        for worker in self._workers:
            worker.start()
        self.held: dict[str, Tensor] = {}
        self._blocks_held = 0

    def _draw(self, first: int, step: int) -> None:
        torch.set_num_threads(1)
        words = Vocabulary(self.spiece, self._length)
        for block in range(first, self.blocks, step):
            scenes, captions = [], []
            for k in range(BLOCK):
                at, name = block * BLOCK + k, f"{self.seed}/{block * BLOCK + k}"
                scene = sample_scene(random.Random(f"{name}/what"))
                picture, boxes = render(name, self.size, scene)
                self.drawn["pictures"][at] = picture.transpose(2, 0, 1)
                self.drawn["things"][at] = shown(boxes, self.size // 32)
                scenes.append((scene, boxes))
                rng = random.Random(f"{name}/said")
                captions += [write(scene, rng) for _ in range(self.captions)]
            rows = slice(block * BLOCK, (block + 1) * BLOCK)
            self.drawn["words"][rows] = words(captions).numpy().reshape(BLOCK, self.captions, -1)
            targets = targets_of(scenes)
            for part in ("heat", "kinds", "paints", "setting"):
                self.drawn[part][rows] = getattr(targets, part)
            self._done[block] = 1

    def hold(self, device: torch.device) -> None:
        """Begins to copy scenes to the device as they appear."""
        if device.type == "cpu":
            self.held = {name: torch.from_numpy(array) for name, array in self.drawn.items()}
        else:
            self.held = {
                name: torch.empty(array.shape, dtype=torch.from_numpy(array[:0]).dtype, device=device)
                for name, array in self.drawn.items()
            }
        threading.Thread(target=self._follow, args=(device,), daemon=True).start()

    def _follow(self, device: torch.device) -> None:
        stream = torch.cuda.Stream(device) if device.type == "cuda" else None
        while self._blocks_held < self.blocks:
            behind = self._done[self._blocks_held : self._blocks_held + 64]
            ready = int(np.argmin(behind)) if not behind.all() else len(behind)
            if ready and stream:
                rows = slice(self._blocks_held * BLOCK, (self._blocks_held + ready) * BLOCK)
                with torch.cuda.stream(stream):
                    for name, array in self.drawn.items():
                        self.held[name][rows].copy_(torch.from_numpy(array[rows]))
                stream.synchronize()
            self._blocks_held += ready
            if not ready:
                time.sleep(0.02)

    @property
    def ready(self) -> int:
        """How many scenes there are yet."""
        return self._blocks_held * BLOCK

    def wait(self, scenes: int) -> int:
        """Returns when so many scenes, or all, are there; tells how many are.

        Raises RuntimeError where a drawing process has failed.
        """
        while self.ready < min(scenes, self.blocks * BLOCK):
            failed = [worker.exitcode for worker in self._workers if worker.exitcode]
            if failed:
                raise RuntimeError(f"A process that draws scenes ended with status {failed[0]} after {self.ready} scenes.")
            time.sleep(0.02)
        return self.ready

    def rows(self, seed: int, number: int, count: int) -> Tensor:
        """`count` scenes at random among those that are there."""
        ready = self.wait(8 * BLOCK)
        where = next(iter(self.held.values())).device
        return torch.from_numpy(np.random.default_rng((seed, number)).integers(0, ready, count)).to(where)

    def pictures(self, seed: int, number: int, count: int) -> Tensor:
        """Batch `number` of pictures [count,3,S,S] in -1...1."""
        rows = self.rows(seed, number, count)
        return to_signal(self.held["pictures"][rows], rows.device)

    def targets(self, seed: int, start: int, count: int) -> Iterator[tuple[Tensor, Targets]]:
        """Endless batches of pictures uint8 [count,3,S,S] and what the detector should say about them."""
        number = start
        while True:
            rows = self.rows(seed, number, count)
            parts = {part: self.held[part][rows] for part in ("heat", "kinds", "paints", "setting")}
            whole = {part: value.float() if part == "heat" else value.long() for part, value in parts.items()}
            yield self.held["pictures"][rows], Targets(**whole)
            number += 1


def crops(pool: Pool, large: Pool | None, batch: int, seed: int, start: int = 0) -> Iterator[Tensor]:
    """Batches start, start+1, ... for the tokenizer: every eighth of the `large` pool, where there is one, with as many
    pixels."""
    for number in itertools.count(start):
        if large and number % 8 == 7 and large.ready >= 8 * BLOCK:
            yield large.pictures(seed, number, max(1, batch * pool.size**2 // large.size**2))
        else:
            yield pool.pictures(seed, number, batch)


@dataclass
class PoolTokens:
    """The scenes of a pool as tokens on its device: what `tokens.TokenFile` is on disk."""

    pool: Pool
    ids: Tensor
    residuals: Tensor
    meta: dict[str, Any]

    @staticmethod
    @torch.no_grad()
    def encode(pool: Pool, tokenizer: DCHT, batch: int = 256) -> PoolTokens:
        """Tokens of all scenes, once they are all there: those of a build that was stopped are drawn again."""
        scenes = pool.wait(pool.blocks * BLOCK)
        device = next(tokenizer.parameters()).device
        found: list[tuple[Tensor, Tensor]] = []
        for start in range(0, scenes, batch):
            with Place(device, 0, 1).autocast():
                part = pool.held["pictures"][start : min(start + batch, scenes)]
                ids, residual = tokenizer.encode(to_signal(part, device))
            found.append((ids.flatten(1).int(), residual.permute(0, 2, 3, 1).flatten(1, 2).half()))
        ids, residuals = (torch.cat(parts) for parts in zip(*found, strict=True))
        c = tokenizer.config
        meta = {"seed": pool.seed, "size": pool.size, "tokens": ids.shape[1], "channels": c.latent, "codes": c.codebook_size, "core": world.core_share()}
        return PoolTokens(pool, ids, residuals, meta)

    @property
    def scenes(self) -> int:
        return len(self.ids)

    @property
    def spiece(self) -> pathlib.Path:
        return self.pool.spiece

    def spread(self) -> float:
        """Standard deviation of the residuals' elements."""
        return float(self.residuals[:512].float().std())

    def batches(self, words: Vocabulary, seed: int, size: int, start: int, workers: int, rank: int, ranks: int) -> Iterator[Any]:
        """Endless batches as of `tokens.TokenBatches`, on the device."""
        device, number = self.ids.device, start * ranks + rank
        while True:
            rng = np.random.default_rng((seed, number))
            rows, said = (torch.from_numpy(rng.integers(0, n, size)).to(device) for n in (self.scenes, self.pool.captions))
            things, captions = self.pool.held["things"][rows].bool(), self.pool.held["words"][rows, said].long()
            yield self.ids[rows].long(), self.residuals[rows].float(), things, captions
            number += ranks
