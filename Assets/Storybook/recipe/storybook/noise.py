"""The random numbers of sampling, from a seed, and optionally kept for a recording."""

from __future__ import annotations

import torch
from torch import Tensor


class Noise:
    """Uniform and normal numbers from one generator, in the order in which sampling asks for them."""

    def __init__(self, seed: int, device: torch.device | str = "cpu", keep: bool = False) -> None:
        self.source = torch.Generator(device).manual_seed(seed)
        self.kept: list[Tensor] | None = [] if keep else None

    def uniform(self, shape: torch.Size) -> Tensor:
        return self._keep(torch.rand(shape, generator=self.source, device=self.source.device))

    def normal(self, shape: torch.Size) -> Tensor:
        return self._keep(torch.randn(shape, generator=self.source, device=self.source.device))

    def _keep(self, numbers: Tensor) -> Tensor:
        if self.kept is not None:
            self.kept.append(numbers.clone())
        return numbers
