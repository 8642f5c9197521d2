"""Endless training batches as a pure function of (seed, batch number), so that a resumed run reads the same stream.

A `DataLoader` with any number of workers renders them ahead; a rank of a distributed run reads every n-th batch.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from storybook.scene import Box, Scene, draw_scene, sample_scene
from storybook.world import is_tidy


def render(seed: str, size: int, scene: Scene | None = None) -> tuple[np.ndarray, list[Box]]:
    """The scene named by `seed` (or the one given) as uint8 [size, size, 3], and where its things are."""
    scene = scene or sample_scene(random.Random(f"{seed}/what"))
    image, boxes = draw_scene(scene, random.Random(f"{seed}/how"), size)
    return np.asarray(image), boxes


class CropBatches(Dataset[np.ndarray]):
    """Batches for the tokenizer, uint8 [n,3,s,s]: three of four are `batch` crops of side `crop` from scenes drawn at
    256 and 512 or shrunk whole, the fourth is whole scenes of twice the side with as many pixels. Crops of a tidy world
    keep to its grid, at 256 pixels."""

    def __init__(self, seed: int, batch: int, crop: int, crops_per_scene: int = 3) -> None:
        self.seed, self.batch, self.crop, self.crops_per_scene = seed, batch, crop, crops_per_scene

    def __getitem__(self, number: int) -> np.ndarray:
        rng = random.Random(f"{self.seed}/{number}")
        whole = number % 4 == 3
        tidy = is_tidy()
        side, count = (2 * self.crop, max(1, self.batch // 4)) if whole else (self.crop, self.batch)
        pictures: list[np.ndarray] = []
        while len(pictures) < count:
            name = f"{self.seed}/{number}/{len(pictures)}"
            size = side if whole or (not tidy and rng.random() < 0.12) else rng.choice((256, 256, 256, 256 if tidy else 512))
            picture, _ = render(name, max(size, side))
            for _ in range(1 if picture.shape[0] == side else self.crops_per_scene):
                x, y = (rng.randrange(0, picture.shape[0] - side + 1, 32 if tidy else 1) for _ in range(2))
                pictures.append(picture[y : y + side, x : x + side])
        return np.ascontiguousarray(np.stack(pictures[:count]).transpose(0, 3, 1, 2))


class SceneBatches(Dataset[np.ndarray]):
    """Batch k: the scenes seed/k*batch ... of one size, uint8 [batch,3,size,size]."""

    def __init__(self, seed: str, size: int, batch: int) -> None:
        self.seed, self.size, self.batch = seed, size, batch

    def __getitem__(self, number: int) -> np.ndarray:
        pictures = [render(f"{self.seed}/{number * self.batch + k}", self.size)[0] for k in range(self.batch)]
        return np.ascontiguousarray(np.stack(pictures).transpose(0, 3, 1, 2))


def stream(batches: Dataset[Any], start: int, workers: int, rank: int = 0, ranks: int = 1) -> Iterator[Any]:
    """Batches start, start+1, ... of this rank; batch k of rank r is number k * ranks + r."""
    numbers = range(start * ranks + rank, 2**40, ranks)
    # Workers are forks, so that they share the sprites already loaded.
    ahead = {"prefetch_factor": 4, "worker_init_fn": _one_thread, "multiprocessing_context": "fork"} if workers else {}
    return iter(DataLoader(batches, batch_size=None, sampler=numbers, num_workers=workers, collate_fn=_keep, **ahead))


def scenes(seed: str, size: int, count: int, batch: int, workers: int) -> Iterator[np.ndarray]:
    """The first `count` scenes of a seed in batches, uint8 [n,3,size,size]; the last batch may be shorter."""
    batches = stream(SceneBatches(seed, size, batch), 0, workers)
    for start in range(0, count, batch):
        yield next(batches)[: count - start]


def _one_thread(_: int) -> None:
    torch.set_num_threads(1)


def _keep(batch: Any) -> Any:
    return batch


def as_signal(batch: np.ndarray | torch.Tensor, device: torch.device | str) -> torch.Tensor:
    """A batch of pictures as they are stored, or already as floats, as floats."""
    ready = isinstance(batch, torch.Tensor) and batch.is_floating_point()
    return batch if ready else to_signal(batch, device)


def to_signal(pictures: np.ndarray | torch.Tensor, device: torch.device | str) -> torch.Tensor:
    """uint8 [n,3,h,w] to float -1...1, channels last."""
    tensor = torch.as_tensor(pictures).to(device, non_blocking=True)
    return (tensor.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
