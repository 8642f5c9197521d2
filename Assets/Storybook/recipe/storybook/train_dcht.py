"""Trains the tokenizer in the paper's three stages and keeps its state, so that it can stop and go on at any time.

    python -m storybook.train_dcht --sprites sprites.npz --out RUN --steps 3000 20000 6000
    torchrun --nproc-per-node 8 -m storybook.train_dcht ...

Stage 1 trains encoder and decoder on continuous features; stage 2 puts the codebook between them, started from a k-means of
those features; stage 3 freezes encoder and codebook and fine-tunes the decoder on both paths in turn. A later call with the
same --out goes on from its checkpoint, with other --steps if wanted.
"""

from __future__ import annotations

import argparse
import math
import pathlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from storybook import detector, eval_tokenizer, metrics, runtime, sprites
from storybook.adversary import Adversary
from storybook.data import CropBatches, as_signal, stream
from storybook.dcht import DCHT, TokenizerConfig
from storybook.runtime import Place

# The stages' shares of a budget.
SHARES = (0.09, 0.61, 0.30)


@dataclass
class Options:
    """Everything that a tokenizer run is told; see `--help`."""

    sprites: str
    out: pathlib.Path
    steps: tuple[int, int, int]
    batch: int = 16
    crop: int = 128
    rate: float = 4e-4
    workers: int = 1
    echo: int = 1
    seed: int = 1
    save_every: float = 180.0
    report_every: int = 25
    minutes: float = math.inf
    budget: float | None = None
    threads: int = 2
    mode: str = "three-stage"
    detector: pathlib.Path | None = None
    perceptual: float = 0.3
    adversarial: float = 0.0
    compile: bool = False
    config: TokenizerConfig = TokenizerConfig()


def picture_loss(made: Tensor, wanted: Tensor) -> Tensor:
    """L1 on pixels and on their gradients at three scales, and squares of the shrunken picture's error, those of colour apart
    from light weighing more: the squares bring large areas and their colours early, the gradients edges late."""
    difference = error = made - wanted
    loss = error.abs().mean() + 2 * error.square().mean()
    for _ in range(3):
        loss = loss + 0.7 * (error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean())
        error = F.avg_pool2d(error, 2)
    for size in (4, 16):
        area = F.avg_pool2d(difference, size)
        loss = loss + 2 * area.square().mean() + 8 * (area - area.mean(1, keepdim=True)).square().mean()
    return loss


