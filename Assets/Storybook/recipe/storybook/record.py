"""Recordings of an exported model, for `dcar verify` to replay: the studio's numbers against PyTorch's.

    python -m storybook.record MODEL FOLDER && dcar verify FOLDER

FOLDER gets a copy of the model's folders beside text, dcht_*, transformer and generate .safetensors with inputs, noise and results
in float32. Inputs of the network are pictures as u8/255*2-1 and prompts as padded ids. The metadata of generate.safetensors
says in `arguments`, as JSON, with which residual_guidance and residual_temperature the head sampled.
"""

from __future__ import annotations

import argparse
import json
import math
import pathlib
import shutil

import torch
from safetensors.torch import save_file
from torch import Tensor

from storybook import model as models
from storybook.dcar import GeneratorConfig, generate, residuals
from storybook.model import Model
from storybook.noise import Noise

PROMPTS = (
    "a red car and a blue balloon on a beach at sunset",
    "three rabbits in the snow at night",
    "",
    "a fox to the left of a pumpkin",
)


def _store(tensors: dict[str, Tensor], path: pathlib.Path, metadata: dict[str, str] | None = None) -> None:
    small = {torch.int64: torch.int32, torch.bool: torch.uint8, torch.float64: torch.float32}
    save_file({k: v.to(small.get(v.dtype, v.dtype)).contiguous().clone() for k, v in tensors.items()}, path, metadata)


def record_text(model: Model) -> dict[str, Tensor]:
    """Padded ids [P,T], their mask and hidden states [P,T,D]."""
    ids = model.words(list(PROMPTS))
    return {"ids": ids, "mask": ids != 0, "hidden": model.encoder(ids).last_hidden_state}


