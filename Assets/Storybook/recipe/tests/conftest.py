"""A sheet of plain discs in place of the emoji, so that the tests need no font."""

from __future__ import annotations

import io
import pathlib

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from storybook import runtime, sprites
from storybook.objects import objects


def write_discs(path: pathlib.Path) -> None:
    files = {}
    for k, name in enumerate(objects()):
        picture = Image.new("RGBA", (64, 64))
        ImageDraw.Draw(picture).ellipse([2, 2, 62, 62], fill=(255 - k % 200, 30 + k % 90, k % 256, 255))
        data = io.BytesIO()
        picture.save(data, "PNG")
        files[name] = np.frombuffer(data.getvalue(), np.uint8)
    with path.open("wb") as out:
        np.savez(out, core=np.array(np.nan), **files)


@pytest.fixture(scope="session")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    path = tmp_path_factory.mktemp("sprites") / "sprites.npz"
    write_discs(path)
    sprites.load(str(path))
    return path


@pytest.fixture
def place() -> runtime.Place:
    torch.set_num_threads(1)
    return runtime.Place(torch.device("cpu"), 0, 1)
