"""DC-AR, the hybrid masked generator: a transformer over image tokens that reads T5's text states.

Module names give exactly the official checkpoint's keys. N image tokens in row-major order, text states [B,L,D].
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from storybook.diffusion import Head, Schedule
from storybook.noise import Noise


@dataclass(frozen=True)
class GeneratorConfig:
    """Sizes of the transformer, its head and its text encoder, and the sampling defaults that are shipped."""

    width: int = 288
    layers: int = 8
    heads: int = 6
    tokens: int = 64
    codes: int = 4096
    channels: int = 32
    head_width: int = 288
    head_depth: int = 3
    text_length: int = 64
    text_width: int = 192
    text_layers: int = 4
    vocabulary: int = 640
    vae_scale: float = 0.25
    num_steps: int = 12
    guidance: float = 3.0
    temperature: float = 1.5
    residual_steps: int = 20
    # Keys of ours: a scale of None is that of the tokens, and 1 the official temperature.
    residual_guidance: float | None = None
    residual_temperature: float = 1.0

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def position_table(width: int, tokens: int) -> Tensor:
    """The official pos_embed [1,N,width]: sines and cosines of the column, then of the row, on a 16-unit square."""
    side = math.isqrt(tokens)
    place = np.arange(side, dtype=np.float64) / (side / 16)
    frequency = 1 / 10000 ** (np.arange(width // 4) / (width / 4))
    columns, rows = np.meshgrid(place, place)

    def waves(v: np.ndarray) -> np.ndarray:
        angle = np.outer(v.reshape(-1), frequency)
        return np.concatenate([np.sin(angle), np.cos(angle)], 1)

    return torch.from_numpy(np.concatenate([waves(columns), waves(rows)], 1)).float()[None]


class Mlp(nn.Module):
    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(inputs, hidden)
        self.fc2 = nn.Linear(hidden, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x), approximate="tanh"))


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """Attention over [B,heads,n,d]. Fused on a GPU; on a CPU the plain form has a backward four times as fast."""
    if q.is_cuda:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    scores = (q @ k.transpose(-1, -2)) * q.shape[-1] ** -0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return scores.softmax(-1).to(v.dtype) @ v


def _split(x: Tensor, heads: int) -> Tensor:
    b, n, c = x.shape
    return x.view(b, n, heads, c // heads).transpose(1, 2)


def _join(x: Tensor) -> Tensor:
    b, h, n, d = x.shape
    return x.transpose(1, 2).reshape(b, n, h * d)


class SelfAttention(nn.Module):
    """q and k are normalised over the full width, before the heads are split."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.q_norm = nn.LayerNorm(width)
        self.k_norm = nn.LayerNorm(width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).chunk(3, -1)
        q, k = self.q_norm(q).to(v.dtype), self.k_norm(k).to(v.dtype)
        return self.proj(_join(attend(_split(q, self.heads), _split(k, self.heads), _split(v, self.heads))))


class CrossAttention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_linear = nn.Linear(width, width)
        self.kv_linear = nn.Linear(width, 2 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor, text: Tensor, mask: Tensor) -> Tensor:
        k, v = self.kv_linear(text).chunk(2, -1)
        q = self.q_linear(x).to(v.dtype)
        return self.proj(_join(attend(_split(q, self.heads), _split(k, self.heads), _split(v, self.heads), mask[:, None, None])))


