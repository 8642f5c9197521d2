"""A model folder in the official layout, loaded into PyTorch: pictures from prompts, tokens from pictures."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
import yaml
from safetensors.torch import load_file
from torch import Tensor, nn

from storybook.dcar import DCAR, GeneratorConfig, generate, residuals
from storybook.dcht import DCHT, TokenizerConfig
from storybook.export import fingerprint
from storybook.noise import Noise
from storybook.text import Vocabulary, states, text_encoder


@dataclass(frozen=True)
class Sampling:
    """How to sample; None takes the model's default."""

    steps: int | None = None
    guidance: float | None = None
    temperature: float | None = None
    residual_steps: int | None = None
    residual_guidance: float | None = None
    residual_temperature: float | None = None
    hybrid: bool = True
    scaled: bool = False


@dataclass
class Model:
    tokenizer: DCHT
    generator: DCAR
    encoder: nn.Module
    words: Vocabulary
    device: torch.device
    hash: str
    config: GeneratorConfig = field(init=False)

    def __post_init__(self) -> None:
        self.config = self.generator.config

    def text(self, prompts: list[str]) -> tuple[Tensor, Tensor]:
        """Text states and mask of prompts."""
        return states(self.encoder, self.words(prompts).to(self.device))

    @torch.no_grad()
    def latents(
        self, prompts: list[str], sampling: Sampling, seed: int, known: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        """Prompts to final ids [B,N] and residuals [B,N,C]. `known` holds ids (mask id where wanted) and residuals to keep."""
        c = self.config
        noise = Noise(seed, self.device)
        guidance = c.guidance if sampling.guidance is None else sampling.guidance
        text, mask = self.text(prompts)
        ids, cond, uncond = generate(
            self.generator, text, mask, steps=sampling.steps or c.num_steps, guidance=guidance, noise=noise,
            temperature=c.temperature if sampling.temperature is None else sampling.temperature, ids=known[0] if known else None,
            scaled=sampling.scaled,
        )  # fmt: skip
        if not sampling.hybrid:
            return ids, torch.zeros(*ids.shape, c.channels, device=self.device)
        steps = sampling.residual_steps or c.residual_steps
        asked = c.residual_guidance if sampling.residual_guidance is None else sampling.residual_guidance
        heat = c.residual_temperature if sampling.residual_temperature is None else sampling.residual_temperature
        scale = guidance if asked is None else asked
        made = residuals(self.generator, cond, uncond, steps=steps, guidance=scale, noise=noise, temperature=heat)
        if known:
            made = torch.where((known[0] != self.generator.mask_id)[..., None], known[1], made)
        return ids, made

    @torch.no_grad()
    def decode(self, ids: Tensor, residual: Tensor) -> np.ndarray:
        """Ids [B,N] and residuals [B,N,C] to uint8 [B,H,W,3]; H = W."""
        side = int(ids.shape[1] ** 0.5)
        codes = self.tokenizer.quantize.codes(ids.view(-1, side, side))
        latent = codes + residual.view(-1, side, side, residual.shape[-1]).permute(0, 3, 1, 2)
        return to_pixels(self.tokenizer.decoder(latent.contiguous(memory_format=torch.channels_last)))

    def pictures(self, prompts: list[str], sampling: Sampling, seed: int, batch: int = 32) -> Iterator[np.ndarray]:
        """One picture a prompt, uint8 [H,W,3]; batch k is drawn with its own seed."""
        for start in range(0, len(prompts), batch):
            ids, residual = self.latents(prompts[start : start + batch], sampling, seed * 100_003 + start)
            yield from self.decode(ids, residual)


def to_pixels(decoded: Tensor) -> np.ndarray:
    """Decoded [B,3,H,W] in -1...1 to uint8 [B,H,W,3], truncated as in the official code."""
    return (decoded.float() * 0.5 + 0.5).clamp(0, 1).mul(255).byte().permute(0, 2, 3, 1).cpu().numpy()


def _wide(path: pathlib.Path) -> dict[str, Tensor]:
    return {k: v.float() if v.is_floating_point() else v for k, v in load_file(path).items()}


def load_tokenizer(folder: pathlib.Path, device: torch.device) -> DCHT:
    """DC-HT from dc-ht/, in float32."""
    tokenizer = DCHT(TokenizerConfig.from_json(json.loads((folder / "dc-ht" / "config.json").read_text())))
    tokenizer.load_state_dict(_wide(folder / "dc-ht" / "model.safetensors"))
    return tokenizer.to(device, memory_format=torch.channels_last).eval()


def read_config(folder: pathlib.Path) -> GeneratorConfig:
    """The generator's sizes from dc-ar/config.yaml and t5/config.json."""
    model = yaml.safe_load((folder / "dc-ar" / "config.yaml").read_text())["model"]
    text = json.loads((folder / "t5" / "config.json").read_text())
    g, d, v = model["generator"], model["generator"]["diffusion"], model["vq_model"]
    return GeneratorConfig(
        width=g["hidden_size"], layers=g["num_hidden_layers"], heads=g["num_attention_heads"], tokens=g["image_seq_len"],
        codes=v["codebook_size"], channels=v["token_size"], head_width=d["width"], head_depth=d["depth"],
        text_length=model["text_token_length"], text_width=model["context_dim"], text_layers=text["num_layers"],
        vocabulary=text["vocab_size"], vae_scale=d["vae_scale"], num_steps=g["num_steps"], guidance=g["guidance_scale"],
        temperature=g["randomize_temperature"], residual_steps=int(d["num_sampling_steps"]),
        residual_guidance=d.get("guidance_scale"), residual_temperature=d.get("temperature", 1.0),
    )  # fmt: skip


def load(folder: pathlib.Path, device: torch.device) -> Model:
    """A whole model folder, in float32."""
    config = read_config(folder)
    generator = DCAR(config)
    generator.load_state_dict(_wide(folder / "dc-ar" / "model.safetensors"))
    encoder = text_encoder(config)
    weights = _wide(folder / "t5" / "model.safetensors")
    encoder.load_state_dict({**weights, "encoder.embed_tokens.weight": weights["shared.weight"]})
    words = Vocabulary(folder / "t5" / "spiece.model", config.text_length)
    parts = (generator.to(device).eval(), encoder.to(device).eval())
    return Model(load_tokenizer(folder, device), *parts, words, device, fingerprint(folder))
