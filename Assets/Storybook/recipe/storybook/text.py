"""The text side: an own SentencePiece vocabulary of the captions, and a small T5 encoder."""

from __future__ import annotations

import base64
import io
import json
import pathlib
import random
from typing import Any

import torch
from torch import Tensor, nn

from storybook.caption import write
from storybook.dcar import GeneratorConfig
from storybook.objects import objects
from storybook.scene import sample_scene


def build_vocabulary(path: pathlib.Path, size: int, captions: int = 40000, seed: int = 1) -> None:
    """Trains spiece.model on captions: unigram pieces, pad 0, </s> 1, <unk> 2, every letter and digit known."""
    import sentencepiece

    rng = random.Random(f"{seed}/vocabulary")
    lines = [write(sample_scene(rng), rng) for _ in range(captions)]
    lines += [noun for thing in objects().values() for pair in thing.names for noun in pair for _ in range(10)]
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=out, vocab_size=size, model_type="unigram", pad_id=0, eos_id=1, unk_id=2, bos_id=-1,
        normalization_rule_name="nmt_nfkc", character_coverage=1.0, required_chars="abcdefghijklmnopqrstuvwxyz0123456789,.-'",
        num_threads=1, minloglevel=1,
    )  # fmt: skip
    path.write_bytes(out.getvalue())


def tokenizer_json(spiece: pathlib.Path) -> dict[str, Any]:
    """The same vocabulary as a fast T5 tokenizer."""
    from sentencepiece import sentencepiece_model_pb2

    model = sentencepiece_model_pb2.ModelProto()
    model.ParseFromString(spiece.read_bytes())
    special = [
        {"id": k, "content": text, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        for k, text in enumerate(("<pad>", "</s>", "<unk>"))
    ]
    metaspace = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True}
    sequence, end = {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}
    other = {"Sequence": {"id": "B", "type_id": 0}}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": special,
        "normalizer": {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(model.normalizer_spec.precompiled_charsmap).decode()},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace]},
        "post_processor": {
            "type": "TemplateProcessing", "single": [sequence, end], "pair": [sequence, end, other, end],
            "special_tokens": {"</s>": {"id": "</s>", "ids": [1], "tokens": ["</s>"]}},
        },
        "decoder": metaspace,
        "model": {"type": "Unigram", "unk_id": 2, "vocab": [[p.piece, p.score] for p in model.pieces], "byte_fallback": False},
    }  # fmt: skip


class Vocabulary:
    """Captions to padded token ids."""

    def __init__(self, spiece: pathlib.Path, length: int) -> None:
        import sentencepiece

        self.processor = sentencepiece.SentencePieceProcessor(model_file=str(spiece))
        self.length = length

    def __call__(self, captions: list[str]) -> Tensor:
        """[B, length], 1 after the last piece, 0 from there on."""
        ids = torch.zeros(len(captions), self.length, dtype=torch.long)
        for row, pieces in zip(ids, self.processor.encode(captions), strict=True):
            kept = [*pieces[: self.length - 1], 1]
            row[: len(kept)] = torch.tensor(kept)
        return ids


def text_encoder(c: GeneratorConfig) -> nn.Module:
    """A T5 encoder of the official kind (ReLU, no biases), at a small size."""
    from transformers import T5Config, T5EncoderModel

    heads = c.text_width // 32
    config = T5Config(
        vocab_size=c.vocabulary, d_model=c.text_width, d_kv=32, num_heads=heads, d_ff=4 * c.text_width, num_layers=c.text_layers,
        dropout_rate=0.0, feed_forward_proj="relu", tie_word_embeddings=True,
    )  # fmt: skip
    return T5EncoderModel(config)


def encoder_json(c: GeneratorConfig) -> dict[str, Any]:
    """T5's config.json."""
    return {
        "architectures": ["T5EncoderModel"], "model_type": "t5", "vocab_size": c.vocabulary, "d_model": c.text_width, "d_kv": 32,
        "d_ff": 4 * c.text_width, "num_layers": c.text_layers, "num_decoder_layers": c.text_layers, "num_heads": c.text_width // 32,
        "relative_attention_num_buckets": 32, "relative_attention_max_distance": 128, "dropout_rate": 0.0, "layer_norm_epsilon": 1e-6,
        "feed_forward_proj": "relu", "dense_act_fn": "relu", "is_gated_act": False, "is_encoder_decoder": True, "pad_token_id": 0,
        "eos_token_id": 1, "decoder_start_token_id": 0, "tie_word_embeddings": True, "torch_dtype": "bfloat16",
    }  # fmt: skip


def states(encoder: nn.Module, ids: Tensor) -> tuple[Tensor, Tensor]:
    """Padded ids [B,T] to text states [B,L,D] and mask [B,L], L the longest caption. The encoder sees the pads, as it does
    officially; what it makes of them is left out."""
    longest = int((ids != 0).sum(-1).max())
    hidden = encoder(ids).last_hidden_state
    return hidden[:, :longest], (ids != 0)[:, :longest]


def write_text_files(folder: pathlib.Path, spiece: pathlib.Path, c: GeneratorConfig) -> None:
    """Everything of the t5 folder but the weights."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "spiece.model").write_bytes(spiece.read_bytes())
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer_json(spiece), ensure_ascii=False))
    (folder / "config.json").write_text(json.dumps(encoder_json(c), indent=2))
    settings = {
        "tokenizer_class": "T5TokenizerFast", "extra_ids": 0, "model_max_length": c.text_length,
        "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>",
    }  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2))
