"""A small detector trained on the world's own renders: what is where, in which colour, and the setting.

    python -m storybook.detector train --sprites sprites.npz --out RUN --steps 12000
    python -m storybook.detector validate --sprites sprites.npz --detector RUN/detector.pt --scenes 2000

It judges StoryEval, its pooled features stand in for Inception's in the FID, and its early layers for a perceptual loss.
Pictures are [B,3,256,256] in -1...1; the grid has 16x16 cells.
"""

from __future__ import annotations

import argparse
import json
import math
import pathlib
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from storybook import runtime, sprites
from storybook.backdrop import PLACES, TIMES, WEATHERS
from storybook.data import stream, to_signal
from storybook.objects import objects
from storybook.runtime import Place
from storybook.scene import Box, Scene, draw_scene, sample_scene
from storybook.sprites import COLOURS

if TYPE_CHECKING:
    from storybook.pool import Pool

SIZE, CELL = 256, 16
GRID = SIZE // CELL
KINDS = tuple(objects())
# Colour 0 is the thing's own.
PAINTS: tuple[str | None, ...] = (None, *COLOURS)
Array = np.ndarray | Tensor
SETTING = {"place": PLACES, "time": TIMES, "weather": WEATHERS}


@dataclass(frozen=True)
class Found:
    """One detected thing; x and y are its centre in fractions of the side."""

    object: str
    colour: str | None
    x: float
    y: float
    score: float


class Block(nn.Module):
    """A residual block, perhaps halving the side."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.one = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.two = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm_one, self.norm_two = nn.GroupNorm(16, outputs), nn.GroupNorm(16, outputs)
        self.skip = nn.Conv2d(inputs, outputs, 1, stride) if stride > 1 or inputs != outputs else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = F.silu(self.norm_one(self.one(x)))
        return F.silu(self.skip(x) + self.norm_two(self.two(y)))


class Detector(nn.Module):
    def __init__(self, width: int = 32) -> None:
        super().__init__()
        w = width
        self.width = w
        self.stem = nn.Conv2d(3, w, 5, 2, 2)
        self.stages = nn.ModuleList(
            [
                Block(w, w, 1),
                nn.Sequential(Block(w, 2 * w, 2), Block(2 * w, 2 * w, 1)),
                nn.Sequential(Block(2 * w, 4 * w, 2), Block(4 * w, 4 * w, 1), Block(4 * w, 4 * w, 1)),
                nn.Sequential(Block(4 * w, 8 * w, 2), Block(8 * w, 8 * w, 1), Block(8 * w, 8 * w, 1)),
            ]
        )
        self.cells = nn.Conv2d(8 * w, 1 + len(KINDS) + len(PAINTS), 1)
        self.setting = nn.Linear(8 * w, sum(len(v) for v in SETTING.values()))

    def layers(self, pictures: Tensor) -> list[Tensor]:
        """The four stages' features."""
        x, out = F.silu(self.stem(pictures)), []
        for stage in self.stages:
            x = stage(x)
            out.append(x)
        return out

    def features(self, pictures: Tensor) -> Tensor:
        """Pooled features [B, 8 width] for the FID."""
        return self.layers(fit(pictures))[-1].float().mean((2, 3))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor, dict[str, Tensor]]:
        """Centre logits [B,16,16], kind and colour logits [B,n,16,16], and setting logits."""
        top = self.layers(pictures)[-1]
        centre, kinds, paints = self.cells(top).float().split([1, len(KINDS), len(PAINTS)], 1)
        parts = self.setting(top.mean((2, 3))).float().split([len(v) for v in SETTING.values()], -1)
        return centre[:, 0], kinds, paints, dict(zip(SETTING, parts, strict=True))

    @torch.no_grad()
    def find(self, pictures: Tensor, threshold: float = 0.5) -> list[list[Found]]:
        """Things in pictures of any size, most certain first."""
        centre, kinds, paints, _ = self(fit(pictures))
        heat = centre.sigmoid()
        peak = (heat == F.max_pool2d(heat[:, None], 5, 1, 2)[:, 0]) & (heat > threshold)
        kind, paint = kinds.argmax(1).cpu(), paints.argmax(1).cpu()
        results = []
        for b in range(len(pictures)):
            found = []
            for row, column in peak[b].nonzero().tolist():
                name = KINDS[int(kind[b, row, column])]
                colour = PAINTS[int(paint[b, row, column])] if objects()[name].tintable else None
                found.append(Found(name, colour, (column + 0.5) / GRID, (row + 0.5) / GRID, float(heat[b, row, column])))
            results.append(sorted(found, key=lambda f: -f.score))
        return results


