"""Places, times of day and weather: everything in a scene that is not an object."""

from __future__ import annotations

import colorsys
import random
from collections.abc import Callable

import numpy as np

from storybook.canvas import Canvas, Colour
from storybook.sprites import COLOURS

TIMES = ("day", "dawn", "sunset", "night")
WEATHERS = ("clear", "rain", "snowfall", "fog", "rainbow")
# Places without a sky have neither time of day (a room has, through its window) nor weather.
SKYLESS = ("plain", "room", "underwater", "space")
_SKY: dict[str, list[tuple[float, Colour]]] = {
    "day": [(0, (88, 170, 240)), (0.6, (170, 220, 250)), (1, (215, 240, 252))],
    "sunset": [(0, (80, 60, 130)), (0.35, (225, 105, 110)), (0.6, (252, 175, 95)), (1, (255, 220, 140))],
    "night": [(0, (12, 16, 48)), (0.6, (30, 38, 88)), (1, (58, 66, 120))],
    "dawn": [(0, (120, 150, 220)), (0.4, (235, 180, 205)), (0.7, (255, 215, 190)), (1, (255, 235, 210))],
}
PAPER: Colour = (250, 242, 222)
_LIGHT = {"day": (1, 1, 1), "sunset": (0.92, 0.72, 0.66), "night": (0.34, 0.38, 0.55), "dawn": (0.95, 0.88, 0.92)}


def tint(colour: Colour, time: str) -> np.ndarray:
    """A colour as it looks at a time of day."""
    return np.array(colour, np.float32) * np.array(_LIGHT[time], np.float32)


def _hsv(hue: float, saturation: float, value: float) -> np.ndarray:
    return np.array(colorsys.hsv_to_rgb(hue, saturation, value), np.float32) * 255


def _ridge(size: int, base: float, height: float, rng: random.Random) -> np.ndarray:
    """A wavy skyline around row `base`: one row fraction per column."""
    x, wave = np.linspace(0, 1, size), np.zeros(size)
    for k in range(1, 4):
        wave += np.sin(2 * np.pi * (x * k * rng.uniform(0.5, 1.2) + rng.random())) * height / k**1.1
    return base - wave / 2


def _stars(canvas: Canvas, rng: random.Random, count: int, lowest: float) -> None:
    with canvas.pen() as pen:
        for _ in range(count):
            r = rng.choice([0.002, 0.003, 0.005])
            pen.oval(rng.random(), rng.random() * lowest, r, r, (255, 252, rng.randint(190, 255)))


def _sky(canvas: Canvas, time: str, weather: str, horizon: float, rng: random.Random) -> None:
    canvas.gradient([(row * horizon, colour) for row, colour in _SKY[time]] + [(1, _SKY[time][-1][1])])
    overcast = weather in ("rain", "snowfall", "fog")
    if overcast:
        canvas.blend(tint((168, 178, 190), time), 0.62)
    elif time == "night":
        _stars(canvas, rng, 40, horizon)
    with canvas.pen() as pen:
        if weather == "rainbow":
            x, y, r = rng.uniform(0.3, 0.7), horizon + 0.08, rng.uniform(0.42, 0.5)
            bands = [(235, 70, 70), (245, 150, 60), (250, 225, 80), (90, 200, 100), (70, 140, 235), (150, 90, 210)]
            for k, colour in enumerate(bands):
                pen.ring(x, y, r - 0.018 * k, 0.019, (*colour, 215))
        elif not overcast and rng.random() < 0.75:
            high = time in ("day", "night")
            x, y, r = rng.uniform(0.12, 0.88), rng.uniform(*((0.1, 0.22) if high else (0.3, 0.45))), rng.uniform(0.05, 0.075)
            if time == "night":
                pen.oval(x, y, r, r, (244, 240, 214))
                if rng.random() < 0.4:
                    pen.oval(x + 0.65 * r, y - 0.05 * r, 0.85 * r, 0.85 * r, (18, 23, 62))
            else:
                colour = {"day": (255, 225, 90), "sunset": (255, 240, 170), "dawn": (255, 236, 190)}[time]
                for k in range(4, 0, -1):
                    pen.oval(x, y, r * (1 + k * 0.18), r * (1 + k * 0.18), (*colour, 28 * (5 - k)))
                pen.oval(x, y, r, r, colour)
        cloud = (*tint((255, 255, 255) if not overcast else (205, 210, 218), time), 150 if time == "night" else 235)
        for _ in range(rng.choice([0, 0, 1, 2, 3]) + 2 * overcast):
            x, y, s = rng.random(), rng.uniform(0.08, 0.3), rng.uniform(0.03, 0.06)
            for dx, dy, k in ((-1.2, 0.1, 0.8), (0, -0.3, 1.1), (1.2, 0.1, 0.85), (0, 0.25, 1.0)):
                pen.oval(x + dx * s, y + dy * s, s * k, s * k * 0.75, cloud)


