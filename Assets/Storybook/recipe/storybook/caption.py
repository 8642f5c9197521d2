"""Scenes in words, and words back to facts.

`write` says a scene in one of many ways; whatever it says is true of the scene. `read` takes a caption apart again
with the same vocabulary; the tests compare the two, and StoryEval's prompts and the studio's word list come from it.
"""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Iterable
from dataclasses import dataclass

from storybook.backdrop import SKYLESS
from storybook.objects import objects
from storybook.scene import Item, Scene
from storybook.sprites import COLOURS
from storybook.world import is_tidy

NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4}
SIZES = {"small": ("small", "tiny", "little"), "big": ("big", "large", "huge")}
PLACE_PHRASES: dict[str, tuple[str, ...]] = {
    "meadow": ("in a meadow", "on a green field", "on a grassy hill", "on the grass"),
    "beach": ("on a beach", "on the beach", "by the sea", "on a sandy beach", "at the seaside"),
    "snow": ("in the snow", "on a snowy field", "in a snowy landscape"),
    "desert": ("in a desert", "in the desert", "among sand dunes"),
    "mountains": ("in front of mountains", "in the mountains"),
    "city": ("in a city", "in the city", "on a city street"),
    "forest": ("in a forest", "in the forest", "among pine trees", "in the woods"),
    "underwater": ("under water", "underwater", "in the deep sea", "under the sea"),
    "space": ("in outer space", "in space", "among the stars"),
    "room": ("in a room", "indoors", "inside a room"),
    "lake": ("by a lake", "at a lake", "by the lake"),
}
PLACE_NOUNS: dict[str, tuple[str, ...]] = {
    "meadow": ("a meadow", "a green field"), "beach": ("a beach", "the seaside"), "snow": ("a snowy landscape", "a snowy field"),
    "desert": ("a desert", "sand dunes"), "mountains": ("mountains", "a mountain landscape"), "city": ("a city", "a city street"),
    "forest": ("a forest", "the woods"), "underwater": ("the deep sea", "the sea floor"), "space": ("outer space", "a starry sky"),
    "lake": ("a lake", "the lake"),
}  # fmt: skip
PLACE_TAGS = {
    "meadow": "meadow", "beach": "beach", "snow": "snow", "desert": "desert", "mountains": "mountains", "city": "city",
    "forest": "forest", "underwater": "underwater", "space": "space", "room": "room", "lake": "lake",
}  # fmt: skip
TIME_PHRASES = {
    "day": ("by day", "in the daytime"),
    "dawn": ("at dawn", "at sunrise", "in the early morning"),
    "sunset": ("at sunset", "at dusk", "in the evening"),
    "night": ("at night", "by night", "at midnight"),
}
TIME_TAGS = {"dawn": "dawn", "sunset": "sunset", "night": "night"}
WEATHER_PHRASES = {
    "rain": ("in the rain", "on a rainy day", "while it rains"),
    "snowfall": ("under falling snow", "while it snows", "on a snowy day"),
    "fog": ("in the fog", "on a foggy day", "in the mist"),
    "rainbow": ("with a rainbow", "under a rainbow", "and a rainbow in the sky"),
}
WEATHER_TAGS = {"rain": "rain", "snowfall": "snowing", "fog": "fog", "rainbow": "rainbow"}
# Relation words and whether they name the second item first.
RELATIONS: dict[str, tuple[str, bool]] = {
    "to the left of": ("left", False), "left of": ("left", False), "on the left of": ("left", False),
    "to the right of": ("left", True), "right of": ("left", True), "on the right of": ("left", True),
    "above": ("above", False), "over": ("above", False), "below": ("above", True), "beneath": ("above", True),
    "next to": ("next", False), "beside": ("next", False), "near": ("next", False), "and": ("and", False), "with": ("and", False),
}  # fmt: skip
_OPENINGS = ("a picture of", "an illustration of", "a drawing of", "a scene with")


@dataclass(frozen=True)
class Facts:
    """What a caption says; None where it says nothing."""

    items: tuple[Item, ...]
    relation: str | None = None
    place: str | None = None
    time: str | None = None
    weather: str | None = None
    paint: str | None = None


def article(words: str) -> str:
    """The words with "a" or "an" in front."""
    return ("an " if words[0] in "aeiou" and not words.startswith(("uni", "uf")) else "a ") + words


