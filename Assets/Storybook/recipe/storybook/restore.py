"""Writes the checkpoints of an exported model, so that its training can go on where the state of the training is lost.

    python -m storybook.restore MODEL RUN

RUN/tokenizer/dcht.pt stands at the start of stage 3, RUN/generator/dcar.pt at step 0. They hold the exported weights and the
vocabulary, but no optimizer: the trainers begin with a fresh one and warm up again. RUN/spiece.model is that vocabulary once
more, for the captions of a pool.
"""

from __future__ import annotations

import argparse
import pathlib

import torch
from torch import nn

from storybook import model as models
from storybook import runtime


def restore(folder: pathlib.Path, out: pathlib.Path) -> None:
    """Checkpoints and vocabulary from the model in `folder`, where `storybook.build --out` looks for them."""
    spiece = (folder / "t5" / "spiece.model").read_bytes()
    model = models.load(folder, torch.device("cpu"))
    weights = model.tokenizer.state_dict()
    tokenizer = {
        "stage": 3, "stage_step": 0, "step": 0, "model": weights, "average": weights,
        "used": torch.ones(model.config.codes), "config": model.tokenizer.config.json(),
    }  # fmt: skip
    weights = nn.ModuleDict({"dcar": model.generator, "t5": model.encoder}).state_dict()
    generator = {
        "step": 0, "config": model.config.plain(), "model": weights, "average": weights,
        "spiece": spiece,
    }  # fmt: skip
    for path, state in ((out / "tokenizer" / "dcht.pt", tokenizer), (out / "generator" / "dcar.pt", generator)):
        path.parent.mkdir(parents=True, exist_ok=True)
        runtime.save(path, state)
    (out / "spiece.model").write_bytes(spiece)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path, help="model folder")
    parser.add_argument("out", type=pathlib.Path, help="folder of all training state")
    a = parser.parse_args()
    restore(a.model, a.out)


if __name__ == "__main__":
    main()