def _plain(canvas: Canvas, paint: str | None) -> float:
    """One colour, darker towards the corners; the cream of a picture book's paper where none is said."""
    if paint:
        hue, saturation, _ = COLOURS[paint]
        value = {"black": 0.12, "white": 0.97, "brown": 0.5}.get(paint, 0.93)
        canvas.pixels[:] = _hsv(hue / 360, saturation * 0.75, value)
    else:
        canvas.pixels[:] = PAPER
    canvas.pixels *= (1 - 0.5 * ((canvas.rows - 0.5) ** 2 + (canvas.columns - 0.5) ** 2))[..., None]
    return 0.82


def _room(canvas: Canvas, time: str, rng: random.Random) -> float:
    wall = _hsv(rng.random(), rng.uniform(0.12, 0.4), rng.uniform(0.75, 0.95))
    light = {"day": 1.0, "dawn": 0.97, "sunset": 0.92, "night": 0.7}[time]
    canvas.gradient([(0, wall * 1.03 * light), (1, wall * 0.92 * light)])
    edge = rng.uniform(0.62, 0.72)
    floor = np.array((176, 118, 70), np.float32) * rng.uniform(0.8, 1.1) * light
    canvas.below(edge, floor * 0.78, dark=-0.35)
    boards = rng.randint(5, 8)
    with canvas.pen() as pen:
        for k in range(-boards, 2 * boards):
            pen.line([(k / boards, edge), (k / boards * 1.8 - 0.4, 1)], floor * 0.72, 0.005)
        pen.box(0, edge - 0.02, 1, edge, wall * 0.86 * light)
        if time != "day" or rng.random() < 0.6:
            x, y, w = rng.uniform(0.1, 0.6), 0.1, 0.28
            view = {"day": (150, 210, 250), "night": (24, 30, 72), "sunset": (250, 170, 110), "dawn": (240, 200, 210)}[time]
            pen.box(x - 0.016, y - 0.016, x + w + 0.016, y + w + 0.016, (240, 236, 228))
            pen.box(x, y, x + w, y + w, view)
            pen.line([(x + w / 2, y), (x + w / 2, y + w)], (240, 236, 228), 0.016)
            pen.line([(x, y + w / 2), (x + w, y + w / 2)], (240, 236, 228), 0.016)
    return 0.86


def _underwater(canvas: Canvas, rng: random.Random) -> float:
    canvas.gradient([(0, (90, 200, 225)), (0.5, (30, 120, 185)), (1, (12, 60, 120))])
    for _ in range(4):
        centre, width = rng.random(), rng.uniform(0.03, 0.08)
        ray = np.exp(-(((canvas.columns - centre - canvas.rows * 0.25) / width) ** 2)) * (1 - canvas.rows)
        canvas.pixels += ray[..., None] * 15
    canvas.below(_ridge(canvas.size, 0.88, 0.05, rng), (214, 190, 130), 0.3)
    with canvas.pen() as pen:
        for _ in range(rng.randint(5, 16)):
            x, y, r = rng.random(), rng.random() * 0.85, rng.uniform(0.006, 0.02)
            pen.oval(x, y, r, r, None, (220, 245, 255, 190))
        for _ in range(rng.randint(2, 5)):
            x, h = rng.random(), rng.uniform(0.12, 0.3)
            pen.line([(x + np.sin(t * 9) * 0.012, 0.92 - h * t) for t in np.linspace(0, 1, 12)], (40, 140, 80), 0.02)
    return 0.9


