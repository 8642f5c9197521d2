"""How well a generator knows the tokens of scenes that it never saw.

    python -m storybook.tokens --sprites sprites.npz --tokenizer RUN/tokenizer/dcht.pt --seed 99 --scenes 512 --out HELD
    python -m storybook.token_loss MODEL HELD

Prints the cross-entropy in nats of masked tokens, without label smoothing, with 30, 70 and 100 % of the tokens masked.
"""

from __future__ import annotations

import argparse
import pathlib

import torch
import torch.nn.functional as F

from storybook import model as models
from storybook import runtime
from storybook.model import Model
from storybook.tokens import TokenFile

SHARES = (0.3, 0.7, 1.0)


@torch.no_grad()
def token_loss(model: Model, file: TokenFile, share: float, batches: int = 8, size: int = 64) -> float:
    """Mean cross-entropy in nats with that share of every scene's tokens masked; the same scenes and masks each time."""
    torch.manual_seed(5)
    total, count = 0.0, 0
    for number in range(batches):
        numbers, *_, captions = file.batch(11, number, size)
        ids = torch.from_numpy(numbers).to(model.device)
        text, mask = model.text(captions)
        masked = (torch.rand(ids.shape).argsort(-1).argsort(-1) < round(share * ids.shape[1])).to(model.device)
        logits, _ = model.generator(torch.where(masked, model.generator.mask_id, ids), text, mask, wanted=masked)
        total += F.cross_entropy(logits, ids[masked], reduction="sum").item()
        count += int(masked.sum())
    return total / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path, help="model folder")
    parser.add_argument("tokens", type=pathlib.Path, help="token file of other scenes than were trained on")
    parser.add_argument("--threads", type=int, default=2)
    a = parser.parse_args()
    place = runtime.start(a.threads)
    model, file = models.load(a.model, place.device), TokenFile(a.tokens)
    for share in SHARES:
        print(f"{share:4.0%} masked: {token_loss(model, file, share):.3f} nats")


if __name__ == "__main__":
    main()
