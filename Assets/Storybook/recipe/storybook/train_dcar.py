"""Trains text encoder, transformer and residual head together on a token file, and keeps their state.

    python -m storybook.train_dcar --tokens TOKENS256 --out RUN --steps 60000
    python -m storybook.train_dcar --tokens TOKENS512 --out RUN512 --from RUN/dcar.pt --steps 15000 --rate 2e-4

The second form is the paper's resolution step: the same weights go on at 512, with four times the tokens. A later call with
the same --out goes on from its checkpoint.
"""

from __future__ import annotations

import argparse
import math
import pathlib
import time
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from storybook import runtime
from storybook.dcar import DCAR, GeneratorConfig, with_tokens
from storybook.diffusion import Schedule
from storybook.pool import PoolTokens
from storybook.runtime import Place
from storybook.text import Vocabulary, build_vocabulary, states, text_encoder
from storybook.tokens import TokenFile


@dataclass
class Options:
    """Everything that a generator run is told; see `--help`."""

    tokens: pathlib.Path
    out: pathlib.Path
    steps: int
    start: pathlib.Path | None = None
    batch: int = 64
    rate: float = 8e-4
    workers: int = 1
    seed: int = 3
    threads: int = 2
    minutes: float = math.inf
    budget: float | None = None
    save_every: float = 180.0
    report_every: int = 50
    head_samples: int = 1024
    residual_weight: float = 1.0
    thing_weight: float = 3.0
    compile: bool = False
    config: GeneratorConfig = GeneratorConfig()


class Objective(nn.Module):
    """One training step's forward pass."""

    def __init__(
        self, model: DCAR, encoder: nn.Module, head_samples: int, residual_weight: float, thing_weight: float
    ) -> None:
        super().__init__()
        self.model, self.encoder = model, encoder
        self.schedule = Schedule()
        self.head_samples, self.residual_weight, self.thing_weight = head_samples, residual_weight, thing_weight

    def forward(self, ids: Tensor, residual: Tensor, things: Tensor, words: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Code numbers [B,N], residuals [B,N,C], which tokens show things [B,N] and padded text ids [B,T] to (loss, token
        loss, residual error). Of a picture most is backdrop, so tokens of things weigh more in the loss, not in what is told."""
        rows, n = ids.shape
        device = ids.device
        # MaskGIT's arccos rate; every eighth row is nearly whole, since that is what the head sees at the end of sampling.
        share = torch.acos(torch.rand(rows, device=device)) / (math.pi / 2)
        share = torch.where(torch.rand(rows, device=device) < 0.125, torch.rand(rows, device=device) * 0.1, share)
        count = (share * n).round().clamp(min=1)
        masked = torch.rand(rows, n, device=device).argsort(-1).argsort(-1) < count[:, None]
        text, mask = states(self.encoder, words)
        drop = torch.rand(rows, device=device) < 0.1
        logits, latents = self.model(torch.where(masked, self.model.mask_id, ids), text, mask, drop, masked)
        each = F.cross_entropy(logits.float(), ids[masked], label_smoothing=0.05, reduction="none")
        weight = torch.where(things[masked], self.thing_weight, 1.0)
        token_loss = (each * weight).sum() / weight.sum()
        chosen = torch.randperm(rows * n, device=device)[: self.head_samples]
        target = residual.reshape(rows * n, -1)[chosen] / self.model.config.vae_scale
        loss, error = self.schedule.loss(self.model.diffloss.net, target, latents.reshape(rows * n, -1)[chosen])
        return token_loss + self.residual_weight * loss, each.detach().mean(), error


class Run:
    """A generator in training.

    Raises ValueError where the captions of a pool have another vocabulary than the checkpoint.
    """

    def __init__(self, options: Options, place: Place, file: TokenFile | PoolTokens) -> None:
        torch.manual_seed(options.seed)
        self.options, self.place, self.step = options, place, 0
        self.clock = runtime.Budget(place)
        if options.budget is not None:
            options.steps = self.clock.steps(options.budget, 0)
        options.out.mkdir(parents=True, exist_ok=True)
        self.path, self.spiece = options.out / "dcar.pt", options.out / "spiece.model"
        source = self.path if self.path.exists() else options.start
        state = torch.load(source, map_location=place.device, weights_only=True) if source else None
        if state:
            config = replace(GeneratorConfig(**state["config"]), tokens=file.meta["tokens"])
            if place.leads:
                self.spiece.write_bytes(state["spiece"])
            if isinstance(file, PoolTokens) and file.spiece.read_bytes() != state["spiece"]:
                raise ValueError(
                    f"The captions of the pool are in the words of {file.spiece}, which {source} was not trained with; "
                    f"copy {self.spiece} there."
                )
        else:
            # The head clamps scaled residuals to -1...1, so the scale is 2.5 standard deviations.
            grid = {"tokens": file.meta["tokens"], "codes": file.meta["codes"], "channels": file.meta["channels"]}
            config = replace(options.config, vae_scale=round(2.5 * file.spread(), 4), **grid)
            if place.leads and isinstance(file, PoolTokens):
                self.spiece.write_bytes(file.spiece.read_bytes())
            elif place.leads:
                build_vocabulary(self.spiece, config.vocabulary)
        if place.ranks > 1:
            torch.distributed.barrier()
        self.config = config
        self.model = DCAR(config).to(place.device)
        self.encoder = text_encoder(config).to(place.device)
        self.words = Vocabulary(self.spiece, config.text_length)
        self.both = nn.ModuleDict({"dcar": self.model, "t5": self.encoder})
        if state:
            self.model.load_state_dict(
                with_tokens({k[5:]: v for k, v in state["average"].items() if k.startswith("dcar.")}, config.tokens)
            )
            self.encoder.load_state_dict({k[3:]: v for k, v in state["average"].items() if k.startswith("t5.")})
        self.average = runtime.Average(self.both, 0.999)
        parameters = [p for p in self.both.parameters() if p.requires_grad]
        groups = [
            {"params": [p for p in parameters if p.dim() > 1], "weight_decay": 0.03},
            {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(groups, options.rate, betas=(0.9, 0.96), fused=True)
        if state and source == self.path:
            self.both.load_state_dict(state["model"])
            self.average.state = state["average"]
            if "optimizer" in state:
                self.optimizer.load_state_dict(state["optimizer"])
            self.step = state["step"]
            self.clock = runtime.Budget.resumed(place, state, self.step)
            if options.budget is not None:
                options.steps = self.clock.length(options.budget, self.step, state)
        weights = options.residual_weight, options.thing_weight
        objective = place.wrap(Objective(self.model, self.encoder, options.head_samples, *weights).to(place.device))
        self.objective = torch.compile(objective, dynamic=True) if options.compile else objective

    def save(self) -> None:
        if self.place.leads:
            state = {
                "step": self.step, "steps": self.options.steps, "config": self.config.plain(), "model": self.both.state_dict(), "average": self.average.state,
                "optimizer": self.optimizer.state_dict(), "spiece": self.spiece.read_bytes(),
                "budget": self.options.budget, **self.clock.kept(),
            }  # fmt: skip
            runtime.save(self.path, state)

    def rate(self) -> float:
        """Warm-up of 300 steps or a tenth of all, then constant, then linear to a fiftieth over the last half."""
        done = self.step / max(1, self.options.steps)
        warm = max(1, min(300, self.options.steps // 10))
        return self.options.rate * min(1.0, (self.step + 1) / warm) * (1 - 0.98 * max(0.0, min(1.0, 2 * done - 1)))

    def train_step(self, *batch: np.ndarray | Tensor) -> tuple[Tensor, Tensor]:
        """One step; returns the token loss and the head's noise error."""
        torch.manual_seed((self.options.seed * 1_000_003 + self.step) * 64 + self.place.rank)
        device = self.place.device
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        with self.place.autocast():
            loss, token_loss, error = self.objective(*(torch.as_tensor(part, device=device) for part in batch))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.both.parameters(), 1.0)
        self.optimizer.step()
        self.average.update(self.both, self.step)
        self.step += 1
        return token_loss.detach(), error.detach()