def _space(canvas: Canvas, rng: random.Random) -> float:
    canvas.gradient([(0, (8, 6, 26)), (1, (24, 14, 54))])
    for _ in range(2):
        x, y, width = rng.random(), rng.random(), rng.uniform(0.15, 0.35)
        cloud = np.exp(-((canvas.columns - x) ** 2 + (canvas.rows - y) ** 2) / width**2)
        canvas.pixels += cloud[..., None] * _hsv(rng.uniform(0.55, 0.95), 0.7, 1.0) * (70 / 255)
    _stars(canvas, rng, 70, 1)
    if rng.random() < 0.6:
        with canvas.pen() as pen:
            r = rng.uniform(0.06, 0.13)
            pen.oval(rng.random(), rng.uniform(0.05, 0.35), r, r, _hsv(rng.random(), 0.5, 0.85))
    return 0.8


def _meadow(canvas: Canvas, time: str, horizon: float, rng: random.Random) -> None:
    if rng.random() < 0.6:
        canvas.below(_ridge(canvas.size, horizon - 0.04, 0.1, rng), tint((120, 180, 110), time))
    canvas.below(_ridge(canvas.size, horizon + 0.02, 0.05, rng), tint((104, 184, 74), time), 0.35)
    with canvas.pen() as pen:
        for _ in range(rng.randint(0, 14)):
            petal = rng.choice([(255, 240, 120), (255, 255, 255), (250, 150, 190)])
            pen.oval(rng.random(), rng.uniform(horizon + 0.1, 0.98), 0.008, 0.008, tint(petal, time))


def _shore(canvas: Canvas, time: str, horizon: float, rng: random.Random, lake: bool) -> None:
    if lake:
        canvas.below(_ridge(canvas.size, horizon - 0.03, 0.12, rng), tint((92, 140, 110), time))
    canvas.below(horizon, tint((80, 150, 190) if lake else (48, 140, 200), time), -0.1)
    with canvas.pen() as pen:
        for _ in range(6):
            x, y, w = rng.random() * 0.8, rng.uniform(horizon + 0.02, horizon + 0.2), rng.uniform(0.08, 0.25)
            pen.box(x, y, x + w, y + 0.006, (255, 255, 255, 40))
    if lake:
        canvas.below(_ridge(canvas.size, 0.86, 0.03, rng), tint((110, 170, 84), time), 0.2)
    else:
        canvas.below(_ridge(canvas.size, min(horizon + 0.2, 0.8), 0.03, rng), tint((240, 214, 160), time), 0.15)


def _snow(canvas: Canvas, time: str, horizon: float, rng: random.Random) -> None:
    if rng.random() < 0.7:
        canvas.below(_ridge(canvas.size, horizon - 0.03, 0.14, rng), tint((190, 210, 232), time))
    canvas.below(_ridge(canvas.size, horizon + 0.02, 0.05, rng), tint((240, 246, 252), time), 0.12)


def _desert(canvas: Canvas, time: str, horizon: float, rng: random.Random) -> None:
    canvas.below(_ridge(canvas.size, horizon - 0.02, 0.08, rng), tint((226, 170, 104), time))
    canvas.below(_ridge(canvas.size, horizon + 0.08, 0.06, rng), tint((238, 190, 120), time), 0.2)


def _mountains(canvas: Canvas, time: str, horizon: float, rng: random.Random) -> None:
    snow = tint((245, 248, 255), time)
    with canvas.pen() as pen:
        for _ in range(rng.randint(3, 5)):
            x, w, h = rng.uniform(-0.05, 1.05), rng.uniform(0.22, 0.38), rng.uniform(0.22, 0.42)
            foot, rock, f = horizon + 0.05, tint((110, 118, 140), time) * rng.uniform(0.85, 1.1), 0.3
            pen.polygon([(x - w, foot), (x, foot - h), (x + w, foot)], rock)
            pen.polygon([(x, foot - h), (x + w, foot), (x + w * 0.25, foot)], rock * 0.84)
            base = foot - h * (1 - f)
            cap = [(x - w * f, base), (x, foot - h), (x + w * f, base), (x + w * f * 0.4, base + h * 0.05)]
            pen.polygon([*cap, (x, base - h * 0.03), (x - w * f * 0.4, base + h * 0.06)], snow)
    canvas.below(_ridge(canvas.size, horizon + 0.06, 0.04, rng), tint((108, 166, 88), time), 0.3)