def noun_phrase(item: Item, rng: random.Random, bare: bool = False) -> str:
    """An item in words, such as "three small red cars"; `bare` leaves out the article."""
    thing = objects()[item.object]
    one, many = thing.names[0] if rng.random() < 0.72 else rng.choice(thing.names)
    words = [rng.choice(SIZES[item.size])] if item.size else []
    if item.colour:
        words.append(item.colour)
    if item.count > 1:
        number = str(item.count) if rng.random() < 0.12 else next(n for n, k in NUMBERS.items() if k == item.count)
        return " ".join([number, *words, many])
    text = " ".join([*words, one])
    if bare or one == many and not thing.countable:
        return text
    choice = rng.random()
    return f"one {text}" if choice < 0.04 and thing.countable else f"the {text}" if choice < 0.08 else article(text)


def write(scene: Scene, rng: random.Random, typos: float = 0.02) -> str:
    """A caption of the scene. With probability `typos` one of its words is misspelt."""
    text = _terse(scene, rng) if rng.random() < 0.1 else _sentence(scene, rng)
    return mistype(text, rng) if rng.random() < typos else text


def _unsaid(share: float) -> float:
    """How often a caption leaves something out: never in the tidy world, where what is unsaid is as usual (paper, by day)."""
    return 0.0 if is_tidy() else share


def _setting(scene: Scene, rng: random.Random) -> tuple[str, str, str]:
    """Place, time and weather phrases; each may be left unsaid."""
    place = "" if scene.place == "plain" or rng.random() < _unsaid(0.1) else rng.choice(PLACE_PHRASES[scene.place])
    time = ""
    usual = scene.time == "day"
    if not usual and rng.random() >= _unsaid(0.08) or usual and scene.place not in SKYLESS and rng.random() < 0.06:
        time = rng.choice(TIME_PHRASES[scene.time])
    weather = rng.choice(WEATHER_PHRASES[scene.weather]) if scene.weather != "clear" and rng.random() >= _unsaid(0.08) else ""
    return place, time, weather


def setting(scene: Scene) -> str:
    """The place, time and weather of a scene in the plainest words, as far as they are not as usual."""
    words = [] if scene.place == "plain" else [PLACE_PHRASES[scene.place][0]]
    if scene.paint:
        words.append(f"on {article(scene.paint)} background")
    if scene.time != "day":
        words.append(TIME_PHRASES[scene.time][0])
    if scene.weather != "clear":
        words.append(WEATHER_PHRASES[scene.weather][0])
    return " ".join(words)


def _sentence(scene: Scene, rng: random.Random) -> str:
    place, time, weather = _setting(scene, rng)
    if not scene.items:
        return " ".join(part for part in (rng.choice(PLACE_NOUNS[scene.place]), time, weather) if part)
    subject = _subject(scene, rng)
    if scene.place == "plain":
        paint = scene.paint
        if paint is None or rng.random() < _unsaid(0.15):
            return _opened(subject, rng)
        ending = rng.choice(
            (f" on {article(paint)} background", f", {paint} background", f" against {article(paint)} background")
        )
        return _opened(subject, rng) + ending
    around = [part for part in ((time, place, weather) if rng.random() < 0.1 else (place, time, weather)) if part]
    if around and rng.random() < 0.14 and not around[-1].startswith("and"):
        return " ".join(around) + ", " + subject
    return " ".join([_opened(subject, rng), *around])


def _opened(subject: str, rng: random.Random) -> str:
    return f"{rng.choice(_OPENINGS)} {subject}" if rng.random() < 0.06 else subject


def _subject(scene: Scene, rng: random.Random) -> str:
    phrases = [noun_phrase(item, rng) for item in scene.items]
    if len(phrases) == 1:
        return phrases[0]
    if len(phrases) == 3:
        order = rng.sample(phrases, 3)
        return f"{order[0]}, {order[1]}{',' if rng.random() < 0.3 else ''} and {order[2]}"
    first, second = phrases
    if scene.relation in ("and", "next") and rng.random() < 0.5:
        first, second = second, first
    if scene.relation == "left" and rng.random() < 0.12:
        return f"{first} on the left and {second} on the right"
    words = rng.choice([w for w, (relation, _) in RELATIONS.items() if relation == scene.relation])
    if words == "with" and rng.random() < 0.6:
        words = "and"
    return f"{second} {words} {first}" if RELATIONS[words][1] else f"{first} {words} {second}"