def record_tokenizer(model: Model, height: int, width: int) -> dict[str, Tensor]:
    """A smooth picture with an edge, encoded and decoded on both paths."""
    rows, columns = torch.linspace(0, 1, height)[:, None], torch.linspace(0, 1, width)[None]
    planes = [rows * columns, (1 - rows) * torch.ones_like(columns), 0.5 + 0.5 * torch.sin(9 * columns + 4 * rows)]
    picture = torch.stack([p.expand(height, width) for p in planes], -1)
    picture[height // 3 : height // 2, width // 4 : width // 2] = torch.tensor([0.9, 0.1, 0.1])
    u8 = (picture * 255).to(torch.uint8)
    tokenizer = model.tokenizer
    raw = tokenizer.encoder((u8.permute(2, 0, 1)[None].float() / 255 * 2 - 1).contiguous(memory_format=torch.channels_last))
    features = torch.nn.functional.normalize(raw, dim=1)
    ids = tokenizer.quantize.nearest(features)
    codes = tokenizer.quantize.codes(ids)
    hybrid, discrete = tokenizer.decoder(features), tokenizer.decoder(codes)
    return {
        "image_u8": u8, "encoder_raw": raw, "features": features, "indices": ids, "residual": (features - codes).flatten(2).transpose(1, 2),
        "z_q": codes, "latent_hybrid": features, "decoded_hybrid": hybrid,
        "decoded_hybrid_u8": torch.from_numpy(models.to_pixels(hybrid))[0], "decoded_discrete_u8": torch.from_numpy(models.to_pixels(discrete))[0],
    }  # fmt: skip


def record_transformer(model: Model) -> dict[str, Tensor]:
    """Both rows' logits and latents for half-masked ids of two prompts."""
    out: dict[str, Tensor] = {}
    for case, row in enumerate((0, 3)):
        source = torch.Generator().manual_seed(case)
        ids = torch.randint(model.config.codes, (1, model.config.tokens), generator=source)
        ids = torch.where(torch.rand(ids.shape, generator=source) < 0.5, model.generator.mask_id, ids)
        text, mask = model.text([PROMPTS[row]])
        out |= {f"case{case}.ids": ids, f"case{case}.prompt_rows": torch.tensor([row])}
        for name, drop in (("cond", False), ("uncond", True)):
            logits, latents = model.generator(ids, text, mask, torch.tensor([drop]))
            out |= {f"case{case}.logits_{name}": logits, f"case{case}.latents_{name}": latents}
    return out


def head_arguments(config: GeneratorConfig) -> dict[str, float]:
    """The model's guidance scale and temperature of the residual head."""
    guidance = config.guidance if config.residual_guidance is None else config.residual_guidance
    return {"residual_guidance": float(guidance), "residual_temperature": float(config.residual_temperature)}


def record_run(model: Model, seed: int) -> tuple[dict[str, Tensor], float]:
    """A whole run of the first prompt with the model's defaults, and the smallest gap between two best choices in it."""
    c, tokens, head = model.config, Noise(seed, keep=True), Noise(seed + 1, keep=True)
    out: dict[str, Tensor] = {}
    counts: list[Tensor] = []

    def trace(step: dict[str, Tensor]) -> None:
        counts.append(step.pop("count"))
        number = len(counts) - 1
        keep_logits = number in (0, c.num_steps // 2, c.num_steps - 1)
        out.update({f"step{number:02}.{k}": v for k, v in step.items() if k != "logits" or keep_logits})
        steps.append(step)

    steps: list[dict[str, Tensor]] = []
    text, mask = model.text([PROMPTS[0]])
    ids, cond, uncond = generate(
        model.generator, text, mask, steps=c.num_steps, guidance=c.guidance, temperature=c.temperature, noise=tokens, trace=trace
    )
    own = head_arguments(c)
    guidance, heat = own["residual_guidance"], own["residual_temperature"]
    residual = residuals(model.generator, cond, uncond, steps=c.residual_steps, guidance=guidance, noise=head, temperature=heat)
    ratio = torch.arange(1, c.num_steps + 1) / c.num_steps
    assert tokens.kept is not None and head.kept is not None
    out |= {
        "noise_token": torch.stack(tokens.kept[0::2]), "noise_conf": torch.stack(tokens.kept[1::2]), "noise_init": head.kept[0],
        "noise_diff": torch.stack(head.kept[1:]), "final_ids": ids, "residual": residual, "latents_cond": cond, "latents_uncond": uncond,
        "cfg": torch.full((c.num_steps,), c.guidance), "head_cfg": torch.tensor([guidance]), "mask_counts": torch.stack(counts),
        "temperature": c.temperature * (1 - ratio), "softmax_temperature": 0.5 + 0.8 * (1 - ratio),
        "image_hybrid_u8": torch.from_numpy(model.decode(ids, residual))[0],
    }  # fmt: skip
    gap = math.inf
    for k, step in enumerate(steps):
        heat = c.temperature * (1 - (k + 1) / c.num_steps)
        gumbel = -torch.log(torch.clamp(-torch.log(tokens.kept[2 * k].clamp(min=1e-20)), min=1e-20))
        best = (step["logits"] + heat * gumbel).topk(2, -1).values[step["ids_in"] == model.generator.mask_id]
        gap = min(gap, (best[:, 0] - best[:, 1]).min().item())
        order, cut = step["confidence"].sort(-1).values[0], int(counts[k])
        if k < c.num_steps - 1 and cut < len(order):
            gap = min(gap, (order[cut] - order[cut - 1]).item())
    return out, gap


@torch.no_grad()
def record(source: pathlib.Path, out: pathlib.Path, tries: int = 50) -> None:
    """Writes the recordings; the run is the one of `tries` seeds whose closest choice is the least close."""
    model = models.load(source, torch.device("cpu"))
    out.mkdir(parents=True, exist_ok=True)
    for part in ("dc-ht", "dc-ar", "t5"):
        shutil.copytree(source / part, out / part, dirs_exist_ok=True)
    (out / "text_prompts.json").write_text(json.dumps(PROMPTS, indent=1))
    _store(record_text(model), out / "text.safetensors")
    for height, width in ((128, 128), (96, 160)):
        _store(record_tokenizer(model, height, width), out / f"dcht_{height}x{width}.safetensors")
    _store(record_transformer(model), out / "transformer.safetensors")
    best: dict[str, Tensor] = {}
    widest = -1.0
    for seed in range(tries):
        run, gap = record_run(model, 10 * seed)
        if gap > widest:
            best, widest = run, gap
        if widest > 2e-3:
            break
    _store(best, out / "generate.safetensors", {"arguments": json.dumps(head_arguments(model.config))})
    print(f"{out}: weights {model.hash}, closest choice of the run {widest:.1e}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--tries", type=int, default=50)
    a = parser.parse_args()
    record(a.model, a.out, a.tries)


if __name__ == "__main__":
    main()
