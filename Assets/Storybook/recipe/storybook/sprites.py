"""Object pictures: emoji bitmaps from Noto Color Emoji, kept in one small file and enlarged without blur.

    python -m storybook.sprites FONT.ttf sprites.npz [0.5]

A number makes the world the tidy one with that share of core things. The font's bitmaps are 136x128. A scene at 512 pixels shows them up to 3.4 times as large, so for those a sprite is
enlarged threefold and its edges are steepened before it is put in place.
"""

from __future__ import annotations

import colorsys
import functools
import io
import sys

import numpy as np
from PIL import Image, ImageFilter

from storybook import world
from storybook.objects import objects

# Hue in degrees, saturation and value of each colour word.
COLOURS: dict[str, tuple[float, float, float]] = {
    "red": (0, 0.85, 1.0), "orange": (28, 0.9, 1.0), "yellow": (50, 0.85, 1.1), "green": (125, 0.65, 0.85),
    "blue": (215, 0.8, 1.0), "purple": (275, 0.6, 0.95), "pink": (335, 0.45, 1.2), "brown": (25, 0.6, 0.62),
    "black": (0, 0, 0.32), "white": (0, 0, 1.5),
}  # fmt: skip
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_sheet: dict[str, bytes] = {}


def enlarge(bitmap: Image.Image, factor: int = 3) -> Image.Image:
    """The RGBA bitmap `factor` times as large, with its edges steepened."""
    large = bitmap.convert("RGBa").resize((bitmap.width * factor, bitmap.height * factor), Image.Resampling.LANCZOS)
    channels = [channel.filter(ImageFilter.UnsharpMask(radius=2.5, percent=140, threshold=2)) for channel in large.split()]
    pixels = np.stack([np.asarray(channel) for channel in channels], -1)
    pixels[..., :3] = np.minimum(pixels[..., :3], pixels[..., 3:])
    return Image.frombytes("RGBa", large.size, pixels.tobytes()).convert("RGBA")


def build(font_path: str, out_path: str, core: float | None = None) -> None:
    """Writes the sprite file: the bitmap of every object as PNG bytes in an .npz, and its world (see `world.use`)."""
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
        data = io.BytesIO()
        bitmap.save(data, "PNG", optimize=True)
        files[name] = np.frombuffer(data.getvalue(), np.uint8)
    with open(out_path, "wb") as out:
        np.savez(out, core=np.array(np.nan if core is None else core), **files)


def load(path: str) -> None:
    """Makes the sprite file at `path` the one that `sprite` reads from, and its world the one in use."""
    with np.load(path) as files:
        core = float(files["core"])
        world.use(None if np.isnan(core) else core)
        _sheet.update({key: files[key].tobytes() for key in files.files if key != "core"})
    missing = [name for name in objects() if name not in _sheet]
    if missing:
        raise SystemExit(f"{path} lacks {len(missing)} objects, {missing[0]} among them; build it again.")


@functools.lru_cache(maxsize=4000)
def sprite(name: str, colour: str | None, large: bool = False) -> Image.Image:
    """The RGBA sprite of an object in a colour: the font's bitmap, or that threefold enlarged."""
    if large:
        return enlarge(sprite(name, colour))
    picture = Image.open(io.BytesIO(_sheet[name])).convert("RGBA")
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
    build(*sys.argv[1:3], *map(float, sys.argv[3:4]))
