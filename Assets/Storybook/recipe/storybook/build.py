"""The whole model with one command, on a CPU, one GPU, or many with torchrun.

    python -m storybook.build --font NotoColorEmoji.ttf --out RUN --model MODEL --plan gpu
    torchrun --nproc-per-node 8 -m storybook.build --font NotoColorEmoji.ttf --out RUN --model MODEL --plan gpu

Every part leaves its state in --out and is passed over when it is done, so the command can be stopped and given again.
--until stops after a part, --minutes after a time.
"""

from __future__ import annotations

import argparse
import functools
import json
import math
import pathlib
import time
from dataclasses import dataclass, replace
from typing import Any

import torch

from storybook import detector, eval_tokenizer, export, runtime, sprites, storyeval, train_dcar, train_dcht
from storybook import model as models
from storybook.dcar import GeneratorConfig
from storybook.dcht import TokenizerConfig
from storybook.pool import Pool, PoolTokens, crops
from storybook.runtime import Place
from storybook.text import build_vocabulary
from storybook.tokens import load_tokenizer, tokenise

PARTS = ("sprites", "detector", "tokenizer", "tokens", "generator", "tokens512", "generator512", "export", "report")


@dataclass(frozen=True)
class Plan:
    """How much of everything. Batches are per process; `echo` is how often a batch of crops is used."""

    detector_steps: int
    detector_batch: int
    tokenizer_steps: tuple[int, int, int]
    tokenizer_rate: float
    crop: int
    crops: int
    echo: int
    scenes: int
    generator_steps: int
    generator_rate: float
    batch: int
    head_samples: int
    scenes512: int
    generator512_steps: int
    measured: int
    core: float | None = None
    adversarial: float = 0.3
    images: int = 1
    limit: int | None = None
    detector_width: int = 32
    tokenizer: TokenizerConfig = TokenizerConfig()
    generator: GeneratorConfig = GeneratorConfig()


# What little training can say of residuals is nearly their mean; chance in them, or guidance, smears colours about.
QUIET: dict[str, Any] = {"residual_guidance": 0.0, "residual_temperature": 0.25}

PLANS = {
    # Some hours of two cores. So little compute is best spent on a small transformer.
    "cpu": Plan(
        detector_steps=6000, detector_batch=32,
        tokenizer_steps=(700, 3300, 8000), tokenizer_rate=6e-4, crop=128, crops=8, echo=1,
        scenes=12_000, generator_steps=5000, generator_rate=1e-3, batch=64, head_samples=1024,
        scenes512=4000, generator512_steps=1000, measured=1000, adversarial=0.0, core=11 / 12,
        generator=GeneratorConfig(width=192, head_width=256, layers=6, text_layers=3, guidance=1.0, temperature=0.5, **QUIET),
    ),
    "gpu": Plan(
        detector_steps=2500, detector_batch=128,
        tokenizer_steps=(800, 6500, 2000), tokenizer_rate=8e-4, crop=256, crops=64, echo=1,
        scenes=300_000, generator_steps=8000, generator_rate=1e-3, batch=768, head_samples=16_384,
        scenes512=40_000, generator512_steps=1500, measured=1000, adversarial=0.0, core=0.5,
        generator=GeneratorConfig(guidance=0.5, temperature=0.5, **QUIET),
    ),
    # Seconds, for the tests.
    "tiny": Plan(
        detector_steps=2, detector_batch=2, detector_width=16,
        tokenizer_steps=(2, 2, 2), tokenizer_rate=4e-4, crop=64, crops=4, echo=2,
        scenes=64, generator_steps=2, generator_rate=8e-4, batch=2, head_samples=32,
        scenes512=64, generator512_steps=2, measured=4, limit=6,
        tokenizer=TokenizerConfig(
            widths=(8, 16, 16, 32, 32, 64), enc_depths=(0, 1, 1, 1, 1, 1), dec_depths=(0, 1, 1, 1, 1, 1), codebook_size=32,
        ),
        generator=GeneratorConfig(
            width=64, layers=2, heads=2, head_width=32, head_depth=1, text_length=32, text_width=64, text_layers=1,
            vocabulary=400, num_steps=3, residual_steps=4,
        ),
    ),
}  # fmt: skip


