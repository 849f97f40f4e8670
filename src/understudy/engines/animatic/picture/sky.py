"""The sky of a card: a gradient, a sun or moon with its glow, stars, clouds; and rain before it."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from understudy.engines.animatic.picture.palette import Palette, mixed
from understudy.engines.animatic.picture.planes import Planes
from understudy.engines.animatic.prompt.setting import RGB, Setting

HORIZON: Final = 0.68
"""Where the sky ends, as a share of the frame's height."""
_NIGHT: Final = frozenset({"night", "midnight"})
_STREAKS: Final = 150


def gradient(width: int, height: int, stops: tuple[tuple[float, RGB], ...]) -> NDArray[np.float32]:
    """A vertical gradient as (height, width, 3); each stop is a share of the height and a colour."""
    rows = np.arange(height, dtype=np.float32) / max(1, height - 1)
    places = [place for place, _ in stops]
    columns = [np.interp(rows, places, [colour[each] for _, colour in stops]) for each in range(3)]
    strip = np.stack(columns, axis=-1).astype(np.float32)
    return np.repeat(strip[:, None, :], width, axis=1)


def grain(rng: np.random.Generator, width: int, height: int, strength: float = 0.7) -> NDArray[np.float32]:
    """Still noise that keeps gradients from showing steps."""
    return rng.uniform(-strength, strength, (height, width)).astype(np.float32)


def sky(rng: np.random.Generator, setting: Setting, palette: Palette, width: int, height: int) -> Planes:
    """The whole sky, down to the bottom of the frame."""
    pixels = gradient(
        width,
        height,
        (
            (0.0, palette.zenith),
            (HORIZON * 0.62, palette.sky),
            (HORIZON, palette.horizon),
            (1.0, palette.horizon),
        ),
    )
    x = (np.arange(width, dtype=np.float32) / width)[None, :]
    y = (np.arange(height, dtype=np.float32) / height)[:, None]
    aspect = width / height
    if setting.time in _NIGHT and not setting.rain:
        _stars(rng, pixels)
    if not setting.rain:
        low = setting.time in ("dawn", "golden hour", "dusk")
        where = (rng.uniform(0.64, 0.8), HORIZON - 0.09 if low else rng.uniform(0.2, 0.27))
        distance = np.hypot((x - where[0]) * aspect, y - where[1])
        _light(pixels, palette.sun, np.exp(-((distance / 0.34) ** 2)) * (0.42 if low else 0.26))
        radius = 0.062 if low else 0.044
        if not setting.neon:
            disc = np.clip((radius - distance) * height / 1.5 + 0.5, 0, 1)
            _light(pixels, palette.sun, disc * 0.95)
    if setting.neon:
        for colour, place in (((214, 40, 150), 0.3), ((40, 190, 220), 0.78)):
            distance = np.hypot((x - place) * aspect, y - HORIZON)
            _light(pixels, colour, np.exp(-((distance / 0.42) ** 2)) * 0.42)
    _light(
        pixels,
        mixed(palette.horizon, (255, 255, 255), 0.25),
        _clouds(rng, width, height) * (0.34 if setting.rain else 0.2),
    )
    return Planes.from_array(pixels, grain(rng, width, height))


def rain_mask(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Streaks of rain that tile downwards: twice the frame's height, both halves the same."""
    tile = Image.new("L", (width, height))
    pen = ImageDraw.Draw(tile)
    unit = min(width, height) / 720
    for _ in range(round(_STREAKS * width * height / (1280 * 720 * unit * unit))):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        depth = rng.uniform(0.35, 1)
        length = 46 * unit * depth
        for lap in (0, -height):
            pen.line(
                (x, y + lap, x - length * 0.1, y + lap + length),
                fill=round(96 * depth),
                width=max(1, round(1.6 * unit * depth)),
            )
    tile = tile.filter(ImageFilter.GaussianBlur(0.5 * unit))
    double = Image.new("L", (width, height * 2))
    double.paste(tile, (0, 0))
    double.paste(tile, (0, height))
    return double


def _light(pixels: NDArray[np.float32], colour: RGB, amount: NDArray[np.floating]) -> None:
    pixels += (np.asarray(colour, np.float32) - pixels) * np.asarray(amount, np.float32)[..., None]


def _stars(rng: np.random.Generator, pixels: NDArray[np.float32]) -> None:
    height, width, _ = pixels.shape
    for _ in range(120):
        x, y = int(rng.uniform(0, width - 1)), int(rng.uniform(0, height * 0.5))
        pixels[y : y + 2, x : x + 2] += rng.uniform(14, 96) * (1 - y / (height * 0.55))
    np.clip(pixels, 0, 255, out=pixels)


def _clouds(rng: np.random.Generator, width: int, height: int) -> NDArray[np.float32]:
    """Long thin veils, 0 to 1."""
    total = np.zeros((height, width), np.float32)
    for columns, rows, weight in ((5, 9, 0.6), (11, 22, 0.3), (23, 46, 0.14)):
        noise = Image.fromarray(rng.integers(0, 255, (rows, columns), dtype=np.uint8))
        total += (
            weight * np.asarray(noise.resize((width, height), Image.Resampling.BICUBIC), np.float32) / 255
        )
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    fall = np.exp(-(((y - 0.4) / 0.2) ** 2))
    return np.asarray(np.clip((total - 0.56) * 2.7, 0, 1) * fall, np.float32)
