"""Where a run happens: one CPU, one GPU, or one process of `torchrun`; and how it keeps its state."""

from __future__ import annotations

import functools
import os
import pathlib
import time
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import nn


@dataclass(frozen=True)
class Place:
    """The device of this process and its rank among all."""

    device: torch.device
    rank: int
    ranks: int

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def autocast(self) -> torch.autocast:
        """bfloat16 matrix products on a GPU and on a CPU where they are faster."""
        able = self.device.type != "cpu" or fast_bfloat16()
        return torch.autocast(self.device.type, torch.bfloat16, enabled=able)

    def wrap(self, module: nn.Module) -> nn.Module:
        """The module with gradients averaged over all ranks."""
        if self.ranks == 1:
            return module
        devices = [self.device.index] if self.device.type == "cuda" else None
        return nn.parallel.DistributedDataParallel(module, device_ids=devices, find_unused_parameters=True)


def fast_bfloat16(maker: str | None = None) -> bool:
    """Whether this CPU is faster in bfloat16 than in float32. One without instructions for it is ten times slower, and
    Intel's are half as fast where the system does not show their matrix registers; `maker` is None for what the system says."""
    if torch.cpu._is_amx_tile_supported() or not torch.cpu._is_avx512_bf16_supported():
        return torch.cpu._is_amx_tile_supported()
    return "GenuineIntel" not in (_processors() if maker is None else maker)


@functools.cache
def _processors() -> str:
    cpu = pathlib.Path("/proc/cpuinfo")
    return cpu.read_text() if cpu.exists() else ""


def start(threads: int = 2) -> Place:
    """Joins the process group when `torchrun` started this process, and picks the device."""
    rank, ranks = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(device)
        torch.backends.cudnn.benchmark = True
        torch.backends.cuda.matmul.allow_tf32 = True
    else:
        device = torch.device("cpu")
        torch.set_num_threads(threads)
    if ranks > 1 and not dist.is_initialized():
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return Place(device, rank, ranks)


# The length of a run with a budget before its speed is known.
UNKNOWN = 10**9


class Budget:
    """Turns minutes into steps while a run goes on, by its speed so far; `spent` seconds have gone since its step `first`."""

    def __init__(self, place: Place, spent: float = 0.0, first: int = 0) -> None:
        self.place, self.first, self.began = place, first, time.monotonic() - spent

    @staticmethod
    def resumed(place: Place, state: dict[str, Any], done: int) -> Budget:
        """The clock of a checkpoint at step `done`; where it has none, those steps count for nothing."""
        return Budget(place, state["spent"], state.get("first", 0)) if "spent" in state else Budget(place, first=done)

    def kept(self) -> dict[str, float]:
        """What a checkpoint keeps for `resumed`."""
        return {"spent": self.spent(), "first": self.first}

    def spent(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.began

    def steps(self, minutes: float, done: int) -> int:
        """How many steps there will have been after `minutes`, when `done` are; the same on every rank. UNKNOWN before the
        first step, unless the minutes are over."""
        spent, timed = self.spent(), done - self.first
        if spent >= 60 * minutes:
            length = float(done)
        else:
            length = max(done + 1.0, self.first + timed * 60 * minutes / spent) if timed else float(UNKNOWN)
        count = torch.tensor(length, dtype=torch.float64)
        if self.place.ranks > 1:
            count = count.to(self.place.device)
            dist.broadcast(count, 0)
        return int(count.item())

    def length(self, minutes: float, done: int, state: dict[str, Any]) -> int:
        """The length of a run that goes on from a checkpoint: what that says of the same minutes, or else a fresh estimate."""
        known = "spent" in state and state.get("budget", minutes) == minutes
        return int(state["steps"]) if known else self.steps(minutes, done)


class Deadline:
    """Tells every rank at the same step that its minutes are over."""

    def __init__(self, minutes: float, place: Place) -> None:
        self.end, self.place = time.monotonic() + 60 * minutes, place

    def passed(self) -> bool:
        late = time.monotonic() > self.end
        if self.place.ranks == 1:
            return late
        flag = torch.tensor(float(late), device=self.place.device)
        dist.broadcast(flag, 0)
        return bool(flag.item())


class Average:
    """An exponential moving average of a module's tensors, which is what gets exported."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.state = {k: v.detach().clone() for k, v in module.state_dict().items()}

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        """Follows the module; faster in the first steps."""
        rate = 1 - min(self.decay, (step + 1) / (step + 10))
        source = module.state_dict()
        floats = [k for k, v in source.items() if v.is_floating_point()]
        torch._foreach_lerp_([self.state[k] for k in floats], [source[k] for k in floats], rate)
        for key in source.keys() - set(floats):
            self.state[key].copy_(source[key])


def save(path: pathlib.Path, state: dict[str, Any]) -> None:
    """Writes a checkpoint; a run that dies while writing leaves the one before."""
    fresh = path.with_suffix(".new")
    torch.save(state, fresh)
    os.replace(fresh, path)


class Log:
    """One line per report, to the screen and to a file, from the leading rank only."""

    def __init__(self, path: pathlib.Path, place: Place) -> None:
        self.file = path.open("a") if place.leads else None
        self.began = time.monotonic()

    def __call__(self, text: str) -> None:
        if self.file:
            line = f"{(time.monotonic() - self.began) / 60:7.1f} min  {text}"
            print(line, flush=True)
            print(line, file=self.file, flush=True)
