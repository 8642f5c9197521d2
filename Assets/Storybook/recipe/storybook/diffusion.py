"""The residual head: a small MLP that denoises one token's residual, and the diffusion around it.

The network and the respaced IDDPM schedule are the official ones (Nichol and Dhariwal, 2021; Li et al., MAR, 2024).
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from storybook.noise import Noise

STEPS = 1000


class TimeEmbed(nn.Module):
    """Timesteps [n] to [n, width]; cosines come before sines."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, t: Tensor) -> Tensor:
        frequency = torch.exp(-math.log(10000) * torch.arange(128, device=t.device) / 128)
        angle = t[:, None].float() * frequency
        return self.mlp(torch.cat([angle.cos(), angle.sin()], -1))


class ResBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.in_ln = nn.LayerNorm(width, eps=1e-6)
        self.mlp = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 3 * width))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        shift, scale, gate = self.adaLN_modulation(y).chunk(3, -1)
        return x + gate * self.mlp(self.in_ln(x) * (1 + scale) + shift)


class FinalLayer(nn.Module):
    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, outputs)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        shift, scale = self.adaLN_modulation(y).chunk(2, -1)
        return self.linear(F.layer_norm(x, x.shape[-1:], eps=1e-6) * (1 + scale) + shift)


class Head(nn.Module):
    """Noisy residuals [n,C], timesteps [n] and latents [n,D] to noise and variance mix [n,2C]."""

    def __init__(self, channels: int, latent: int, width: int, depth: int) -> None:
        super().__init__()
        self.time_embed = TimeEmbed(width)
        self.cond_embed = nn.Linear(latent, width)
        self.input_proj = nn.Linear(channels, width)
        self.res_blocks = nn.ModuleList([ResBlock(width) for _ in range(depth)])
        self.final_layer = FinalLayer(width, 2 * channels)

    def start(self) -> None:
        """Every block begins as the identity and the output as zero."""
        for block in (*self.res_blocks, self.final_layer):
            nn.init.zeros_(block.adaLN_modulation[1].weight)
            nn.init.zeros_(block.adaLN_modulation[1].bias)
        nn.init.zeros_(self.final_layer.linear.weight)
        nn.init.zeros_(self.final_layer.linear.bias)

    def forward(self, x: Tensor, t: Tensor, z: Tensor) -> Tensor:
        y = self.time_embed(t) + self.cond_embed(z)
        h = self.input_proj(x)
        for block in self.res_blocks:
            h = block(h, y)
        return self.final_layer(h, y)


class Schedule(nn.Module):
    """Cosine betas over 1000 steps, respaced to `steps` kept ones; all tables float64 [steps] made float32."""

    def __init__(self, steps: int = STEPS) -> None:
        super().__init__()

        def alpha_bar(t: float) -> float:
            return math.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2

        betas = np.array([min(1 - alpha_bar((i + 1) / STEPS) / alpha_bar(i / STEPS), 0.999) for i in range(STEPS)])
        kept = sorted({round(i * (STEPS - 1) / max(1, steps - 1)) for i in range(steps)})
        full = np.cumprod(1 - betas)[kept]
        b = 1 - full / np.append(1.0, full[:-1])
        a = np.cumprod(1 - b)
        before = np.append(1.0, a[:-1])
        variance = b * (1 - before) / (1 - a)
        tables = {
            "times": np.array(kept), "signal": np.sqrt(a), "noise": np.sqrt(1 - a), "recip": np.sqrt(1 / a), "recipm1": np.sqrt(1 / a - 1),
            "log_min": np.log(np.append(variance[1:2] if len(b) > 1 else variance + 1e-20, variance[1:])), "log_max": np.log(b),
            "c0": b * np.sqrt(before) / (1 - a), "ct": (1 - before) * np.sqrt(1 - b) / (1 - a),
        }  # fmt: skip
        for name, table in tables.items():
            self.register_buffer(name, torch.from_numpy(table if name == "times" else table.astype(np.float32)), persistent=False)

    def loss(self, head: nn.Module, x0: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        """Training loss for scaled residuals x0 [n,C] and latents [n,D]: noise error plus variational bound; and the error."""
        t = torch.randint(len(self.times), (len(x0),), device=x0.device)
        noise = torch.randn_like(x0)
        take = [
            table[t][:, None]
            for table in (self.signal, self.noise, self.recip, self.recipm1, self.c0, self.ct, self.log_min, self.log_max)
        ]
        signal, spread, recip, recipm1, c0, ct, low, high = take
        xt = signal * x0 + spread * noise
        eps, mix = head(xt, self.times[t], z).float().chunk(2, -1)
        error = (eps - noise).square().mean(-1)
        log_variance = low + (mix + 1) / 2 * (high - low)
        guess = c0 * (recip * xt - recipm1 * eps.detach()) + ct * xt
        truth = c0 * x0 + ct * xt
        kl = 0.5 * (log_variance - low - 1 + torch.exp(low - log_variance) + (truth - guess).square() * torch.exp(-log_variance))
        return (error + (kl.mean(-1) / math.log(2)).clamp(max=10)).mean(), error.mean()

    @torch.no_grad()
    def sample(
        self, head: nn.Module, cond: Tensor, uncond: Tensor, guidance: float, noise: Noise, temperature: float = 1.0
    ) -> Tensor:
        """Latents of both rows [n,D] to scaled residuals [n,C]; guidance exactly 1 means none, as in the official code.
        The temperature scales the noise of every step, as in MAR."""
        channels = head.input_proj.in_features
        x = noise.normal(torch.Size((len(cond), channels)))
        guided = guidance not in (0.0, 1.0)
        z = torch.cat([cond, uncond]) if guided else cond
        for k in reversed(range(len(self.times))):
            rows = torch.cat([x, x]) if guided else x
            eps, mix = head(rows, self.times[k].expand(len(rows)), z).float().chunk(2, -1)
            if guided:
                eps_c, eps_u = eps.chunk(2)
                eps, mix = eps_c * (1 + guidance) - guidance * eps_u, mix.chunk(2)[0]
            x0 = (self.recip[k] * x - self.recipm1[k] * eps).clamp(-1, 1)
            x_mean = self.c0[k] * x0 + self.ct[k] * x
            log_variance = self.log_min[k] + (mix + 1) / 2 * (self.log_max[k] - self.log_min[k])
            fresh = noise.normal(x.shape)
            x = x_mean + torch.exp(0.5 * log_variance) * fresh * temperature if k else x_mean
        return x