@dataclass
class Build:
    """The parts, in order, each resumable. `end` is when to stop, by the monotonic clock."""

    plan: Plan
    font: str
    out: pathlib.Path
    model: pathlib.Path
    workers: int
    place: Place
    end: float = math.inf
    fast: bool = False
    pool: int = 0
    tokenizer_budget: float | None = None
    detector_budget: float | None = None
    generator_budget: tuple[float | None, float | None] = (None, None)
    small: Pool | None = None
    large: Pool | None = None

    @property
    def sheet(self) -> pathlib.Path:
        return self.out / "sprites.npz"

    @property
    def left(self) -> float:
        """Minutes until the end."""
        return (self.end - time.monotonic()) / 60

    def together(self) -> None:
        if self.place.ranks > 1:
            torch.distributed.barrier()

    def sprites(self) -> None:
        if self.place.leads and not self.sheet.exists():
            sprites.build(self.font, str(self.sheet), self.plan.core)
        self.together()
        sprites.load(str(self.sheet))
        if self.pool:
            self._draw()

    def _draw(self) -> None:
        """Begins to draw the scenes that all parts share, a fortieth as many of them at 512."""
        spiece, config = self.out / "spiece.model", self.plan.generator
        if not spiece.exists():
            build_vocabulary(spiece, config.vocabulary)
        few = max(1, self.workers // 6)
        self.large = Pool(6, 512, max(512, self.pool // 40), 1, spiece, config.text_length, few)
        self.small = Pool(5, 256, self.pool, 4, spiece, config.text_length, max(1, self.workers - few))
        for pool in (self.small, self.large):
            pool.hold(self.place.device)

    def detector(self) -> None:
        p = self.plan
        detector.train(
            str(self.sheet), self.out, p.detector_steps, p.detector_batch, self.workers, self.place, self.left, p.detector_width,
            self.small, self.detector_budget,
        )
        self.together()

    def tokenizer(self) -> None:
        p = self.plan
        options = train_dcht.Options(
            str(self.sheet), self.out / "tokenizer", p.tokenizer_steps, batch=p.crops, crop=p.crop, rate=p.tokenizer_rate, workers=self.workers,
            minutes=self.left, echo=p.echo, detector=self.out / "detector.pt", adversarial=p.adversarial, compile=self.fast, config=p.tokenizer,
            budget=self.tokenizer_budget,
        )  # fmt: skip
        train_dcht.train(options, self.place, functools.partial(crops, self.small, self.large, p.crops) if self.small else None)
        self.together()

    def _tokens(self, size: int, scenes: int) -> None:
        if self.place.leads:
            tokenizer = load_tokenizer(self.out / "tokenizer" / "dcht.pt", self.place)
            tokenise(tokenizer, self.place, self.out / f"tokens{size}", size, scenes, 2, self.workers)
        self.together()

    def tokens(self) -> None:
        if not self.small:
            self._tokens(256, self.plan.scenes)

    @property
    def ends_at_256(self) -> bool:
        """With no minutes for the generator at 512 there is none, and no tokens for it."""
        return self.generator_budget[1] == 0

    def tokens512(self) -> None:
        if not self.ends_at_256:
            self._tokens(512, self.plan.scenes512)

    def generator(self) -> None:
        p, tokens = self.plan, None
        if self.small:
            tokens = PoolTokens.encode(self.small, load_tokenizer(self.out / "tokenizer" / "dcht.pt", self.place))
        options = train_dcar.Options(
            self.out / "tokens256", self.out / "generator", p.generator_steps, batch=p.batch, rate=p.generator_rate, workers=self.workers,
            minutes=self.left, head_samples=p.head_samples, config=p.generator,
            budget=self.generator_budget[0],
        )  # fmt: skip
        train_dcar.train(options, self.place, tokens)
        self.together()

    def generator512(self) -> None:
        if self.ends_at_256:
            return
        p = self.plan
        options = train_dcar.Options(
            self.out / "tokens512", self.out / "generator512", p.generator512_steps, start=self.out / "generator" / "dcar.pt",
            batch=max(1, p.batch // 4), rate=p.generator_rate / 4, workers=self.workers, minutes=self.left, head_samples=p.head_samples,
            budget=self.generator_budget[1],
        )  # fmt: skip
        train_dcar.train(options, self.place)
        self.together()

    def export(self) -> None:
        """The 512 model when there is one, and the 256 one otherwise; the other stands beside it for comparison."""
        if not self.place.leads:
            return
        for folder, name in ((self.out / "model256", "generator"), (self.model, "generator512")):
            checkpoint = self.out / name / "dcar.pt"
            export.export_tokenizer(self.out / "tokenizer" / "dcht.pt", folder)
            export.export_generator(checkpoint if checkpoint.exists() else self.out / "generator" / "dcar.pt", folder)
            export.write_sums(folder)

    def report(self) -> None:
        """The detector's own error, tokenizer metrics at both sizes, and StoryEval of both generators."""
        if not self.place.leads:
            return
        p, place = self.plan, self.place
        judge = detector.load(self.out / "detector.pt", place)
        found: dict[str, object] = {"detector": detector.validate(judge, place, p.measured)}
        tokenizer = models.load_tokenizer(self.model, place.device)
        for size in (256, 512):
            found[f"tokenizer{size}"] = eval_tokenizer.evaluate(tokenizer, judge, place, size, p.measured, workers=self.workers)
        for name, folder in (("256", self.out / "model256"), ("shipped", self.model)):
            gallery = self.out / f"gallery-{name}.png"
            generator = models.load(folder, place.device)
            found[f"storyeval {name}"] = storyeval.evaluate(
                generator, judge, place, models.Sampling(), p.images, limit=p.limit, gallery=gallery
            )
            (self.out / "report.json").write_text(json.dumps(found, indent=2))

    def run(self, until: str) -> None:
        """All parts up to `until`, as long as there is time."""
        log = runtime.Log(self.out / "build.log", self.place)
        for part in PARTS:
            if self.left <= 0:
                break
            log(part)
            getattr(self, part)()
            if part == until:
                break
        log("stops")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--font", required=True, help="NotoColorEmoji.ttf of Debian's fonts-noto-color-emoji; unused once --out has sprites.npz"
    )
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of all training state")
    parser.add_argument("--model", type=pathlib.Path, required=True, help="folder for the finished model")
    parser.add_argument("--plan", choices=tuple(PLANS), default="cpu")
    parser.add_argument("--tokenizer-steps", type=int, nargs=3, help="other lengths of the three stages")
    parser.add_argument("--generator-steps", type=int, nargs=2, help="other lengths at 256 and at 512")
    parser.add_argument("--detector-budget", type=float, help="as many detector steps as fit in so many minutes")
    parser.add_argument("--tokenizer-budget", type=float, help="the same for the tokenizer")
    parser.add_argument("--generator-budget", type=float, nargs=2, help="the same at 256 and at 512; 0 at 512 leaves that out")
    parser.add_argument("--workers", type=int, default=2, help="drawing processes")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--until", choices=PARTS, default=PARTS[-1])
    parser.add_argument("--pool", type=int, default=0, help="draw so many scenes once and keep them on the device for all parts (one GPU)")
    parser.add_argument("--minutes", type=float, default=math.inf)
    parser.add_argument("--compile", action="store_true", help="compile the tokenizer (GPU)")
    a = parser.parse_args()
    plan = PLANS[a.plan]
    if a.tokenizer_steps:
        plan = replace(plan, tokenizer_steps=tuple(a.tokenizer_steps))
    if a.generator_steps:
        plan = replace(plan, generator_steps=a.generator_steps[0], generator512_steps=a.generator_steps[1])
    a.out.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + 60 * a.minutes
    budgets = (a.tokenizer_budget, a.detector_budget, tuple(a.generator_budget or (None, None)))
    Build(plan, a.font, a.out, a.model, a.workers, runtime.start(a.threads), end, a.compile, a.pool, *budgets).run(a.until)


if __name__ == "__main__":
    main()
