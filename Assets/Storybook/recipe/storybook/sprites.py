"""Object pictures: emoji bitmaps from Noto Color Emoji, enlarged without blur, kept in one small file.

    python -m storybook.sprites FONT.ttf sprites.npz

The font's bitmaps are 136x128. A scene at 512 pixels shows them up to 3.4 times as large, so every sprite is
enlarged threefold and its edges are then steepened by a shock filter (Osher and Rudin, 1990).
"""

from __future__ import annotations

import colorsys
import functools
import io
import sys

import numpy as np
from PIL import Image

from storybook.objects import objects

# Hue in degrees, saturation and value of each colour word.
COLOURS: dict[str, tuple[float, float, float]] = {
    "red": (0, 0.85, 1.0), "orange": (28, 0.9, 1.0), "yellow": (50, 0.85, 1.1), "green": (125, 0.65, 0.85),
    "blue": (215, 0.8, 1.0), "purple": (275, 0.6, 0.95), "pink": (335, 0.45, 1.2), "brown": (25, 0.6, 0.62),
    "black": (0, 0, 0.32), "white": (0, 0, 1.5),
}  # fmt: skip
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_sheet: dict[str, bytes] = {}


def sharpen(picture: np.ndarray, steps: int = 14, rate: float = 0.35) -> np.ndarray:
    """Shock filter on a premultiplied [H,W,4] float picture: moves grey edge pixels to the nearer side."""
    for _ in range(steps):
        pad = np.pad(picture, ((1, 1), (1, 1), (0, 0)), mode="edge")
        up, down, left, right = pad[:-2, 1:-1], pad[2:, 1:-1], pad[1:-1, :-2], pad[1:-1, 2:]
        laplacian = (up + down + left + right - 4 * picture).mean(-1, keepdims=True)
        forward = np.hypot(np.minimum(right - picture, 0), np.minimum(down - picture, 0))
        erode = np.hypot(np.hypot(forward, np.maximum(picture - left, 0)), np.maximum(picture - up, 0))
        grow = np.hypot(np.maximum(right - picture, 0), np.maximum(down - picture, 0))
        dilate = np.hypot(np.hypot(grow, np.minimum(picture - left, 0)), np.minimum(picture - up, 0))
        side = np.clip(laplacian / 0.004, -1, 1)
        picture = picture - rate * (np.maximum(side, 0) * erode + np.minimum(side, 0) * dilate)
    return np.clip(picture, 0, 1)


def enlarge(bitmap: Image.Image, factor: int = 3) -> Image.Image:
    """The RGBA bitmap `factor` times as large, with edges as crisp as the original's."""
    large = bitmap.convert("RGBa").resize((bitmap.width * factor, bitmap.height * factor), Image.Resampling.LANCZOS)
    crisp = sharpen(np.asarray(large, np.float32) / 255)
    crisp[..., :3] = np.minimum(crisp[..., :3], crisp[..., 3:])
    pixels = Image.fromarray((crisp * 255 + 0.5).astype(np.uint8), "RGBA")
    return Image.frombytes("RGBa", pixels.size, pixels.tobytes()).convert("RGBA")


def build(font_path: str, out_path: str) -> None:
    """Writes the sprite file: for every object its bitmap and the enlarged one, as PNG bytes in an .npz."""
    from fontTools.ttLib import TTFont

    font = TTFont(font_path)
    glyphs, strike = font.getBestCmap(), font["CBDT"].strikeData[0]
    files: dict[str, np.ndarray] = {}
    for name, thing in objects().items():
        glyph = glyphs.get(thing.codepoint)
        if glyph is None or glyph not in strike:
            raise SystemExit(f"{font_path} has no bitmap for {name} (U+{thing.codepoint:04X}).")
        bitmap = Image.open(io.BytesIO(strike[glyph].imageData)).convert("RGBA")
        bitmap = bitmap.crop(bitmap.getbbox())
        for level, picture in enumerate((bitmap, enlarge(bitmap))):
            data = io.BytesIO()
            picture.save(data, "PNG")
            files[f"{name}/{level}"] = np.frombuffer(data.getvalue(), np.uint8)
    with open(out_path, "wb") as out:
        np.savez(out, **files)


def load(path: str) -> None:
    """Makes the sprite file at `path` the one that `sprite` reads from."""
    with np.load(path) as files:
        _sheet.update({key: files[key].tobytes() for key in files.files})
    missing = [name for name in objects() if f"{name}/0" not in _sheet]
    if missing:
        raise SystemExit(f"{path} lacks {len(missing)} objects, {missing[0]} among them; build it again.")


@functools.lru_cache(maxsize=6000)
def sprite(name: str, colour: str | None, level: int) -> Image.Image:
    """The RGBA sprite of an object in a colour; level 0 is the font's bitmap, level 1 the enlarged one."""
    picture = Image.open(io.BytesIO(_sheet[f"{name}/{level}"])).convert("RGBA")
    return recolour(picture, colour) if colour else picture


def recolour(picture: Image.Image, colour: str) -> Image.Image:
    """Paints the saturated parts of a sprite in a colour and keeps its light and shade."""
    pixels = np.asarray(picture, np.float32) / 255
    rgb, alpha = pixels[..., :3], pixels[..., 3:]
    high, low = rgb.max(-1), rgb.min(-1)
    saturation, luma = (high - low) / (high + 1e-6), rgb @ _LUMA
    vivid = (alpha[..., 0] > 0.5) & (saturation > 0.3)
    usual = np.median(luma[vivid]) if vivid.sum() > 50 else 0.5
    light = (luma / (usual + 1e-3))[..., None]
    hue, sat, value = COLOURS[colour]
    if sat == 0:
        paint = np.clip((0.2 if colour == "black" else 0.88) * np.clip(light, 0.3, 1.25), 0, 1) * np.ones(3, np.float32)
    else:
        base = np.array(colorsys.hsv_to_rgb(hue / 360, sat, 1.0), np.float32)
        paint = base * value * np.clip(light, 0.25, 1.0) * (1.0 if colour == "brown" else 0.9)
        shine = np.clip(light - 1, 0, 1.5) * 0.6
        paint = paint * (1 - shine) + shine
    amount = np.clip((saturation - 0.08) / 0.14, 0, 1)[..., None]
    mixed = np.clip(rgb * (1 - amount) + paint * amount, 0, 1)
    return Image.fromarray((np.concatenate([mixed, alpha], -1) * 255).astype(np.uint8), "RGBA")


if __name__ == "__main__":
    build(*sys.argv[1:3])
