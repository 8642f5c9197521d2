"""What a scene holds, how scenes are chosen, and how one is drawn.

`sample_scene` chooses the facts, `draw_scene` lays them out and paints them. Both are pure functions of the
random generator they are given, so a scene is named by its seed.
"""

from __future__ import annotations

import functools
import pathlib
import random
from dataclasses import dataclass, replace
from typing import Any

from PIL import Image, ImageDraw

from storybook.backdrop import PLACES, SKYLESS, WEATHERS, draw_backdrop, draw_weather
from storybook.canvas import Canvas
from storybook.objects import objects
from storybook.sprites import COLOURS, sprite
from storybook.world import core_share, is_tidy

# Cells along a side of a tidy scene: the tokens of a picture of 256 pixels.
GRID = 8
# A tidy place is one of so many drawings.
VARIANTS = 4
FLOATING = ("plain", "space", "underwater")
_LAND = ("meadow", "beach", "snow", "desert", "mountains", "city", "forest", "lake")
HABITAT_PLACES: dict[str, tuple[str, ...]] = {
    "ground": (*_LAND, "room"),
    "sky": (*_LAND, "space"),
    "water": ("underwater", "underwater", "beach", "lake"),
    "any": ("room", "meadow", "beach", "snow", "desert", "city", "forest", "space", "underwater"),
}


@dataclass(frozen=True)
class Item:
    """`count` things of one kind. A colour of None is the thing's own; a size is "small", "big" or None."""

    object: str
    colour: str | None = None
    count: int = 1
    size: str | None = None


@dataclass(frozen=True)
class Scene:
    """The facts. `relation` is None, "and", "next", "left" or "above"; the last two read items[0] of items[1]."""

    items: tuple[Item, ...]
    relation: str | None
    place: str
    time: str = "day"
    weather: str = "clear"
    paint: str | None = None


@dataclass(frozen=True)
class Box:
    """Where one thing was drawn: the item's number and its bounds in fractions of the side."""

    item: int
    x0: float
    y0: float
    x1: float
    y1: float


def combinations(scene: Scene) -> list[tuple[str, ...]]:
    """The combinations that can be held out: (colour, object, colour), (place, object, place), (relation, a, b, relation)."""
    found: list[tuple[str, ...]] = []
    for item in scene.items:
        if item.colour:
            found.append(("colour", item.object, item.colour))
        if scene.place != "plain":
            found.append(("place", item.object, scene.place))
    if len(scene.items) == 2 and scene.relation:
        a, b = scene.items[0].object, scene.items[1].object
        if scene.relation in ("left", "above"):
            found.append(("relation", a, b, scene.relation))
        else:
            found.append(("relation", *sorted((a, b)), "beside"))
    return found


@functools.cache
def heldout() -> frozenset[tuple[str, ...]]:
    """The combinations of heldout.txt, which no training scene holds."""
    lines = (pathlib.Path(__file__).parent / "heldout.txt").read_text().splitlines()
    return frozenset(tuple(part.strip() for part in line.split("|")) for line in lines if line and line[0] != "#")


def is_heldout(scene: Scene) -> bool:
    return any(combination in heldout() for combination in combinations(scene))


def sample_scene(rng: random.Random) -> Scene:
    """A training scene: any but those with a held-out combination."""
    while True:
        scene = propose_scene(rng)
        if not is_heldout(scene):
            return scene


