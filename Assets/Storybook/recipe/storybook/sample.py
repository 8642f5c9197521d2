"""Pictures from prompts, with a model folder.

python -m storybook.sample MODEL --out sheet.png "a red car on a beach at sunset" "two whales under water"
"""

from __future__ import annotations

import argparse
import pathlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

from storybook import model as models
from storybook import runtime


def sheet(pictures: Sequence[np.ndarray], columns: int, gap: int = 4) -> Image.Image:
    """Pictures of one size side by side on white."""
    side = pictures[0].shape[0]
    rows = -(-len(pictures) // columns)
    page = Image.new("RGB", (columns * (side + gap) - gap, rows * (side + gap) - gap), "white")
    for k, picture in enumerate(pictures):
        page.paste(Image.fromarray(picture), (k % columns * (side + gap), k // columns * (side + gap)))
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("prompts", nargs="+")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--guidance", type=float)
    parser.add_argument("--temperature", type=float)
    parser.add_argument("--residual-steps", type=int)
    parser.add_argument("--residual-guidance", type=float)
    parser.add_argument("--residual-temperature", type=float)
    parser.add_argument("--discrete", action="store_true", help="leave the residual out")
    parser.add_argument("--columns", type=int, default=4)
    a = parser.parse_args()
    model = models.load(a.model, runtime.start().device)
    sampling = models.Sampling(
        a.steps, a.guidance, a.temperature, a.residual_steps, a.residual_guidance, a.residual_temperature, not a.discrete
    )
    sheet(list(model.pictures(a.prompts, sampling, a.seed)), a.columns).save(a.out)


if __name__ == "__main__":
    main()