def fit(pictures: Tensor) -> Tensor:
    """Pictures brought to the detector's size."""
    return pictures if pictures.shape[-1] == SIZE else F.interpolate(pictures, (SIZE, SIZE), mode="area")


@dataclass(frozen=True)
class Targets:
    """heat [B,16,16] with 1 at centres; kinds and paints [B,16,16], -1 where nothing is learned; setting [B,3]."""

    heat: Array
    kinds: Array
    paints: Array
    setting: Array


def targets_of(scenes: list[tuple[Scene, list[Box]]]) -> Targets:
    """What the detector should say about drawn scenes."""
    n = len(scenes)
    heat = np.zeros((n, GRID, GRID), np.float32)
    kinds, paints = np.full((n, GRID, GRID), -1), np.full((n, GRID, GRID), -1)
    setting = np.array([[SETTING[k].index(getattr(scene, k)) for k in SETTING] for scene, _ in scenes])
    rows, columns = np.mgrid[0:GRID, 0:GRID] + 0.5
    for k, (scene, boxes) in enumerate(scenes):
        for box in boxes:
            x, y = (box.x0 + box.x1) / 2 * GRID, (box.y0 + box.y1) / 2 * GRID
            x, y = min(int(x), GRID - 1) + 0.5, min(int(y), GRID - 1) + 0.5
            reach = max(0.6, 0.1 * max(box.x1 - box.x0, box.y1 - box.y0) * GRID)
            bump = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * reach**2))
            mine = (bump > 0.5) & (bump >= heat[k])
            item = scene.items[box.item]
            kinds[k][mine], paints[k][mine] = KINDS.index(item.object), PAINTS.index(item.colour)
            heat[k] = np.maximum(heat[k], bump)
    return Targets(heat, kinds, paints, setting)


class DetectorBatches(Dataset[tuple[np.ndarray, Targets]]):
    """Drawn scenes with their targets, numbered."""

    def __init__(self, seed: int, batch: int) -> None:
        self.seed, self.batch = seed, batch

    def __getitem__(self, number: int) -> tuple[np.ndarray, Targets]:
        pictures, scenes = [], []
        for k in range(self.batch):
            rng = random.Random(f"{self.seed}/{number}/{k}")
            scene = sample_scene(rng)
            image, boxes = draw_scene(scene, rng, SIZE)
            pictures.append(np.asarray(image))
            scenes.append((scene, boxes))
        return np.ascontiguousarray(np.stack(pictures).transpose(0, 3, 1, 2)), targets_of(scenes)


def roughen(pictures: Tensor) -> Tensor:
    """Half of the pictures softened or noisy, as generated ones may be."""
    half = torch.rand(len(pictures), 1, 1, 1, device=pictures.device)
    small = F.interpolate(F.avg_pool2d(pictures, 2), scale_factor=2, mode="bilinear")
    noisy = pictures + 0.06 * torch.randn_like(pictures)
    return torch.where(half < 0.25, small, torch.where(half < 0.5, noisy, pictures))


def detector_loss(model: nn.Module, pictures: Tensor, targets: Targets) -> Tensor:
    """Cross-entropies of centres, kinds, colours and setting."""
    device = pictures.device
    centre, kinds, paints, setting = model(pictures)
    heat = torch.as_tensor(targets.heat, device=device)
    loss = F.binary_cross_entropy_with_logits(centre, heat, weight=1 + 8 * heat) * 10
    for logits, truth in ((kinds, targets.kinds), (paints, targets.paints)):
        wanted = torch.as_tensor(truth, device=device)
        if (wanted >= 0).any():
            loss = loss + F.cross_entropy(logits, wanted, ignore_index=-1)
    for k, name in enumerate(SETTING):
        loss = loss + 0.3 * F.cross_entropy(setting[name], torch.as_tensor(targets.setting[:, k], device=device))
    return loss