def propose_scene(rng: random.Random) -> Scene:
    """A scene, held out or not."""
    kinds = objects()
    share = core_share()
    names = core() if share is not None and rng.random() < share else _names()
    shares = (36, 18, 32, 4, 4, 6) if is_tidy() else (30, 15, 29, 9, 9, 8)
    mode = rng.choices(("one", "count", "two", "groups", "three", "empty"), shares)[0]
    if mode == "empty":
        place = rng.choice([p for p in PLACES if p not in ("plain", "room")])
        return Scene((), None, place, _time(rng, place), _weather(rng, place))
    wanted = {"one": 1, "count": 1, "two": 2, "groups": 2, "three": 3}[mode]
    chosen = rng.sample(names, wanted)
    if mode in ("count", "groups"):
        while not all(kinds[name].countable for name in chosen):
            chosen = rng.sample(names, wanted)
    place = rng.choice(HABITAT_PLACES[kinds[chosen[0]].habitat]) if rng.random() < (0.5 if is_tidy() else 0.68) else "plain"
    items = [Item(name, rng.choice(list(COLOURS)) if kinds[name].tintable and rng.random() < 0.8 else None) for name in chosen]
    relation: str | None = None
    if mode == "one" and rng.random() < 0.24:
        items[0] = replace(items[0], size=rng.choice(("small", "big")))
    elif mode == "count":
        items[0] = replace(items[0], count=rng.choice((2, 2, 3, 3, 4)))
    elif mode == "groups":
        counts = rng.choice(((1, 2), (2, 1), (2, 2), (1, 3), (3, 1), *(() if is_tidy() else ((2, 3), (3, 2)))))
        items = [replace(item, count=count) for item, count in zip(items, counts, strict=True)]
        relation = rng.choice(("and", "and", "left"))
    elif mode == "two":
        upright = place in FLOATING or (kinds[chosen[0]].habitat == "sky" and kinds[chosen[1]].habitat != "sky")
        relation = rng.choice(("and", "next", "left", "left", "above", "above") if upright else ("and", "next", "left", "left"))
    elif mode == "three":
        relation = "and"
    # A plain background is of another colour than the things on it, or a tidy one is paper, which no caption names.
    bare = place != "plain" or (is_tidy() and rng.random() < 0.5)
    paint = None if bare else rng.choice([c for c in COLOURS if c not in {item.colour for item in items}])
    return Scene(tuple(items), relation, place, _time(rng, place), _weather(rng, place), paint)


@functools.cache
def _names() -> list[str]:
    return list(objects())


@functools.cache
def core() -> list[str]:
    lines = (pathlib.Path(__file__).parent / "core.txt").read_text().splitlines()
    return [line for line in lines if line and line[0] != "#"]


def _time(rng: random.Random, place: str) -> str:
    if place in SKYLESS and place != "room":
        return "day"
    return rng.choice(("day", "day", "day", "sunset", "night", "dawn"))


def _weather(rng: random.Random, place: str) -> str:
    if place in SKYLESS or rng.random() < (0.92 if is_tidy() else 0.75):
        return "clear"
    return rng.choice([w for w in WEATHERS if w != "clear" and not (w == "snowfall" and place == "desert")])


def draw_scene(scene: Scene, rng: random.Random, size: int) -> tuple[Image.Image, list[Box]]:
    """Paints a scene `size` pixels square and tells where each thing went."""
    setting = (scene.place, scene.time, scene.weather, scene.paint)
    if is_tidy():
        behind = random.Random()
        image, floor, state = _tidy_backdrop(*setting, rng.randrange(VARIANTS), size)
        image = image.copy()
        behind.setstate(state)
    else:
        canvas, behind = Canvas(size), rng
        floor = draw_backdrop(canvas, *setting, behind)
        image = canvas.image()
    things = _layout(scene, floor, rng)
    put = _put_tidily if is_tidy() else _put
    boxes = [put(image, scene, item, x, y, s, rng) for item, x, y, s in things]
    if scene.weather in ("rain", "snowfall", "fog"):
        front = Canvas(size)
        front.pixels[:] = image
        draw_weather(front, scene.time, scene.weather, behind)
        image = front.image()
    return image, boxes


@functools.lru_cache(maxsize=1024)
def _tidy_backdrop(
    place: str, time: str, weather: str, paint: str | None, variant: int, size: int
) -> tuple[Image.Image, float, tuple[Any, ...]]:
    """One of a place's drawings, the row on which things stand, and what is left of its randomness for the weather."""
    canvas, rng = Canvas(size), random.Random(f"{place}/{variant}")
    floor = draw_backdrop(canvas, place, time, weather, paint, rng)
    return canvas.image(), floor, rng.getstate()


