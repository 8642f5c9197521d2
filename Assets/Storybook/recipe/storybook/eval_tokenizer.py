"""Measures a tokenizer on held-out scenes: both paths, codebook use, residual spread.

python -m storybook.eval_tokenizer MODEL --sprites sprites.npz --detector RUN/detector.pt --size 256 --scenes 2000
"""

from __future__ import annotations

import argparse
import json
import pathlib
from typing import Any

import numpy as np
import torch
from torch import Tensor

from storybook import data, detector, metrics, model, runtime, sprites
from storybook.data import to_signal
from storybook.dcht import DCHT
from storybook.detector import Detector
from storybook.runtime import Place


def reconstruct(tokenizer: DCHT, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Pictures [B,3,H,W] to the discrete and the continuous reconstruction, code numbers and residuals."""
    ids, residual = tokenizer.encode(pictures)
    codes = tokenizer.quantize.codes(ids)
    return tokenizer.decoder(codes).float(), tokenizer.decoder(codes + residual).float(), ids, residual


@torch.no_grad()
def evaluate(
    tokenizer: DCHT,
    judge: Detector | None,
    place: Place,
    size: int,
    scenes: int,
    batch: int = 16,
    seed: str = "held-out",
    workers: int = 0,
) -> dict[str, Any]:
    """PSNR and SSIM in the mean over scenes, Frechet distances where a detector is given, and the codebook's use."""
    sums = {"discrete_psnr": 0.0, "continuous_psnr": 0.0, "discrete_ssim": 0.0, "continuous_ssim": 0.0}
    features: dict[str, list[np.ndarray]] = {"real": [], "discrete": [], "continuous": []}
    seen = torch.zeros(tokenizer.config.codebook_size, dtype=torch.bool)
    square, elements = 0.0, 0
    for pictures in data.scenes(seed, size, scenes, batch, workers):
        real = to_signal(pictures, place.device)
        discrete, continuous, ids, residual = reconstruct(tokenizer, real)
        for name, made in (("discrete", discrete), ("continuous", continuous)):
            sums[f"{name}_psnr"] += metrics.psnr(made, real).sum().item()
            sums[f"{name}_ssim"] += metrics.ssim(made, real).sum().item()
        if judge is not None:
            for name, made in (("real", real), ("discrete", discrete), ("continuous", continuous)):
                features[name].append(judge.features(made.clamp(-1, 1)).cpu().numpy())
        seen[ids.flatten().cpu().unique()] = True
        square, elements = square + residual.square().sum().item(), elements + residual.numel()
    report: dict[str, Any] = {"size": size, "scenes": scenes, "seed": seed}
    report |= {name: round(total / scenes, 4) for name, total in sums.items()}
    report |= {"codes_used": int(seen.sum()), "codes": len(seen), "residual_std": round((square / elements) ** 0.5, 4)}
    if judge is not None:
        stacked = {name: np.concatenate(parts) for name, parts in features.items()}
        report |= {
            f"{name}_rfid": round(metrics.frechet(stacked["real"], stacked[name]), 4) for name in ("discrete", "continuous")
        }
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path, help="model folder")
    parser.add_argument("--sprites", required=True)
    parser.add_argument("--detector", type=pathlib.Path)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--scenes", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=0, help="drawing processes")
    parser.add_argument("--threads", type=int, default=2)
    a = parser.parse_args()
    sprites.load(a.sprites)
    place = runtime.start(a.threads)
    judge = detector.load(a.detector, place) if a.detector else None
    report = evaluate(model.load_tokenizer(a.model, place.device), judge, place, a.size, a.scenes, workers=a.workers)
    print(json.dumps({"weights": model.fingerprint(a.model), **report}, indent=2))


if __name__ == "__main__":
    main()