class Objective(nn.Module):
    """One training step's forward pass: pictures and path to (quantiser loss, reconstruction, features, ids)."""

    def __init__(self, model: DCHT, beta: float = 0.25) -> None:
        super().__init__()
        self.model, self.beta = model, beta

    def forward(self, pictures: Tensor, path: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        features = self.model.features(pictures)
        with torch.autocast(features.device.type, enabled=False):
            ids = self.model.quantize.nearest(features.detach())
            codes = self.model.quantize.codes(ids)
        loss = features.new_zeros(())
        if path == "continuous":
            latent = features
        else:
            # The official terms: means over channels, so that features keep what the codes cannot hold.
            loss = loss + self.beta * (codes.detach() - features).square().mean() + (codes - features.detach()).square().mean()
            latent = features + (codes - features).detach()
        return loss, self.model.decoder(latent).float(), features, ids


@torch.no_grad()
def k_means(points: Tensor, codes: int, rounds: int = 10) -> Tensor:
    """Spherical k-means: unit points [N,C] to unit centres [codes,C]; empty clusters restart at random points."""
    centres = points[torch.randperm(len(points))[:codes]].clone()
    if len(centres) < codes:
        centres = torch.cat(
            [centres, F.normalize(torch.randn(codes - len(centres), points.shape[1], device=points.device), dim=1)]
        )
    for _ in range(rounds):
        nearest = torch.cat([(part @ centres.T).argmax(1) for part in points.split(8192)])
        counts = torch.bincount(nearest, minlength=codes)
        sums = torch.zeros_like(centres).index_add_(0, nearest, points)
        centres = F.normalize(sums, dim=1)
        empty = (counts == 0).nonzero().flatten()
        centres[empty] = points[torch.randint(len(points), (len(empty),))]
    return centres


class Run:
    """A tokenizer in training."""

    def __init__(self, options: Options, place: Place) -> None:
        torch.manual_seed(options.seed)
        self.options, self.place = options, place
        self.model = DCHT(options.config).to(place.device, memory_format=torch.channels_last)
        self.average = runtime.Average(self.model, 0.998)
        self.used = torch.ones(options.config.codebook_size, device=place.device)
        self.stage, self.stage_step, self.step = 1, 0, 0
        self.clock = runtime.Budget(place)
        if options.budget is not None:
            options.steps = (self.clock.steps(options.budget, 0),) * 3
        if options.mode == "no-warm-up":
            self.stage = 2
        self.path = options.out / "dcht.pt"
        self.critic = Adversary(place.device)
        self.eye = detector.load(options.detector, place) if options.detector else None
        self._optimise()
        if self.path.exists():
            self._load()
        self._wrap()

    def _wrap(self) -> None:
        objective = self.place.wrap(Objective(self.model))
        if self.options.compile:
            torch.compiler.reset()
        self.objective = torch.compile(objective, dynamic=False) if self.options.compile else objective

    def _optimise(self) -> None:
        frozen = self.stage == 3 and self.options.mode != "all-trainable"
        self.model.requires_grad_(not frozen)
        self.model.decoder.requires_grad_(True)
        codebook = self.model.quantize.embedding.weight
        others = [p for p in self.model.parameters() if p.requires_grad and p is not codebook]
        groups = [{"params": others, "weight_decay": 0.01}]
        if not frozen:
            groups.append({"params": [codebook], "weight_decay": 0.0})
        self.optimizer = torch.optim.AdamW(groups, self.options.rate, betas=(0.9, 0.95), fused=True)

    def _load(self) -> None:
        state = torch.load(self.path, map_location=self.place.device, weights_only=True)
        self.stage, self.stage_step, self.step = state["stage"], state["stage_step"], state["step"]
        self.clock = runtime.Budget.resumed(self.place, state, self.stage_step)
        if self.options.budget is not None:
            if "spent" in state and state.get("budget", self.options.budget) == self.options.budget:
                self.options.steps = tuple(state["steps"])
            else:
                self._fit_stage()
        self.model.load_state_dict(state["model"])
        self.average.state = state["average"]
        self.used = state["used"]
        self._optimise()
        if "optimizer" in state:
            self.critic.net.load_state_dict(state["critic"])
            self.critic.optimizer.load_state_dict(state["critic_optimizer"])
            self.optimizer.load_state_dict(state["optimizer"])

    def save(self) -> None:
        if self.place.leads:
            state = {
                "stage": self.stage, "stage_step": self.stage_step, "step": self.step, "model": self.model.state_dict(),
                "average": self.average.state, "used": self.used, "optimizer": self.optimizer.state_dict(),
                "critic": self.critic.net.state_dict(), "critic_optimizer": self.critic.optimizer.state_dict(),
                "config": self.options.config.json(),
                "steps": self.options.steps, "budget": self.options.budget, **self.clock.kept(),
            }  # fmt: skip
            runtime.save(self.path, state)

    def rate(self) -> float:
        """Warm-up of 200 steps; stages 2 and 3 decay linearly to a twentieth over their last half."""
        length = self.options.steps[self.stage - 1]
        rate = self.options.rate * min(1.0, (self.stage_step + 1) / 200) * (0.5 if self.stage == 3 else 1.0)
        if self.stage > 1:
            rate *= 1 - 0.95 * max(0.0, 2 * self.stage_step / max(1, length) - 1)
        return rate

    def path_name(self) -> str:
        """Which latent the decoder sees in this step."""
        if self.stage == 1:
            return "continuous"
        return "discrete" if self.stage == 2 or self.step % 2 else "continuous"

    def keep_to_budget(self) -> None:
        """Every ten steps sets the length of this stage to what its share of the budget allows at the speed so far."""
        if self.stage_step % 10 == 0:
            self._fit_stage()

    def _fit_stage(self) -> None:
        if self.options.budget is not None:
            steps = list(self.options.steps)
            steps[self.stage - 1] = self.clock.steps(SHARES[self.stage - 1] * self.options.budget, self.stage_step)
            self.options.steps = (steps[0], steps[1], steps[2])

    def begin_stage(self, batches: Iterator[Any]) -> None:
        """Enters the next stage. Stage 2 starts its codebook from a k-means of features; stage 3 goes on from the average."""
        self.stage, self.stage_step = self.stage + 1, 0
        if self.stage == 2:
            centres = k_means(self._points(batches), self.options.config.codebook_size)
            if self.place.ranks > 1:
                torch.distributed.broadcast(centres, 0)
            self.model.quantize.embedding.weight.data.copy_(centres)
            self.average.state["quantize.embedding.weight"].copy_(centres)
            self.used.fill_(1)
        else:
            self.model.load_state_dict(self.average.state)
        self._optimise()
        self._wrap()
        self.clock = runtime.Budget(self.place)

    @torch.no_grad()
    def _points(self, batches: Iterator[Any]) -> Tensor:
        """Features [N,C] of pictures, 16 for every code."""
        torch.manual_seed(self.options.seed)
        points: list[Tensor] = []
        while sum(map(len, points)) < 16 * self.options.config.codebook_size:
            with self.place.autocast():
                features = self.model.features(as_signal(next(batches), self.place.device))
            points.append(features.permute(0, 2, 3, 1).reshape(-1, features.shape[1]))
        return torch.cat(points)

    def _loss(self, made: Tensor, wanted: Tensor) -> Tensor:
        """Reconstruction, perceptual and, late, adversarial terms."""
        loss = picture_loss(made, wanted)
        if self.eye is not None:
            pairs = zip(self.eye.layers(made), self.eye.layers(wanted), strict=True)
            loss = loss + self.options.perceptual * sum((a.float() - b.float()).abs().mean() for a, b in list(pairs)[:3])
        return loss + self.critic.judge(made, loss, self.options.adversarial) if self._adversarial() else loss

    def _adversarial(self) -> bool:
        """The discriminator takes part from the middle of stage 2 on."""
        late = self.stage == 3 or (self.stage == 2 and self.stage_step > 0.5 * self.options.steps[1])
        return self.options.adversarial > 0 and late

    def train_step(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One step; returns the loss, the reconstruction and the features."""
        torch.manual_seed(self.options.seed * 1_000_003 + self.step)
        self.model.train()
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        with self.place.autocast():
            loss, made, features, ids = self.objective(pictures, self.path_name())
            loss = loss + self._loss(made, pictures)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_([p for g in self.optimizer.param_groups for p in g["params"]], 1.0)
        self.optimizer.step()
        if self._adversarial():
            with self.place.autocast():
                self.critic.learn(made, pictures, self.place.ranks)
        self.average.update(self.model, self.step)
        if self.stage == 2:
            self._revive(ids.flatten(), features.detach())
        self.step += 1
        self.stage_step += 1
        return loss.detach(), made.detach(), features.detach()

    def _revive(self, ids: Tensor, features: Tensor) -> None:
        """Counts the use of codes; every 50 steps of the first 70 % moves the unused to features of this batch."""
        count = torch.bincount(ids, minlength=len(self.used)).float()
        if self.place.ranks > 1:
            torch.distributed.all_reduce(count)
        decay = 1 - min(0.02, len(ids) * self.place.ranks / (8 * len(self.used)))
        self.used.mul_(decay).add_(count)
        if self.stage_step % 50 or self.stage_step > 0.7 * self.options.steps[1]:
            return
        dead = (self.used < 0.05).nonzero().flatten()
        points = features.permute(0, 2, 3, 1).reshape(-1, features.shape[1])
        chosen = points[torch.randperm(len(points), device=points.device)[: len(dead)]].clone()
        if self.place.ranks > 1:
            torch.distributed.broadcast(chosen, 0)
        dead = dead[: len(chosen)]
        with torch.no_grad():
            self.model.quantize.embedding.weight[dead] = chosen
            self.average.state["quantize.embedding.weight"][dead] = chosen
        self.used[dead] = 1.0


def check(run: Run, scenes: int = 12) -> str:
    """The averaged model on a few held-out scenes, both paths, in words."""
    model = DCHT(run.options.config).to(run.place.device, memory_format=torch.channels_last)
    model.load_state_dict(run.average.state)
    found = eval_tokenizer.evaluate(model.eval(), None, run.place, 256, scenes, batch=scenes)
    return (
        f"{scenes} held-out scenes: discrete {found['discrete_psnr']:.2f} dB, continuous {found['continuous_psnr']:.2f} dB, "
        f"residual {found['residual_std']:.3f}, {found['codes_used']} codes"
    )


def train(options: Options, place: Place, pictures_of: Callable[[int, int], Iterator[Tensor]] | None = None) -> Run:
    """Runs the stages that are left, on streamed crops or on the pictures of a function that makes batches of them from a
    seed and the number of the first."""
    sprites.load(options.sprites)
    options.out.mkdir(parents=True, exist_ok=True)
    run = Run(options, place)
    log = runtime.Log(options.out / "dcht.log", place)
    log(
        f"stage {run.stage} step {run.step}, {sum(p.numel() for p in run.model.parameters()) / 1e6:.1f} M parameters, {place.device}"
    )
    start, of_points = run.step // options.echo, options.seed + 1000
    if pictures_of:
        batches, others = pictures_of(options.seed, start), pictures_of(of_points, 0)
    else:
        crops = CropBatches(options.seed, options.batch, options.crop)
        batches = stream(crops, start, options.workers, place.rank, place.ranks)
        others = stream(CropBatches(of_points, options.batch, options.crop), 0, options.workers)
    pictures: Tensor | None = None
    deadline = runtime.Deadline(options.minutes, place)
    saved = reported = time.monotonic()
    recent: list[tuple[Tensor, Tensor]] = []
    while True:
        while run.stage < 3 and run.stage_step >= options.steps[run.stage - 1]:
            run.begin_stage(others)
            log(f"stage {run.stage} begins at step {run.step}")
        if run.stage_step >= options.steps[run.stage - 1]:
            break
        if pictures is None or run.step % options.echo == 0:
            pictures = as_signal(next(batches), place.device)
        # A batch that is used again is used in mirror image.
        shown = pictures.flip(-1) if run.step % options.echo % 2 else pictures
        loss, made, features = run.train_step(shown)
        recent.append((loss, metrics.psnr(made, shown).mean()))
        run.keep_to_budget()
        if run.step % options.report_every == 0:
            codes = run.model.quantize.codes(run.model.quantize.nearest(features))
            means = [torch.stack(column).mean().item() for column in zip(*recent, strict=True)]
            speed = len(recent) / (time.monotonic() - reported)
            log(
                f"stage {run.stage} step {run.step} loss {means[0]:.4f} psnr {means[1]:.2f} residual {(features - codes).std():.3f} "
                f"codes {(run.used > 0.05).sum().item()} rate {run.rate():.1e} {speed:.2f} steps/s"
            )
            recent, reported = [], time.monotonic()
        now = time.monotonic()
        if now - saved > options.save_every:
            run.save()
            if place.leads:
                log(check(run))
            saved = now
        if deadline.passed():
            break
    run.save()
    if place.leads:
        log(check(run))
    log(f"stops in stage {run.stage} at step {run.step}")
    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sprites", required=True, help="the file made by storybook.sprites")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of the checkpoint and the log")
    parser.add_argument("--steps", type=int, nargs=3, default=(3000, 40000, 12000), help="length of each stage")
    parser.add_argument("--batch", type=int, default=16, help="crops a step and process")
    parser.add_argument("--crop", type=int, default=128, help="side of a crop in pixels")
    parser.add_argument("--rate", type=float, default=4e-4, help="learning rate")
    parser.add_argument("--workers", type=int, default=1, help="rendering processes")
    parser.add_argument("--echo", type=int, default=1, help="use every batch so often, where drawing cannot keep up")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop, with a checkpoint, after so long")
    parser.add_argument("--budget", type=float, help="choose the stages' lengths to last so many minutes, instead of --steps")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads; 1 is fastest on cores that others use too")
    parser.add_argument("--mode", choices=("three-stage", "no-warm-up", "all-trainable"), default="three-stage")
    parser.add_argument("--detector", type=pathlib.Path, help="detector whose layers serve as a perceptual loss")
    parser.add_argument("--adversarial", type=float, default=0.0, help="strength of the patch discriminator, such as 0.3")
    parser.add_argument("--compile", action="store_true", help="compile the model (GPU)")
    given = vars(parser.parse_args())
    given["steps"] = tuple(given["steps"])
    train(Options(**given), runtime.start(given["threads"]))


if __name__ == "__main__":
    main()