def _city(canvas: Canvas, time: str, horizon: float, rng: random.Random) -> None:
    lit = (255, 226, 120) if time in ("night", "sunset") else (214, 232, 246)
    street, step = horizon + 0.08, 0.022
    with canvas.pen() as pen:
        for front, (low, high, shade) in enumerate(((0.2, 0.42, 1.15), (0.12, 0.3, 0.85))):
            x = -rng.random() * 0.05
            while x < 1:
                w, h = rng.uniform(0.07, 0.14), rng.uniform(low, high)
                pen.box(x, street - h, x + w, street, tint((124, 136, 160), time) * shade * rng.uniform(0.85, 1.1))
                for row in np.arange(street - h + step, street - step, step * 1.3) if front else ():
                    for column in np.arange(x + step * 0.6, x + w - step, step):
                        if rng.random() < 0.65:
                            pen.box(column, row, column + step * 0.5, row + step * 0.6, lit)
                x += w + rng.uniform(0, 0.02)
    canvas.below(street, tint((120, 120, 126), time), 0.2)
    with canvas.pen() as pen:
        for k in range(6):
            pen.box((k + 0.2) / 6, horizon + 0.25, (k + 0.7) / 6, horizon + 0.262, tint((236, 226, 180), time))


def _forest(canvas: Canvas, time: str, horizon: float, rng: random.Random) -> None:
    canvas.below(_ridge(canvas.size, horizon, 0.04, rng), tint((86, 140, 70), time), 0.35)
    with canvas.pen() as pen:
        for _ in range(rng.randint(9, 13)):
            x, h, foot = rng.random(), rng.uniform(0.26, 0.44), horizon + rng.uniform(0, 0.06)
            w, leaves = h * 0.36, tint((38, 104, 66), time) * rng.uniform(0.75, 1.15)
            pen.box(x - w * 0.1, foot - h * 0.15, x + w * 0.1, foot + h * 0.06, tint((104, 72, 48), time))
            for q in range(3):
                half, low, top = w * (0.5 - 0.1 * q), foot - h * (0.1 + 0.25 * q), foot - h * (0.5 + 0.25 * q)
                pen.polygon([(x - half, low), (x, top), (x + half, low)], leaves)


_GROUND: dict[str, Callable[[Canvas, str, float, random.Random], None]] = {
    "meadow": _meadow, "snow": _snow, "desert": _desert, "mountains": _mountains, "city": _city, "forest": _forest,
    "beach": lambda canvas, time, horizon, rng: _shore(canvas, time, horizon, rng, lake=False),
    "lake": lambda canvas, time, horizon, rng: _shore(canvas, time, horizon, rng, lake=True),
}  # fmt: skip
PLACES = ("plain", "room", "underwater", "space", *_GROUND)


def draw_backdrop(canvas: Canvas, place: str, time: str, weather: str, paint: str | None, rng: random.Random) -> float:
    """Draws what is behind the objects; returns the row on which things stand."""
    if place == "plain":
        return _plain(canvas, paint)
    if place == "room":
        return _room(canvas, time, rng)
    if place == "underwater":
        return _underwater(canvas, rng)
    if place == "space":
        return _space(canvas, rng)
    horizon = rng.uniform(0.5, 0.66)
    _sky(canvas, time, weather, horizon, rng)
    _GROUND[place](canvas, time, horizon, rng)
    return min(horizon + 0.3, 0.92)


def draw_weather(canvas: Canvas, time: str, weather: str, rng: random.Random) -> None:
    """Draws what falls or hangs in front of the objects."""
    if weather == "fog":
        canvas.blend(
            tint((225, 230, 235), time), 0.3 + 0.35 * np.clip(canvas.rows * 2 - 0.5, 0, 1) * np.ones_like(canvas.columns)
        )
    elif weather == "rain":
        with canvas.pen() as pen:
            for _ in range(70):
                x, y, length = rng.uniform(0, 1.1), rng.random(), rng.uniform(0.04, 0.09)
                pen.line([(x, y), (x - length * 0.3, y + length)], (205, 225, 245, 150), 0.004)
    elif weather == "snowfall":
        with canvas.pen() as pen:
            for _ in range(80):
                r = rng.uniform(0.004, 0.01)
                pen.oval(rng.random(), rng.random(), r, r, (255, 255, 255, 235))