def _layout(scene: Scene, floor: float, rng: random.Random) -> list[tuple[int, float, float, float]]:
    """(item, centre column, centre row, size) of every thing, back to front."""
    items = scene.items
    if not items:
        return []
    if len(items) == 1 and items[0].count == 1:
        usual = (0.42, 0.54) if is_tidy() else (0.34, 0.66)
        size = rng.uniform(*{"small": (0.2, 0.28), "big": (0.72, 0.85), None: usual}[items[0].size])
        column = rng.uniform(0.38, 0.62) if size > 0.4 else rng.uniform(0.25, 0.75)
        return [_stand(scene, 0, column, size, floor, rng)]
    if scene.relation == "above":
        column = rng.uniform(0.4, 0.6)
        places = []
        for k, row in ((0, 0.27), (1, 0.74)):
            size = rng.uniform(0.34, 0.42) * objects()[items[k].object].size ** 0.5
            x, y, s = column + rng.uniform(-0.08, 0.08), row, size
            if k == 1 and scene.place not in FLOATING:
                _, x, y, s = _stand(scene, k, x, size / objects()[items[k].object].size, floor, rng)
            places.append((k, x, y, s))
        return places
    order = list(range(len(items)))
    if scene.relation in ("and", "next"):
        rng.shuffle(order)
    sequence = [k for k in order for _ in range(items[k].count)]
    # One thing may be 0.42 wide beside another; more share the width.
    room = {2: 0.4, 3: 0.29, 4: 0.235, 5: 0.19}[len(sequence)]
    gap = 0.03 if len(items) > 1 and len(sequence) > 3 else 0.0
    shift = rng.uniform(-0.02, 0.02)
    places = []
    for slot, k in enumerate(sequence):
        column = (slot + 0.5) / len(sequence) * (0.98 if len(sequence) == 2 else 1.0) + shift
        column += gap * (order.index(k) - (len(items) - 1) / 2)
        size = room * rng.uniform(0.85, 1.05) / max(1.0, objects()[items[k].object].size ** 0.8)
        places.append(_stand(scene, k, column, size, floor, rng))
    return places


def _stand(scene: Scene, k: int, column: float, size: float, floor: float, rng: random.Random) -> tuple[int, float, float, float]:
    """Puts a thing at a column: in the air, on the water or on the ground, as its habitat has it."""
    thing = objects()[scene.items[k].object]
    size *= thing.size
    if scene.place in ("plain", "space") or (scene.place == "underwater" and thing.habitat != "ground"):
        return k, column, 0.5 if is_tidy() else rng.uniform(0.42, 0.58), size
    if thing.habitat == "sky" and scene.place != "room":
        return k, column, rng.uniform(0.2, 0.42), size
    if thing.habitat == "water" and scene.place in ("beach", "lake"):
        return k, column, floor - 0.16 - size * 0.3, size * 0.8
    return k, column, min(floor - size * 0.42 + rng.uniform(-0.02, 0.05), 0.95 - size * 0.45), size


def _put(image: Image.Image, scene: Scene, k: int, x: float, y: float, size: float, rng: random.Random) -> Box:
    """Pastes one thing, perhaps mirrored and leaning a little, with a shadow when it stands on something."""
    side = image.width
    picture = _sized(scene.items[k], size * side)
    if rng.random() < 0.5:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if rng.random() < 0.5:
        leaning = picture.convert("RGBa").rotate(rng.uniform(-8, 8), Image.Resampling.BICUBIC, expand=True)
        picture = leaning.convert("RGBA")
    left, top = int(x * side - picture.width / 2), int(y * side - picture.height / 2)
    left = min(max(left, 0), max(0, side - picture.width))
    return _paste(image, scene, k, picture, left, top)


def _put_tidily(image: Image.Image, scene: Scene, k: int, x: float, y: float, size: float, rng: random.Random) -> Box:
    """Pastes one thing so that it fills whole cells: two, three, four or six along a side, in the middle of their last row."""
    cells = min((2, 3, 4, 6), key=lambda n: abs(n / GRID - size))
    column, foot = round(x * GRID - cells / 2), round(y * GRID + cells / 2)
    column, foot = min(max(column, 0), GRID - cells), min(max(foot, cells), GRID)
    picture = _sized(scene.items[k], cells / GRID * image.width)
    left = round((column + cells / 2) / GRID * image.width - picture.width / 2)
    return _paste(image, scene, k, picture, left, round(foot / GRID * image.width) - picture.height)


def _sized(item: Item, target: float) -> Image.Image:
    """The sprite with its longer side `target` pixels long."""
    picture = sprite(item.object, item.colour)
    if target > 1.1 * max(picture.size):
        picture = sprite(item.object, item.colour, large=True)
    scale = target / max(picture.size)
    size = (max(4, round(picture.width * scale)), max(4, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.BICUBIC)


def _paste(image: Image.Image, scene: Scene, k: int, picture: Image.Image, left: int, top: int) -> Box:
    """Puts a sprite into the picture, with a shadow when it stands on something."""
    side, (w, h) = image.width, picture.size
    if scene.place not in FLOATING and objects()[scene.items[k].object].habitat in ("ground", "any"):
        shade = [left + w * 0.1, top + h * 0.9, left + w * 0.9, top + h * 1.03]
        ImageDraw.Draw(image, "RGBA").ellipse(shade, fill=(0, 0, 0, 60))
    image.paste(picture, (left, top), picture)
    return Box(k, left / side, top / side, (left + w) / side, (top + h) / side)