class Block(nn.Module):
    """Self-attention, cross-attention on the unnormalised stream, feed-forward; block norms have no weights."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attn = SelfAttention(width, heads)
        self.cross_attn = CrossAttention(width, heads)
        self.mlp = Mlp(width, 4 * width, width)

    def forward(self, x: Tensor, text: Tensor, mask: Tensor) -> Tensor:
        x = x + self.attn(F.layer_norm(x, x.shape[-1:], eps=1e-6))
        x = x + self.cross_attn(x, text, mask)
        return x + self.mlp(F.layer_norm(x, x.shape[-1:], eps=1e-6))


class TextEmbed(nn.Module):
    """Projects text states; `y_embedding` stands in for the text in the unconditional row."""

    def __init__(self, c: GeneratorConfig) -> None:
        super().__init__()
        self.register_buffer("y_embedding", torch.randn(c.text_length, c.text_width) / c.text_width**0.5)
        self.y_proj = Mlp(c.text_width, c.width, c.width)


class FinalLinear(nn.Module):
    def __init__(self, width: int, codes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, codes)


class DiffLoss(nn.Module):
    def __init__(self, c: GeneratorConfig) -> None:
        super().__init__()
        self.net = Head(c.channels, c.width, c.head_width, c.head_depth)


class DCAR(nn.Module):
    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        c = self.config = config
        self.x_embedder = nn.Embedding(c.codes + 1, c.width)
        self.register_buffer("pos_embed", position_table(c.width, c.tokens))
        self.y_embedder = TextEmbed(c)
        self.blocks = nn.ModuleList([Block(c.width, c.heads) for _ in range(c.layers)])
        self.final_layer = FinalLinear(c.width, c.codes)
        self.diffloss = DiffLoss(c)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        nn.init.trunc_normal_(self.x_embedder.weight, std=0.02)
        nn.init.zeros_(self.final_layer.linear.weight)
        self.diffloss.net.start()

    @property
    def mask_id(self) -> int:
        return self.config.codes

    def forward(
        self, ids: Tensor, text: Tensor, mask: Tensor, drop: Tensor | None = None, wanted: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """ids [B,N], text states [B,L,D], which of them are words [B,L], rows without text [B]: logits [B,N,codes], or
        [M,codes] of only the M tokens that `wanted` [B,N] marks; and latents [B,N,D]."""
        if drop is not None:
            empty = self.y_embedder.y_embedding[: text.shape[1]].to(text.dtype)
            text = torch.where(drop[:, None, None], empty, text)
        y = self.y_embedder.y_proj(text)
        x = self.x_embedder(ids) + self.pos_embed
        for block in self.blocks:
            x = block(x, y, mask)
        last = x if wanted is None else x[wanted]
        return self.final_layer.linear(F.layer_norm(last, x.shape[-1:], eps=1e-6)), x


def with_tokens(state: dict[str, Tensor], tokens: int) -> dict[str, Tensor]:
    """The same weights for another grid: only pos_embed changes."""
    return {**state, "pos_embed": position_table(state["pos_embed"].shape[-1], tokens)}


@torch.no_grad()
def generate(
    model: DCAR, text: Tensor, mask: Tensor, *, steps: int, guidance: float, temperature: float, noise: Noise,
    ids: Tensor | None = None, scaled: bool = False, trace: Callable[[dict[str, Tensor]], None] | None = None,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """The official MaskGIT loop with constant guidance and annealed logits, all rows in one batch.

    Text states [B,L,D] and their mask [B,L] to final ids [B,N] and both rows' latents [B,N,D] of the last pass. `ids` may
    hold known tokens; the official schedule counts them too, the `scaled` one only the masked. `trace` is told every step.
    """
    rows, n, device = len(text), model.config.tokens, text.device
    ids = torch.full((rows, n), model.mask_id, device=device) if ids is None else ids.clone()
    total = int((ids[0] == model.mask_id).sum()) if scaled else n
    drop = torch.arange(2 * rows, device=device) >= rows
    pair_text, pair_mask = torch.cat([text, text]), torch.cat([mask, mask])

    def gumbel(shape: torch.Size) -> Tensor:
        u = noise.uniform(shape).clamp(min=1e-20)
        return -torch.log(torch.clamp(-torch.log(u), min=1e-20))

    latents = torch.empty(0)
    for step in range(steps):
        ratio = (step + 1) / steps
        heat = temperature * (1 - ratio)
        masked = ids == model.mask_id
        logits, latents = model(torch.cat([ids, ids]), pair_text, pair_mask, drop)
        cond, uncond = logits.float().chunk(2)
        scores = (cond + guidance * (cond - uncond)) / (0.5 + 0.8 * (1 - ratio))
        pick = (scores + heat * gumbel(scores.shape)).argmax(-1)
        sure = scores.gather(-1, pick[..., None])[..., 0]
        ids_new = torch.where(masked, pick, ids)
        sure = torch.where(masked, sure, torch.inf)
        want = math.floor(total * math.acos(ratio) / (math.pi / 2))
        count = max(1, min(int(masked[0].sum()) - 1, want))
        confidence = sure + heat * gumbel(sure.shape)
        cut = confidence.sort(-1).values[:, count - 1 : count]
        before, ids = ids, ids_new if step == steps - 1 else torch.where(confidence <= cut, model.mask_id, ids_new)
        if trace:
            trace(
                {
                    "ids_in": before,
                    "logits": scores,
                    "sampled": ids_new,
                    "confidence": confidence,
                    "ids_out": ids,
                    "count": torch.tensor(count),
                }
            )
    cond, uncond = latents.float().chunk(2)
    return ids, cond, uncond


@torch.no_grad()
def residuals(
    model: DCAR, cond: Tensor, uncond: Tensor, *, steps: int, guidance: float, noise: Noise, temperature: float = 1.0
) -> Tensor:
    """Both rows' latents [B,N,D] to residuals [B,N,C] on the scale of the features."""
    schedule = Schedule(steps).to(cond.device)
    scaled = schedule.sample(model.diffloss.net, cond.flatten(0, 1), uncond.flatten(0, 1), guidance, noise, temperature)
    return scaled.view(*cond.shape[:2], -1) * model.config.vae_scale
