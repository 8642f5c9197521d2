"""Editing: inpaints held-out scenes with an object prompt and measures inside, outside and at the seam.

    python -m storybook.editing MODEL --sprites sprites.npz --detector RUN/detector.pt --scenes 200

The hole is half of the tokens' side, square, at a random place. Inside, StoryEval asks for the object; outside, PSNR against the
tokenizer's own reconstruction says what the edit disturbed; the seam error is the mean step in grey across the hole's border
beyond that inside the untouched picture. The official schedule counts all tokens; the scaled one only the masked. Without a
detector nothing is said about the inside. With --setting the prompt names the scene's place, time and weather too.
"""

from __future__ import annotations

import argparse
import json
import math
import pathlib
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from storybook import detector, metrics, runtime, sprites
from storybook import model as models
from storybook.caption import article, setting
from storybook.data import render, to_signal
from storybook.detector import Detector
from storybook.model import Model, Sampling
from storybook.objects import objects
from storybook.runtime import Place
from storybook.scene import core, sample_scene


def seam(picture: Tensor, box: tuple[int, int, int, int]) -> float:
    """Mean grey step across the border of box (x0, y0, x1, y1) of a picture [3,H,W]."""
    grey, (x0, y0, x1, y1) = picture.mean(0), box
    steps = [
        (grey[:, x] - grey[:, x - 1]).abs()[y0:y1] for x in (x0, x1) if 0 < x < grey.shape[1]
    ] + [(grey[y] - grey[y - 1]).abs()[x0:x1] for y in (y0, y1) if 0 < y < grey.shape[0]]  # fmt: skip
    return torch.cat(steps).mean().item() if steps else 0.0


@torch.no_grad()
def evaluate(
    model: Model, judge: Detector | None, place: Place, scenes: int, seed: int = 0, scaled: bool = False,
    kinds: Sequence[str] | None = None, names_setting: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """One schedule on `scenes` scenes; `kinds` limits what is asked for; the prompt may name the scene's setting."""
    side = math.isqrt(model.config.tokens)
    hole = side // 2
    right, outside, seams = 0, [], []
    names = [name for name, thing in objects().items() if thing.countable and (kinds is None or name in kinds)]
    for number in range(scenes):
        rng = random.Random(f"edit/{seed}/{number}")
        picture, _ = render(f"edit/{seed}/{number}", 32 * side)
        real = to_signal(np.ascontiguousarray(picture.transpose(2, 0, 1)[None]), place.device)
        ids, residual = model.tokenizer.encode(real)
        x, y = rng.randint(0, side - hole), rng.randint(0, side - hole)
        masked = torch.zeros(side, side, dtype=torch.bool, device=place.device)
        masked[y : y + hole, x : x + hole] = True
        flat_residual = residual.flatten(2).transpose(1, 2)
        known = torch.where(masked.flatten(), model.generator.mask_id, ids.flatten(1))
        name = rng.choice(names)
        around = setting(sample_scene(random.Random(f"edit/{seed}/{number}/what"))) if names_setting else ""
        new_ids, new_residual = model.latents(
            [f"{article(name)} {around}".strip()], Sampling(scaled=scaled), seed * 1009 + number, (known, flat_residual)
        )
        made = to_signal(model.decode(new_ids, new_residual).transpose(0, 3, 1, 2).copy(), place.device)
        plain = to_signal(model.decode(ids.flatten(1), flat_residual).transpose(0, 3, 1, 2).copy(), place.device)
        box = (32 * x, 32 * y, 32 * (x + hole), 32 * (y + hole))
        found = judge.find(made)[0] if judge else []
        inside = [f for f in found if box[0] < f.x * 32 * side < box[2] and box[1] < f.y * 32 * side < box[3]]
        right += any(f.object == name for f in inside)
        # The decoder sees 3x3 neighbours at every stage, so one ring of tokens around the hole is left out.
        far = torch.ones_like(masked)
        far[max(0, y - 1) : y + hole + 1, max(0, x - 1) : x + hole + 1] = False
        cover = far.repeat_interleave(32, 0).repeat_interleave(32, 1)
        error = (made - plain).square().mean(1)[0][cover].mean().item() / 4 if cover.any() else 0.0
        outside.append(-10 * math.log10(error + 1e-10))
        seams.append(seam(made[0], box) - seam(plain[0], box))
    share = right / scenes
    judged = {"inside": round(share, 4), "95 %": round(metrics.interval(share, scenes), 4)} if judge else {}
    return {
        "schedule": "scaled" if scaled else "official", "scenes": scenes, "seed": seed, "setting": names_setting, **judged,
        "outside_psnr": round(sum(outside) / scenes, 2), "seam": round(sum(seams) / scenes, 4),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--sprites", required=True)
    parser.add_argument("--detector", type=pathlib.Path)
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--core", action="store_true", help="only things of core.txt, which the tidy world shows most")
    parser.add_argument("--setting", action="store_true", help="the prompt names the scene's place, time and weather too")
    parser.add_argument("--threads", type=int, default=2)
    a = parser.parse_args()
    sprites.load(a.sprites)
    place = runtime.start(a.threads)
    model = models.load(a.model, place.device)
    judge = detector.load(a.detector, place) if a.detector else None
    kinds = core() if a.core else None
    rows = [evaluate(model, judge, place, a.scenes, scaled=scaled, kinds=kinds, names_setting=a.setting) for scaled in (False, True)]
    print(json.dumps({"weights": model.hash, "rows": rows}, indent=2))


if __name__ == "__main__":
    main()
