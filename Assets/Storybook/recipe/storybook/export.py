"""Writes trained weights in the official folder layout: dc-ht/, dc-ar/ and t5/.

    python -m storybook.export --tokenizer RUN/dcht.pt --generator RUN/dcar.pt --out MODEL

Averaged weights; matrices in bfloat16, vectors in float32. Beside them vocabulary.txt, every word of the world,
examples.txt, a page of prompts, and SHA256SUMS, which `sha256sum -c` and the studio's model.verify read.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import pathlib

import torch
from safetensors.torch import save_file
from torch import Tensor

from storybook.caption import vocabulary
from storybook.dcar import GeneratorConfig
from storybook.text import write_text_files


def compact(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Matrices to bfloat16; everything one-dimensional stays as it is."""
    return {
        k: (v.to(torch.bfloat16) if v.is_floating_point() and v.dim() > 1 else v).cpu().contiguous().clone()
        for k, v in sorted(state.items())
    }


def generator_yaml(c: GeneratorConfig) -> str:
    """The official config.yaml with this model's sizes and sampling defaults; keys of ours only where they say something."""
    ours = "" if c.residual_guidance is None else f"      guidance_scale: {c.residual_guidance}\n"
    ours += "" if c.residual_temperature == 1 else f"      temperature: {c.residual_temperature}\n"
    return f"""experiment:
  tokenizer_checkpoint: dc-ht
  generator_checkpoint: dc-ar/model.safetensors
model:
  type: vq_dc_ae
  hybrid: true
  quantizer_type: hybrid_vq
  vq_model:
    type: vq_dc_ae
    codebook_size: {c.codes}
    token_size: {c.channels}
    num_latent_tokens: {c.tokens}
  generator:
    type: maskgit_t2i
    model_type: DCAR
    hidden_size: {c.width}
    num_hidden_layers: {c.layers}
    num_attention_heads: {c.heads}
    intermediate_size: {4 * c.width}
    attn_type: flash
    ffn_type: mlp
    qk_norm: true
    num_steps: {c.num_steps}
    image_seq_len: {c.tokens}
    drop_path: 0.0
    guidance_scale_pow: 2.5
    randomize_temperature: {c.temperature}
    guidance_scale: {c.guidance}
    guidance_decay: constant
    diffusion:
      width: {c.head_width}
      depth: {c.head_depth}
      sampler: iddpm
      num_sampling_steps: '{c.residual_steps}'
      batch_mul: 4
      vae_scale: {c.vae_scale:.6f}
{ours}  text_model: t5
  text_token_length: {c.text_length}
  context_dim: {c.text_width}
  use_llm_system_prompt: false
dataset:
  eval:
    resolution: {int(c.tokens**0.5) * 32}
    mean: 0.5
    std: 0.5
"""


def export_tokenizer(checkpoint: pathlib.Path, out: pathlib.Path) -> None:
    """dc-ht/ from a checkpoint of storybook.train_dcht."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    folder = out / "dc-ht"
    folder.mkdir(parents=True, exist_ok=True)
    save_file(compact(state["average"]), folder / "model.safetensors", {"format": "pt"})
    (folder / "config.json").write_text(json.dumps(state["config"], indent=2) + "\n")


def export_generator(checkpoint: pathlib.Path, out: pathlib.Path) -> None:
    """dc-ar/ and t5/ from a checkpoint of storybook.train_dcar."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    config = GeneratorConfig(**state["config"])
    folder = out / "dc-ar"
    folder.mkdir(parents=True, exist_ok=True)
    parts: dict[str, dict[str, Tensor]] = {"dcar": {}, "t5": {}}
    for key, value in state["average"].items():
        part, _, name = key.partition(".")
        parts[part][name] = value
    parts["t5"].pop("encoder.embed_tokens.weight", None)
    save_file(compact(parts["dcar"]), folder / "model.safetensors", {"format": "pt"})
    (folder / "config.yaml").write_text(generator_yaml(config))
    spiece = out / "spiece.new"
    spiece.write_bytes(state["spiece"])
    write_text_files(out / "t5", spiece, config)
    spiece.unlink()
    save_file(compact(parts["t5"]), out / "t5" / "model.safetensors", {"format": "pt"})
    (out / "vocabulary.txt").write_text("\n".join(vocabulary()) + "\n")
    (out / "examples.txt").write_text((pathlib.Path(__file__).parent / "examples.txt").read_text())


def write_sums(folder: pathlib.Path) -> None:
    """SHA256SUMS of every other file, as sha256sum writes it."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "SHA256SUMS")
    sums = (f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(folder)}" for p in files)
    (folder / "SHA256SUMS").write_text("\n".join(sums) + "\n")


def fingerprint(folder: pathlib.Path) -> str:
    """The first 12 digits of the SHA-256 over all weights, by which the model card names them."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*/model.safetensors")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokenizer", type=pathlib.Path, required=True)
    parser.add_argument("--generator", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    a = parser.parse_args()
    export_tokenizer(a.tokenizer, a.out)
    export_generator(a.generator, a.out)
    write_sums(a.out)
    size = sum(p.stat().st_size for p in a.out.rglob("*.safetensors")) / 2**20
    print(f"{a.out}: {size:.1f} MiB of weights, {fingerprint(a.out)}")


if __name__ == "__main__":
    main()