def train(options: Options, place: Place, tokens: PoolTokens | None = None) -> Run:
    """Runs the steps that are left, on the token file of the options or on the tokens given."""
    file = tokens or TokenFile(options.tokens)
    run = Run(options, place, file)
    log = runtime.Log(options.out / "dcar.log", place)
    sizes = [sum(p.numel() for p in part.parameters()) / 1e6 for part in (run.model, run.encoder)]
    log(
        f"step {run.step}, {sizes[0]:.1f} + {sizes[1]:.1f} M parameters, {file.scenes} scenes, vae_scale {run.config.vae_scale}, {place.device}"
    )
    reading = options.seed, options.batch, run.step, options.workers, place.rank, place.ranks
    batches = file.batches(run.words, *reading)
    deadline = runtime.Deadline(options.minutes, place)
    saved = reported = time.monotonic()
    recent: list[tuple[Tensor, Tensor]] = []
    while run.step < options.steps:
        recent.append(run.train_step(*next(batches)))
        if options.budget is not None and run.step % 10 == 0:
            options.steps = run.clock.steps(options.budget, run.step)
        if run.step % options.report_every == 0:
            means = [torch.stack(column).mean().item() for column in zip(*recent, strict=True)]
            speed = len(recent) / (time.monotonic() - reported)
            log(
                f"step {run.step} token loss {means[0]:.3f} residual error {means[1]:.3f} rate {run.rate():.1e} {speed:.2f} steps/s"
            )
            recent, reported = [], time.monotonic()
        if time.monotonic() - saved > options.save_every:
            run.save()
            saved = time.monotonic()
        if deadline.passed():
            break
    run.save()
    log(f"stops at step {run.step}")
    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=pathlib.Path, required=True, help="token file of storybook.tokens")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of the checkpoint, the vocabulary and the log")
    parser.add_argument("--from", dest="start", type=pathlib.Path, help="checkpoint whose averaged weights to begin with")
    parser.add_argument("--steps", type=int, default=60_000)
    parser.add_argument("--batch", type=int, default=64, help="scenes a step and process")
    parser.add_argument("--rate", type=float, default=8e-4, help="learning rate")
    parser.add_argument("--head-samples", type=int, default=1024, help="tokens a step on which the residual head trains")
    parser.add_argument("--thing-weight", type=float, default=3.0, help="how much more a token that shows a thing weighs in the loss")
    parser.add_argument("--workers", type=int, default=1, help="processes that read batches and write captions")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--compile", action="store_true", help="compile the step: four minutes of a CPU core, then a quarter faster")
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop, with a checkpoint, after so long")
    parser.add_argument("--budget", type=float, help="choose the number of steps to last so many minutes, instead of --steps")
    given = vars(parser.parse_args())
    train(Options(**given), runtime.start(given["threads"]))


if __name__ == "__main__":
    main()