def _terse(scene: Scene, rng: random.Random) -> str:
    """A list of tags, which says nothing about who is left of whom."""
    tags = [noun_phrase(item, rng, bare=True) for item in scene.items]
    if scene.place == "plain":
        tags += [f"{scene.paint} background"] if scene.paint and rng.random() >= _unsaid(0.2) else []
    else:
        tags.append(PLACE_TAGS[scene.place])
    tags += [TIME_TAGS[scene.time]] if scene.time != "day" else []
    tags += [WEATHER_TAGS[scene.weather]] if scene.weather != "clear" else []
    return ", ".join(tags)


def mistype(text: str, rng: random.Random) -> str:
    """The text with one letter of one longer word dropped, doubled or swapped with the next."""
    spots = list(re.finditer(r"[a-z]{4,}", text))
    if not spots:
        return text
    word = rng.choice(spots)
    at = rng.randrange(word.start() + 1, word.end() - 1)
    change = rng.randrange(3)
    if change == 0:
        return text[:at] + text[at + 1 :]
    if change == 1:
        return text[:at] + text[at] + text[at:]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


@functools.cache
def _lexicon() -> list[tuple[str, str, object]]:
    """(phrase, kind, meaning), longest phrase first."""
    words: list[tuple[str, str, object]] = [(a, "article", 1) for a in ("a", "an", "the")]
    words += [(word, "number", k) for word, k in NUMBERS.items()] + [(str(k), "number", k) for k in NUMBERS.values()]
    words += [(word, "size", size) for size, group in SIZES.items() for word in group]
    words += [(colour, "colour", colour) for colour in COLOURS] + [("background", "background", None)]
    words += [(word, "relation", meaning) for word, meaning in RELATIONS.items()]
    words += [
        ("on the left and", "relation", ("left", False)),
        ("on the right", "skip", None),
        ("on", "skip", None),
        ("against", "skip", None),
    ]
    words += [(word, "skip", None) for word in (*_OPENINGS, ",")]
    for name, thing in objects().items():
        for one, many in thing.names:
            words += [(one, "object", name), (many, "object", name)]
    for kind, tables in (("place", (PLACE_PHRASES, PLACE_NOUNS)), ("time", (TIME_PHRASES,)), ("weather", (WEATHER_PHRASES,))):
        words += [(phrase, kind, key) for table in tables for key, phrases in table.items() for phrase in phrases]
    for kind, tags in (("place", PLACE_TAGS), ("time", TIME_TAGS), ("weather", WEATHER_TAGS)):
        words += [(phrase, kind, key) for key, phrase in tags.items()]
    return sorted(words, key=lambda entry: -len(entry[0]))


@functools.cache
def _patterns() -> list[tuple[re.Pattern[str], str, object]]:
    return [(re.compile(re.escape(p) + (r"(?![\w-])" if p != "," else "")), kind, meaning) for p, kind, meaning in _lexicon()]


def vocabulary() -> list[str]:
    """Every word a caption can hold, for the studio's word check."""
    return sorted({word for phrase, _, _ in _lexicon() for word in phrase.split() if word != ","})


def _tokens(text: str) -> Iterable[tuple[str, object]]:
    at = 0
    while at < len(text):
        if text[at] == " ":
            at += 1
            continue
        for pattern, kind, meaning in _patterns():
            match = pattern.match(text, at)
            wrong = "object" if match and _adjective(text, match.end()) else "colour"
            if match and not (meaning == "orange" and kind == wrong):
                yield kind, meaning
                at = match.end()
                break
        else:
            raise ValueError(f"'{text[at:].split()[0]}' in '{text}' is not a word of the Storybook world.")


def _adjective(text: str, end: int) -> bool:
    """True when what follows "orange" makes it a colour: a noun or "background"."""
    rest = text[end:].lstrip()
    return any(k in ("object", "background") and p.match(rest) for p, k, _ in _patterns())


def read(text: str) -> Facts:
    """The facts that a caption (without typos) states."""
    items: list[Item] = []
    relation: str | None = None
    swap = False
    said: dict[str, str] = {}
    count, colour, size = 1, None, None
    for kind, meaning in _tokens(text.lower()):
        if kind == "number":
            count = int(str(meaning))
        elif kind == "colour":
            colour = str(meaning)
        elif kind == "size":
            size = str(meaning)
        elif kind == "background":
            said["paint"], colour = str(colour), None
        elif kind == "object":
            items.append(Item(str(meaning), colour, count, size))
            count, colour, size = 1, None, None
        elif kind == "relation" and isinstance(meaning, tuple):
            relation, swap = meaning
        elif kind in ("place", "time", "weather"):
            said[kind] = str(meaning)
    if len(items) < 2:
        relation = None
    if swap:
        items.reverse()
    return Facts(tuple(items), relation, **said)
