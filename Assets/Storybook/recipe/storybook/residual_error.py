"""How near sampled residual tokens come to the true ones, on scenes that the model never saw.

    python -m storybook.residual_error MODEL --sprites sprites.npz --scenes 64

The scene's own tokens and caption are given, a quarter of the tokens masked as in the last of twelve steps; what the head
then samples is compared with what the tokenizer's encoder says. It needs no detector, and chooses the head's guidance and
temperature.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import random
from typing import Any

import numpy as np
import torch
from torch import Tensor

from storybook import metrics, runtime, sprites
from storybook import model as models
from storybook.caption import write
from storybook.data import render, to_signal
from storybook.dcar import residuals
from storybook.model import Model
from storybook.noise import Noise
from storybook.runtime import Place
from storybook.scene import sample_scene

# Guidance and temperature; the official ones follow the tokens' guidance, at 1.
SETTINGS = [(0.0, 0.0), (0.0, 0.25), (0.0, 0.5), (0.0, 1.0), (0.5, 0.0), (0.5, 1.0), (3.0, 0.0), (3.0, 1.0)]


@torch.no_grad()
def evaluate(model: Model, place: Place, scenes: int, seed: str = "residual", batch: int = 16) -> list[dict[str, Any]]:
    """The root mean square of the residuals' error and the pictures' PSNR, without a residual, with the true one and with
    each setting's."""
    side = 32 * int(model.config.tokens**0.5)
    named: dict[str, list[tuple[float, float]]] = {}
    for start in range(0, scenes, batch):
        chosen = [sample_scene(random.Random(f"{seed}/{k}/what")) for k in range(start, min(start + batch, scenes))]
        drawn = [render(f"{seed}/{start + k}", side, scene)[0] for k, scene in enumerate(chosen)]
        captions = [write(scene, random.Random(f"{seed}/{start + k}/say"), typos=0) for k, scene in enumerate(chosen)]
        real = to_signal(np.stack(drawn).transpose(0, 3, 1, 2).copy(), place.device)
        ids, residual = model.tokenizer.encode(real)
        ids, residual = ids.flatten(1), residual.flatten(2).transpose(1, 2)
        order = torch.rand(ids.shape, generator=torch.Generator().manual_seed(start)).argsort(-1).argsort(-1)
        seen = torch.where((order < ids.shape[1] // 4).to(place.device), model.generator.mask_id, ids)
        text, mask = model.text(captions)
        drop = torch.arange(2 * len(ids), device=place.device) >= len(ids)
        pairs = torch.cat([seen, seen]), torch.cat([text, text]), torch.cat([mask, mask])
        cond, uncond = model.generator(*pairs, drop)[1].float().chunk(2)

        def note(name: str, made: Tensor, truth: Tensor = residual, ids: Tensor = ids, real: Tensor = real) -> None:
            pictures = to_signal(model.decode(ids, made).transpose(0, 3, 1, 2).copy(), place.device)
            errors = (made - truth).square().mean((1, 2)).tolist()
            named.setdefault(name, []).extend(zip(errors, metrics.psnr(pictures, real).tolist(), strict=True))

        note("none", torch.zeros_like(residual))
        note("true", residual)
        for guidance, temperature in SETTINGS:
            noise = Noise(start, place.device)
            steps = model.config.residual_steps
            made = residuals(
                model.generator, cond, uncond, steps=steps, guidance=guidance, noise=noise, temperature=temperature
            )
            note(f"guidance {guidance}, temperature {temperature}", made)
    return [
        {
            "residual": name,
            "error": round((sum(e for e, _ in found) / len(found)) ** 0.5, 4),
            "psnr": round(sum(p for _, p in found) / len(found), 2),
        }
        for name, found in named.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path, help="model folder")
    parser.add_argument("--sprites", required=True)
    parser.add_argument("--scenes", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    a = parser.parse_args()
    sprites.load(a.sprites)
    place = runtime.start(a.threads)
    model = models.load(a.model, place.device)
    print(json.dumps({"weights": model.hash, "scenes": a.scenes, "rows": evaluate(model, place, a.scenes)}, indent=2))


if __name__ == "__main__":
    main()
