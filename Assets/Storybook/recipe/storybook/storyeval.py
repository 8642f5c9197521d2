"""StoryEval: GenEval's protocol (Ghosh et al., 2023) on the Storybook world.

    python -m storybook.storyeval MODEL --sprites sprites.npz --detector RUN/detector.pt --images 4

553 prompts in GenEval's six categories and sizes; where a category has combinations that can be held out, half of its
prompts use them. The detector judges as GenEval does: every thing that was asked for, in its number, colour and place.

The studio's own pictures are judged with the same prompts, one picture a prompt:

    python -m storybook.storyeval --list prompts.txt
    dcar generate --prompt-file prompts.txt -o pictures/{n:4}.png
    python -m storybook.storyeval --pictures pictures --sprites sprites.npz --detector RUN/detector.pt
"""

from __future__ import annotations

import argparse
import json
import pathlib
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image

from storybook import data, detector, metrics, runtime, sprites
from storybook import model as models
from storybook.caption import NUMBERS, article
from storybook.data import to_signal
from storybook.detector import Detector, Found
from storybook.model import Model, Sampling
from storybook.objects import objects
from storybook.runtime import Place
from storybook.sample import sheet
from storybook.scene import Item, core, heldout
from storybook.sprites import COLOURS

SIZES = {"single object": 80, "two objects": 99, "counting": 80, "colours": 94, "position": 100, "colour attribution": 100}


@dataclass(frozen=True)
class Prompt:
    """A prompt and what its picture must show."""

    category: str
    text: str
    items: tuple[Item, ...]
    relation: str | None
    heldout: bool


def _say(item: Item) -> str:
    thing = objects()[item.object]
    if item.count > 1:
        number = next(word for word, k in NUMBERS.items() if k == item.count)
        return f"{number} {thing.names[0][1]}"
    words = f"{item.colour} {item.object}" if item.colour else item.object
    return article(words) if thing.countable else words


