"""A float picture with the few drawing operations that backdrops need, all anti-aliased.

Coordinates are fractions of the picture's side, (0, 0) at the top left; colours are 0...255.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image, ImageDraw

Colour = Sequence[float]


class Pen:
    """Draws shapes on a transparent layer that has twice the picture's side."""

    def __init__(self, size: int) -> None:
        self.side = 2 * size
        self.layer = Image.new("RGBA", (self.side, self.side))
        self._draw = ImageDraw.Draw(self.layer)

    def _fill(self, colour: Colour | None) -> tuple[int, ...] | None:
        return None if colour is None else tuple(int(min(max(c, 0), 255)) for c in colour)

    def oval(self, x: float, y: float, rx: float, ry: float, fill: Colour | None, edge: Colour | None = None) -> None:
        s = self.side
        self._draw.ellipse(
            [(x - rx) * s, (y - ry) * s, (x + rx) * s, (y + ry) * s], self._fill(fill), self._fill(edge), max(1, s // 200)
        )

    def polygon(self, points: Sequence[tuple[float, float]], fill: Colour) -> None:
        self._draw.polygon([(x * self.side, y * self.side) for x, y in points], self._fill(fill))

    def box(self, x0: float, y0: float, x1: float, y1: float, fill: Colour) -> None:
        if x1 > x0 and y1 > y0:
            self._draw.rectangle([v * self.side for v in (x0, y0, x1, y1)], self._fill(fill))

    def line(self, points: Sequence[tuple[float, float]], fill: Colour, width: float) -> None:
        scaled = [(x * self.side, y * self.side) for x, y in points]
        self._draw.line(scaled, self._fill(fill), max(1, round(width * self.side)))

    def ring(self, x: float, y: float, radius: float, width: float, fill: Colour) -> None:
        s = self.side
        self._draw.ellipse(
            [(x - radius) * s, (y - radius) * s, (x + radius) * s, (y + radius) * s], None, self._fill(fill), round(width * s)
        )


class Canvas:
    """`pixels` is float32 [size, size, 3], 0...255."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.pixels = np.zeros((size, size, 3), np.float32)
        self.rows = np.linspace(0, 1, size, dtype=np.float32)[:, None]
        self.columns = np.linspace(0, 1, size, dtype=np.float32)[None]

    def gradient(self, stops: Sequence[tuple[float, Colour]]) -> None:
        """A vertical gradient through (row, colour) stops."""
        places, colours = [s[0] for s in stops], np.array([s[1] for s in stops], np.float32)
        for channel in range(3):
            self.pixels[..., channel] = np.interp(self.rows, places, colours[:, channel])

    def below(self, heights: np.ndarray | float, colour: Colour, dark: float = 0.18) -> None:
        """Fills everything under the line `heights` (one row fraction a column), darker towards the bottom."""
        line = np.broadcast_to(np.asarray(heights, np.float32), (self.size,))
        top = max(0, int(line.min() * self.size) - 1)
        depth = self.rows[top:] - line[None]
        cover = np.clip(depth * self.size + 0.5, 0, 1)[..., None]
        shade = (1 - dark * np.clip(depth * 2, 0, 1))[..., None]
        part = self.pixels[top:]
        part += cover * (np.asarray(colour, np.float32) * shade - part)

    def blend(self, colour: Colour, amount: np.ndarray | float) -> None:
        """Mixes in a colour by `amount` (0...1, scalar or [rows, columns])."""
        self.pixels += np.asarray(amount, np.float32)[..., None] * (np.asarray(colour, np.float32) - self.pixels)

    @contextlib.contextmanager
    def pen(self) -> Iterator[Pen]:
        """Shapes drawn inside the `with` block land on the picture when it ends."""
        pen = Pen(self.size)
        yield pen
        bounds = pen.layer.getbbox()
        if bounds is None:
            return
        x0, y0, x1, y1 = (bounds[0] // 2, bounds[1] // 2, -(-bounds[2] // 2), -(-bounds[3] // 2))
        part = pen.layer.crop((2 * x0, 2 * y0, 2 * x1, 2 * y1)).convert("RGBa").reduce(2)
        drawn = np.asarray(part, np.float32)
        target = self.pixels[y0:y1, x0:x1]
        target *= 1 - drawn[..., 3:] / 255
        target += drawn[..., :3]

    def image(self) -> Image.Image:
        return Image.fromarray(np.clip(self.pixels + 0.5, 0, 255).astype(np.uint8))
