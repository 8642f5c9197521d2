"""A patch discriminator for the later part of tokenizer training (hinge loss, balanced against the reconstruction loss)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class PatchDiscriminator(nn.Module):
    """Pictures to one logit per 8x8 patch (each sees 46x46 pixels)."""

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        w = width
        self.layers = nn.Sequential(
            nn.Conv2d(3, w, 4, 2, 1), nn.LeakyReLU(0.2),
            nn.Conv2d(w, 2 * w, 4, 2, 1), nn.GroupNorm(8, 2 * w), nn.LeakyReLU(0.2),
            nn.Conv2d(2 * w, 4 * w, 4, 2, 1), nn.GroupNorm(8, 4 * w), nn.LeakyReLU(0.2),
            nn.Conv2d(4 * w, 1, 3, 1, 1),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Adversary:
    """The discriminator with its optimiser."""

    def __init__(self, device: torch.device, rate: float = 2e-4) -> None:
        self.net = PatchDiscriminator().to(device, memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(self.net.parameters(), rate, betas=(0.5, 0.9), weight_decay=0.01)

    def judge(self, made: Tensor, base: Tensor, strength: float) -> Tensor:
        """The generator's term, scaled so that its gradient at the picture is `strength` times that of the loss `base`."""
        self.net.requires_grad_(False)
        term = -self.net(made).float().mean()
        pull = torch.autograd.grad(base, made, retain_graph=True)[0].float().norm()
        push = torch.autograd.grad(term, made, retain_graph=True)[0].float().norm()
        return term * (strength * pull / (push + 1e-8)).clamp(max=10.0).detach()

    def learn(self, made: Tensor, wanted: Tensor, ranks: int) -> float:
        """One hinge step on real and reconstructed pictures."""
        self.net.requires_grad_(True)
        real, fake = self.net(wanted).float(), self.net(made.detach()).float()
        loss = (F.relu(1 - real).mean() + F.relu(1 + fake).mean()) / 2
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if ranks > 1:
            for p in self.net.parameters():
                torch.distributed.all_reduce(p.grad)
                p.grad.div_(ranks)
        self.optimizer.step()
        return loss.item()
