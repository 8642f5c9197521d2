"""The paper's ablations at a budget of one's own, same numbers for every arm.

    python -m storybook.ablate tokenizer --sprites sprites.npz --detector RUN/detector.pt --out ABLATE --steps 6000
    python -m storybook.ablate resolution --tokens TOKENS256 --tokens512 TOKENS512 --tokenizer MODEL --sprites ... --detector ...

`tokenizer` repeats Table 5: three stages against no warm-up and against alternating with everything trainable. `resolution`
repeats Table 6: 256 pre-training and 512 fine-tuning against 512 from scratch at equal cost (a step at 512 has four times
the tokens, so it counts as four). Without a detector it tells the token loss on --held, 512 tokens of scenes that no arm saw.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import shutil
from dataclasses import replace
from typing import Any

from storybook import detector, eval_tokenizer, export, runtime, sprites, storyeval, train_dcar, train_dcht
from storybook import model as models
from storybook.dcar import GeneratorConfig
from storybook.dcht import TokenizerConfig
from storybook.runtime import Place
from storybook.token_loss import SHARES, token_loss
from storybook.tokens import TokenFile, load_tokenizer

# What one core trains three times in an hour.
SMALL = TokenizerConfig(
    widths=(8, 16, 32, 64, 128, 256), enc_depths=(0, 1, 1, 1, 1, 1), dec_depths=(0, 1, 1, 1, 1, 1), codebook_size=1024
)
SMALL_GENERATOR = GeneratorConfig(width=128, layers=4, heads=4, head_width=128, text_width=96, text_layers=2, vocabulary=500)


def tokenizer_arms(
    options: train_dcht.Options, place: Place, judge: detector.Detector | None, scenes: int
) -> list[dict[str, Any]]:
    """Each mode with the same number of steps; options.steps are the three stages of the full strategy."""
    warm, discrete, tune = options.steps
    arms = {
        "three-stage": (warm, discrete, tune),
        "no-warm-up": (0, warm + discrete, tune),
        "all-trainable": (warm, discrete, tune),
    }
    rows = []
    for mode, steps in arms.items():
        run = replace(options, mode=mode, steps=steps, out=options.out / mode)
        train_dcht.train(run, place)
        tokenizer = load_tokenizer(run.out / "dcht.pt", place)
        for size in (256, 512):
            rows.append({"mode": mode, "steps": sum(steps), **eval_tokenizer.evaluate(tokenizer, judge, place, size, scenes)})
            print(json.dumps(rows[-1]), flush=True)
    return rows


def resolution_arms(
    low: train_dcar.Options,
    high: train_dcar.Options,
    dc_ht: pathlib.Path,
    judge: detector.Detector | None,
    place: Place,
    images: int,
    limit: int | None,
    held: pathlib.Path | None = None,
) -> list[dict[str, Any]]:
    """`low` runs at 256, `high` goes on from it at 512; the other arm runs high.steps + low.steps / 4 at 512 from nothing."""
    train_dcar.train(low, place)
    arms = {
        "fine-tuned": replace(high, start=low.out / "dcar.pt", out=high.out / "fine-tuned"),
        "from scratch": replace(high, start=None, out=high.out / "scratch", steps=high.steps + low.steps // 4, rate=low.rate),
    }
    rows = []
    for name, options in arms.items():
        train_dcar.train(options, place)
        folder = options.out / "model"
        shutil.copytree(dc_ht / "dc-ht", folder / "dc-ht", dirs_exist_ok=True)
        export.export_generator(options.out / "dcar.pt", folder)
        model, row = models.load(folder, place.device), {"arm": name, "steps at 512": options.steps}
        if held:
            file = TokenFile(held)
            row |= {f"token loss, {share:.0%} masked": round(token_loss(model, file, share, 4, 32), 4) for share in SHARES}
        if judge:
            report = storyeval.evaluate(model, judge, place, models.Sampling(), images, limit=limit)
            row |= {"overall": report["all"]["overall"], "gfid": report["gfid"]}
        rows.append(row)
        print(json.dumps(rows[-1]), flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("tokenizer", "resolution"))
    parser.add_argument("--sprites", required=True)
    parser.add_argument("--detector", type=pathlib.Path, help="without it there is no rFID and no StoryEval")
    parser.add_argument("--small", action="store_true", help="a tokenizer or generator of a tenth of the size")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--steps", type=int, default=6000, help="tokenizer steps in all, or generator steps at 256")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--crop", type=int, default=128)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--scenes", type=int, default=1000, help="scenes to measure a tokenizer on")
    parser.add_argument("--tokens", type=pathlib.Path)
    parser.add_argument("--tokens512", type=pathlib.Path)
    parser.add_argument("--held", type=pathlib.Path, help="512 tokens of other scenes, for the token loss")
    parser.add_argument("--tokenizer", type=pathlib.Path, help="model folder with the dc-ht to decode with")
    parser.add_argument("--images", type=int, default=1)
    parser.add_argument("--limit", type=int)
    a = parser.parse_args()
    sprites.load(a.sprites)
    place = runtime.start(a.threads)
    judge = detector.load(a.detector, place) if a.detector else None
    if a.what == "tokenizer":
        steps = (a.steps // 8, a.steps * 5 // 8, a.steps // 4)
        options = train_dcht.Options(a.sprites, a.out, steps, batch=a.batch, crop=a.crop, workers=a.workers)
        options.config = SMALL if a.small else options.config
        rows = tokenizer_arms(options, place, judge, a.scenes)
    else:
        if judge is None and a.held is None:
            parser.error("`resolution` needs --detector, --held or both")
        low = train_dcar.Options(a.tokens, a.out / "low", a.steps, batch=a.batch, workers=a.workers)
        low.config = SMALL_GENERATOR if a.small else low.config
        high = replace(low, tokens=a.tokens512, out=a.out / "high", steps=a.steps // 4, rate=low.rate / 4)
        rows = resolution_arms(low, high, a.tokenizer, judge, place, a.images, a.limit, a.held)
    (a.out / f"{a.what}.json").write_text(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