def train(
    sheet: str, out: pathlib.Path, steps: int, batch: int, workers: int, place: Place, minutes: float = math.inf, width: int = 32,
    pool: Pool | None = None, budget: float | None = None,
) -> pathlib.Path:
    """Trains a detector, or goes on with the one in `out`, on the scenes of a pool where one is given; returns the path of
    its checkpoint."""
    sprites.load(sheet)
    out.mkdir(parents=True, exist_ok=True)
    path = out / "detector.pt"
    torch.manual_seed(0)
    model = Detector(width).to(place.device, memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=0.02)
    step, clock = 0, runtime.Budget(place)
    if budget is not None:
        steps = clock.steps(budget, 0)
    if path.exists():
        state = torch.load(path, map_location=place.device, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        step = state["step"]
        clock = runtime.Budget.resumed(place, state, step)
        if budget is not None:
            steps = clock.length(budget, step, state)
    log = runtime.Log(out / "detector.log", place)
    wrapped = place.wrap(model)
    batches = pool.targets(4, step, batch) if pool else stream(DetectorBatches(4, batch), step, workers, place.rank, place.ranks)
    deadline, saved = runtime.Deadline(minutes, place), time.monotonic()

    def keep() -> None:
        if place.leads:
            kept = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step, "width": width}
            runtime.save(path, {**kept, "steps": steps, "budget": budget, **clock.kept()})

    while step < steps:
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * min(1, (step + 1) / 200) * (1 - 0.98 * max(0.0, 2 * step / steps - 1))
        raw, targets = next(batches)
        with place.autocast():
            loss = detector_loss(wrapped, roughen(to_signal(raw, place.device)), targets)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        step += 1
        if budget is not None and step % 10 == 0:
            steps = clock.steps(budget, step)
        if step % 100 == 0:
            log(f"detector step {step} loss {loss.item():.3f}")
        if time.monotonic() - saved > 120:
            keep()
            saved = time.monotonic()
        if deadline.passed():
            break
    keep()
    return path


def load(path: pathlib.Path, place: Place) -> Detector:
    state = torch.load(path, map_location=place.device, weights_only=True)
    model = Detector(state["width"])
    model.load_state_dict(state["model"])
    return model.to(place.device, memory_format=torch.channels_last).eval().requires_grad_(False)


def validate(model: Detector, place: Place, scenes: int, seed: str = "validate") -> dict[str, float]:
    """The detector's own error on fresh renders: the share of right answers per attribute."""
    right = {"object": 0, "colour": 0, "count": 0, "relation": 0, **dict.fromkeys(SETTING, 0)}
    asked = dict.fromkeys(right, 0)
    for number in range(scenes):
        rng = random.Random(f"{seed}/{number}")
        scene = sample_scene(rng)
        image, boxes = draw_scene(scene, rng, SIZE)
        picture = to_signal(np.asarray(image).transpose(2, 0, 1)[None].copy(), place.device)
        found = model.find(picture)[0]
        *_, setting = model(picture)
        for name in SETTING:
            asked[name] += 1
            right[name] += SETTING[name][int(setting[name].argmax())] == getattr(scene, name)
        for k, item in enumerate(scene.items):
            same = [f for f in found if f.object == item.object]
            asked["count"] += 1
            right["count"] += len(same) == item.count
            for box in (b for b in boxes if b.item == k):
                x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
                near = [f for f in same if math.hypot(f.x - x, f.y - y) < 0.1]
                asked["object"] += 1
                right["object"] += bool(near)
                if near and objects()[item.object].tintable:
                    asked["colour"] += 1
                    right["colour"] += near[0].colour == item.colour
        if scene.relation in ("left", "above") and all(item.count == 1 for item in scene.items):
            asked["relation"] += 1
            places = [[f for f in found if f.object == item.object] for item in scene.items]
            if all(places):
                a, b = places[0][0], places[1][0]
                right["relation"] += a.x < b.x if scene.relation == "left" else a.y < b.y
    return {name: right[name] / max(1, asked[name]) for name in right}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("train", "validate"))
    parser.add_argument("--sprites", required=True)
    parser.add_argument("--out", type=pathlib.Path, help="folder for training")
    parser.add_argument("--detector", type=pathlib.Path, help="checkpoint to validate")
    parser.add_argument("--steps", type=int, default=12_000)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=math.inf)
    parser.add_argument("--scenes", type=int, default=2000)
    a = parser.parse_args()
    place = runtime.start(a.threads)
    if a.action == "train":
        train(a.sprites, a.out, a.steps, a.batch, a.workers, place, a.minutes)
    else:
        sprites.load(a.sprites)
        print(json.dumps(validate(load(a.detector, place), place, a.scenes), indent=2))


if __name__ == "__main__":
    main()
