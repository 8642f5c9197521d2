"""Sweeps over sampling settings: what steps, guidance, temperature and residual steps do, and hybrid against discrete.

    python -m storybook.sweep MODEL --sprites sprites.npz --detector RUN/detector.pt --images 1 --out sweep.json

Steps 1...64 repeat the paper's Figure 6, hybrid against discrete its Table 4; the rest chooses the shipped defaults.
"""

from __future__ import annotations

import argparse
import json
import math
import pathlib
import time
from dataclasses import asdict
from typing import Any

from storybook import detector, runtime, sprites
from storybook import model as models
from storybook.model import Sampling
from storybook.scene import core
from storybook.storyeval import evaluate, real_features

SWEEPS: dict[str, list[Sampling]] = {
    "steps": [Sampling(steps=n) for n in (1, 2, 4, 8, 12, 16, 24, 32, 64)],
    "guidance": [Sampling(guidance=g) for g in (0.5, 1.5, 2.0, 3.0, 4.5, 6.0)],
    "temperature": [Sampling(temperature=t) for t in (0.0, 0.5, 1.0, 1.5, 2.5)],
    "residual": [Sampling(residual_steps=n) for n in (5, 10, 20, 32, 64)],
    "residual temperature": [Sampling(residual_temperature=t) for t in (0.0, 0.25, 0.5, 0.75, 1.0)],
    "residual guidance": [Sampling(guidance=1.5, residual_guidance=g) for g in (0.0, 0.5, 1.5)],
    "hybrid": [Sampling(), Sampling(hybrid=False)],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--sprites", required=True)
    parser.add_argument("--detector", type=pathlib.Path, required=True)
    parser.add_argument("--images", type=int, default=1)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--only", choices=tuple(SWEEPS), nargs="+", default=tuple(SWEEPS))
    parser.add_argument("--core", action="store_true", help="only things of core.txt, which the tidy world shows most")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--workers", type=int, default=0, help="drawing processes")
    parser.add_argument("--threads", type=int, default=2)
    a = parser.parse_args()
    sprites.load(a.sprites)
    place = runtime.start(a.threads)
    model, judge = models.load(a.model, place.device), detector.load(a.detector, place)
    size = 32 * math.isqrt(model.config.tokens)
    real = real_features(judge, place, size, 553 * a.images, a.workers)
    rows: list[dict[str, Any]] = []
    for name in a.only:
        for sampling in SWEEPS[name]:
            began = time.monotonic()
            report = evaluate(
                model, judge, place, sampling, a.images, limit=a.limit, real=real, kinds=core() if a.core else None
            )
            seconds = round(time.monotonic() - began, 2)
            rows.append(
                {
                    "sweep": name,
                    **asdict(sampling),
                    "overall": report["all"]["overall"],
                    "gfid": report["gfid"],
                    "seconds": seconds,
                }
            )
            print(json.dumps(rows[-1]), flush=True)
            a.out.write_text(json.dumps({"weights": model.hash, "images": a.images, "limit": a.limit, "rows": rows}, indent=2))


if __name__ == "__main__":
    main()