def prompts(seed: int = 553, kinds: Sequence[str] | None = None) -> list[Prompt]:
    """The 553 prompts, in the order of their categories, on all things or on some."""
    rng = random.Random(seed)
    names = [n for n in objects() if kinds is None or n in kinds]
    tintable = [n for n in names if objects()[n].tintable]
    countable = [n for n in names if objects()[n].countable]
    held = sorted(c for c in heldout() if all(n in names for n in c[1 : 3 if c[0] == "relation" else 2]))
    pairs = {kind: [c for c in held if c[0] == "relation" and c[3] == kind] for kind in ("beside", "left", "above")}
    tints = [c[1:] for c in held if c[0] == "colour"]
    found: list[Prompt] = []

    def free_tint(name: str) -> str:
        return rng.choice([c for c in COLOURS if ("colour", name, c) not in heldout()])

    singles = rng.sample(names, min(len(names), SIZES["single object"]))
    singles += rng.choices(names, k=SIZES["single object"] - len(singles))
    for name in singles:
        item = Item(name)
        found.append(Prompt("single object", _say(item), (item,), None, False))
    for k in range(SIZES["two objects"]):
        a, b = rng.choice(pairs["beside"])[1:3] if k % 2 else _free_pair(rng, names, "beside")
        items = (Item(a), Item(b))
        found.append(Prompt("two objects", f"{_say(items[0])} and {_say(items[1])}", items, None, bool(k % 2)))
    for k in range(SIZES["counting"]):
        item = Item(rng.choice(countable), None, 2 + k % 3)
        found.append(Prompt("counting", _say(item), (item,), None, False))
    for k in range(SIZES["colours"]):
        name, colour = rng.choice(tints) if k % 2 else ("", "")
        if not k % 2:
            name = rng.choice(tintable)
            colour = free_tint(name)
        item = Item(name, colour)
        found.append(Prompt("colours", _say(item), (item,), None, bool(k % 2)))
    for k in range(SIZES["position"]):
        kind = ("left", "above")[k // 2 % 2]
        a, b = rng.choice(pairs[kind])[1:3] if k % 2 else _free_pair(rng, names, kind)
        items = (Item(a), Item(b))
        if k % 4 < 2:
            words = {"left": "to the left of", "above": "above"}[kind]
            text = f"{_say(items[0])} {words} {_say(items[1])}"
        else:
            words = {"left": "to the right of", "above": "below"}[kind]
            text = f"{_say(items[1])} {words} {_say(items[0])}"
        found.append(Prompt("position", text, items, kind, bool(k % 2)))
    for k in range(SIZES["colour attribution"]):
        a, b = rng.sample(tintable, 2)
        colours = [free_tint(a), free_tint(b)]
        if k % 2:
            a, colours[0] = rng.choice([t for t in tints if t[0] != b])
        items = (Item(a, colours[0]), Item(b, colours[1]))
        found.append(Prompt("colour attribution", f"{_say(items[0])} and {_say(items[1])}", items, None, bool(k % 2)))
    return found


def some(asked: list[Prompt], limit: int | None) -> list[Prompt]:
    """So many prompts, evenly over the categories; in pairs, as every second one may be held out. None means all."""
    if limit is None:
        return asked
    pairs = [asked[k : k + 2] for k in range(0, len(asked), 2)]
    wanted = (limit + 1) // 2
    return [p for k in range(wanted) for p in pairs[k * len(pairs) // wanted]][:limit]


def _free_pair(rng: random.Random, names: Sequence[str], kind: str) -> tuple[str, str]:
    while True:
        a, b = rng.sample(names, 2)
        if ("relation", a, b, kind) not in heldout() and ("relation", b, a, kind) not in heldout():
            return a, b


def correct(prompt: Prompt, found: list[Found]) -> bool:
    """GenEval's verdict on one picture."""
    places: list[Found] = []
    for item in prompt.items:
        same = [f for f in found if f.object == item.object]
        if len(same) < item.count or (prompt.category == "counting" and len(same) != item.count):
            return False
        if item.colour:
            same = [f for f in same if f.colour == item.colour]
            if not same:
                return False
        places.append(same[0])
    if prompt.relation == "left":
        return places[0].x < places[1].x - 0.05
    if prompt.relation == "above":
        return places[0].y < places[1].y - 0.05
    return True


def score(verdicts: list[tuple[Prompt, bool]]) -> dict[str, Any]:
    """Shares of right pictures by category, their mean, and the same for trained and held-out combinations."""
    report: dict[str, Any] = {}
    for name, wanted in (("all", (False, True)), ("trained", (False,)), ("held out", (True,))):
        chosen = [(p, ok) for p, ok in verdicts if p.heldout in wanted]
        table: dict[str, Any] = {}
        for category in SIZES:
            answers = [ok for p, ok in chosen if p.category == category]
            if answers:
                share = sum(answers) / len(answers)
                table[category] = {
                    "right": round(share, 4),
                    "pictures": len(answers),
                    "95 %": round(metrics.interval(share, len(answers)), 4),
                }
        if table:
            table["overall"] = round(sum(row["right"] for row in table.values()) / len(table), 4)
        report[name] = table
    return report


@torch.no_grad()
def evaluate(
    model: Model, judge: Detector, place: Place, sampling: Sampling, images: int = 4, seed: int = 0, limit: int | None = None,
    batch: int = 32, gallery: pathlib.Path | None = None, real: np.ndarray | None = None, kinds: Sequence[str] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Runs the protocol; `limit` takes only so many prompts, evenly over the categories; `real` is what
    `real_features` gave, where several evaluations share it."""
    chosen = some(prompts(kinds=kinds), limit)
    rounds = (list(model.pictures([p.text for p in chosen], sampling, seed + image, batch)) for image in range(images))
    about = {"weights": model.hash, "things": len(kinds or objects()), "images": images, "seed": seed, "sampling": vars(sampling)}
    return {**about, **judged(chosen, rounds, judge, place, batch, gallery, real)}


@torch.no_grad()
def judged(
    chosen: list[Prompt], rounds: Iterable[list[np.ndarray]], judge: Detector, place: Place, batch: int = 32,
    gallery: pathlib.Path | None = None, real: np.ndarray | None = None,
) -> dict[str, Any]:  # fmt: skip
    """What the detector says of pictures [H,W,3]: in every round one of each prompt, in order."""
    verdicts: list[tuple[Prompt, bool]] = []
    made: list[np.ndarray] = []
    size = 0
    for number, pictures in enumerate(rounds):
        size = pictures[0].shape[0]
        if gallery and number == 0:
            sheet(pictures[:64], 8).save(gallery)
        for start in range(0, len(pictures), batch):
            part = np.stack(pictures[start : start + batch]).transpose(0, 3, 1, 2)
            signal = to_signal(np.ascontiguousarray(part), place.device)
            verdicts += [(p, correct(p, f)) for p, f in zip(chosen[start : start + batch], judge.find(signal), strict=True)]
            made.append(judge.features(signal).cpu().numpy())
    real = real_features(judge, place, size, len(verdicts)) if real is None else real
    gfid = round(metrics.frechet(real, np.concatenate(made)), 4)
    return {"prompts": len(chosen), "size": size, "gfid": gfid, **score(verdicts)}


def folder_pictures(folder: pathlib.Path, count: int) -> list[np.ndarray]:
    """The PNGs of a folder in the order of their names.

    Raises ValueError where there are not `count`.
    """
    paths = sorted(folder.glob("*.png"))
    if len(paths) != count:
        raise ValueError(f"{folder} has {len(paths)} PNGs; it must have one for each of {count} prompts")
    return [np.asarray(Image.open(path).convert("RGB")) for path in paths]


@torch.no_grad()
def real_features(judge: Detector, place: Place, size: int, count: int, workers: int = 0) -> np.ndarray:
    """Features of `count` drawn scenes, against which generated ones are compared."""
    parts = [judge.features(to_signal(part, place.device)) for part in data.scenes("gfid", size, count, 32, workers)]
    return torch.cat(parts).cpu().numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path, nargs="?")
    parser.add_argument("--list", type=pathlib.Path, help="write the prompts there, one a line, and do no more")
    parser.add_argument("--pictures", type=pathlib.Path, help="judge the PNGs of a folder instead of sampling a model")
    parser.add_argument("--sprites")
    parser.add_argument("--detector", type=pathlib.Path)
    parser.add_argument("--images", type=int, default=4, help="pictures a prompt")
    parser.add_argument("--limit", type=int, help="so many prompts only")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--discrete", action="store_true")
    parser.add_argument("--core", action="store_true", help="only things of core.txt, which the tidy world shows most")
    parser.add_argument("--gallery", type=pathlib.Path, help="where to write the first 64 pictures")
    parser.add_argument("--threads", type=int, default=2)
    a = parser.parse_args()
    kinds = core() if a.core else None
    if a.list:
        a.list.write_text("".join(f"{p.text}\n" for p in prompts(kinds=kinds)))
        return
    if not a.sprites or not a.detector or (a.model is None) == (a.pictures is None):
        parser.error("give --sprites, --detector, and either MODEL or --pictures")
    sprites.load(a.sprites)
    place = runtime.start(a.threads)
    judge = detector.load(a.detector, place)
    if a.pictures:
        chosen = prompts(kinds=kinds)
        report = judged(chosen, [folder_pictures(a.pictures, len(chosen))], judge, place, gallery=a.gallery)
    else:
        model, sampling = models.load(a.model, place.device), Sampling(hybrid=not a.discrete)
        report = evaluate(model, judge, place, sampling, a.images, a.seed, a.limit, gallery=a.gallery, kinds=kinds)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
