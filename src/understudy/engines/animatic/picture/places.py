"""The places that cards show, built from layers by seed and setting."""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from understudy.engines.animatic.picture.card import Card, Layer, Rain, across, positions, strip_size
from understudy.engines.animatic.picture.palette import Palette, mixed, palette_for
from understudy.engines.animatic.picture.planes import Planes
from understudy.engines.animatic.picture.ridges import (
    Outline,
    dunes,
    hills,
    level,
    outline_mask,
    peaks,
    towers,
    windows,
    woods,
)
from understudy.engines.animatic.picture.room import build_room
from understudy.engines.animatic.picture.sky import HORIZON, gradient, grain, rain_mask, sky
from understudy.engines.animatic.prompt.setting import RGB, Place, Setting


class Ridge(msgspec.Struct, frozen=True):
    """One outline: how deep it lies, where it stands, how high it reaches (shares of the frame's height)."""

    outline: Outline
    depth: float
    base: float
    reach: float


_RIDGES: Final[dict[Place, tuple[Ridge, ...]]] = {
    "fields": (
        Ridge(hills, 0.05, 0.70, 0.12), Ridge(hills, 0.25, 0.76, 0.10), Ridge(woods, 0.45, 0.80, 0.10),
        Ridge(level, 0.8, 0.88, 0.12),
    ),
    "forest": (
        Ridge(woods, 0.05, 0.70, 0.16), Ridge(woods, 0.3, 0.77, 0.20), Ridge(woods, 0.6, 0.87, 0.26),
        Ridge(hills, 0.95, 0.99, 0.13),
    ),
    "mountains": (
        Ridge(peaks, 0.03, 0.68, 0.30), Ridge(peaks, 0.2, 0.76, 0.24), Ridge(hills, 0.5, 0.86, 0.16),
        Ridge(woods, 0.9, 0.98, 0.14),
    ),
    "desert": (
        Ridge(peaks, 0.04, 0.69, 0.07), Ridge(dunes, 0.25, 0.75, 0.09), Ridge(dunes, 0.55, 0.85, 0.13),
        Ridge(dunes, 0.95, 0.99, 0.19),
    ),
    "sea": (Ridge(hills, 0.03, 0.685, 0.05), Ridge(level, 0.1, 0.70, 0.006), Ridge(dunes, 0.95, 1.0, 0.13)),
    "city": (
        Ridge(towers, 0.05, 0.72, 0.30), Ridge(towers, 0.3, 0.82, 0.32), Ridge(towers, 0.7, 0.97, 0.34),
    ),
    "room": (Ridge(towers, 0.02, 0.72, 0.30), Ridge(towers, 0.1, 0.86, 0.26)),
}  # fmt: skip
_LIT: Final = frozenset({"dusk", "night", "midnight"})


def build_card(setting: Setting, seed: int, width: int, height: int) -> Card:
    """The card of a setting; the same seed gives the same one."""
    rng = np.random.default_rng([seed, 0x5CE4E])
    palette = palette_for(setting)
    things: list[Layer | Rain] = []
    ridges = _RIDGES[setting.place]
    for number, ridge in enumerate(ridges):
        share = number / max(1, len(ridges) - 1)
        if setting.place == "room":
            share *= 0.45
        things += _ridge_layers(rng, ridge, share, setting, palette, width, height)
    if setting.rain:
        bright = Planes.filled(width, height, mixed(palette.horizon, (255, 255, 255), 0.55))
        things.append(Rain(rain_mask(rng, width, height), bright))
    room = build_room(rng, setting, palette, width, height) if setting.place == "room" else None
    return Card(sky(rng, setting, palette, width, height), things, room)


def _ridge_layers(
    rng: np.random.Generator,
    ridge: Ridge,
    share: float,
    setting: Setting,
    palette: Palette,
    width: int,
    height: int,
) -> list[Layer]:
    """The ridge, and what lies on it: a road, lit windows, glitter."""
    top = ridge.base - ridge.reach * 1.05
    area = across(top, ridge.base)
    columns, rows = strip_size(width, height, area)
    heights = ridge.outline(rng, positions(columns)) * (rows - 2) / 1.05
    heights = np.clip(heights, 0, rows - 1).astype(np.float32)
    colour = mixed(palette.far, palette.near, share**0.85)
    haze = mixed(colour, palette.horizon, 0.42 * (1 - share) * (1.3 if setting.mist else 1.0))
    fill = _ground(rng, width, height, top, colour, haze)
    layers = [Layer(outline_mask(heights, rows), fill, depth=ridge.depth, area=area)]
    if ridge.outline is towers and (setting.time in _LIT or setting.neon):
        lights = windows(rng, heights, rows, max(1.0, height / 300 * (0.6 + ridge.depth)))
        glow = Planes.filled(width, height, mixed(palette.light, colour, 0.25 + 0.3 * (1 - share)))
        layers.append(Layer(lights, glow, depth=ridge.depth, area=area, grounded=False))
    if ridge.outline is level and setting.place == "sea":
        layers.append(_glitter(rng, palette, width, height))
    if ridge.outline is level and setting.place == "fields" and setting.road:
        layers.append(_road(palette, colour, width, height, ridge.depth))
    return layers


def _ground(rng: np.random.Generator, width: int, height: int, top: float, colour: RGB, haze: RGB) -> Planes:
    pixels = gradient(
        width, height, ((0.0, colour), (max(0.01, top), colour), (min(0.99, top + 0.24), haze), (1.0, haze))
    )
    return Planes.from_array(pixels, grain(rng, width, height))


def _glitter(rng: np.random.Generator, palette: Palette, width: int, height: int) -> Layer:
    """The sun's way over the water: dashes that widen towards the shore."""
    area = across(HORIZON + 0.02, 1.0)
    columns, rows = strip_size(width, height, area)
    mask = Image.new("L", (columns, rows))
    pen = ImageDraw.Draw(mask)
    for _ in range(260):
        depth = rng.random() ** 1.5
        y = depth * rows
        x = columns * 0.62 + rng.normal(0, 0.05 + 0.1 * depth) * columns
        length = columns * (0.008 + 0.035 * depth) * rng.uniform(0.4, 1)
        pen.line(
            (x - length, y, x + length, y), fill=int(rng.uniform(50, 170)), width=1 + int(depth * rows / 90)
        )
    fill = Planes.filled(width, height, mixed(palette.horizon, palette.sun, 0.5))
    return Layer(mask.filter(ImageFilter.GaussianBlur(0.6)), fill, depth=0.3, area=area, grounded=False)


def _road(palette: Palette, ground: RGB, width: int, height: int, depth: float) -> Layer:
    """A road that winds from the bottom of the frame to the horizon."""
    area = across(0.806, 1.08)
    columns, rows = strip_size(width, height, area)
    t = np.linspace(0, 1, rows, dtype=np.float32)
    middle = 0.6 + 0.1 * np.sin(t * 2.6) * (1 - t) - 0.16 * t
    half = 0.006 + 0.17 * t**1.6
    x = positions(columns)[None, :]
    inside: NDArray[np.float32] = (half[:, None] - np.abs(x - middle[:, None])) * columns / 3 + 0.5
    mask = Image.fromarray((np.clip(inside, 0, 1) * 225).astype(np.uint8))
    colour = mixed(ground, palette.light, 0.42)
    return Layer(mask, Planes.filled(width, height, colour), depth=depth, area=area, grounded=False)
