"""Outlines of hills, dunes, woods and towns: heights along a line, and masks made of them."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Heights = NDArray[np.float32]
Outline = Callable[[np.random.Generator, NDArray[np.float32]], Heights]
"""From positions in frame widths to heights, about 0 (low) to 1 (high)."""

_EDGE: Final = 1.4
"""Pixels over which an outline's edge is blended."""


def hills(rng: np.random.Generator, x: NDArray[np.float32]) -> Heights:
    """Soft hills."""
    return _waves(rng, x, ((0.9, 0.5), (1.9, 0.28), (4.3, 0.1), (11.0, 0.018)))


def dunes(rng: np.random.Generator, x: NDArray[np.float32]) -> Heights:
    """Long slopes with a crest: one side steep, the other slow."""
    phase = rng.uniform(0, 1)
    turn = (x * rng.uniform(0.75, 1.05) + phase) % 1.0
    crest = np.where(turn < 0.66, turn / 0.66, (1 - turn) / 0.34)
    smooth = crest * crest * (3 - 2 * crest)
    return np.asarray(0.62 * smooth + 0.38 * _waves(rng, x, ((1.3, 0.6), (2.7, 0.3))), np.float32)


def peaks(rng: np.random.Generator, x: NDArray[np.float32]) -> Heights:
    """Mountains: folded noise, sharp at the top."""
    total = np.zeros_like(x)
    for frequency, weight in ((1.1, 0.55), (2.5, 0.28), (5.7, 0.12), (13.0, 0.05), (29.0, 0.02)):
        total += weight * (1 - np.abs(_noise(rng, x * frequency)))
    return (total - 0.25).astype(np.float32)


def woods(rng: np.random.Generator, x: NDArray[np.float32]) -> Heights:
    """A rise with trees on it, conifers and round crowns."""
    ground = 0.45 * _waves(rng, x, ((1.1, 0.6), (2.3, 0.3)))
    top = ground.copy()
    at = float(x[0]) - 0.05
    while at < x[-1] + 0.05:
        width, height = rng.uniform(0.012, 0.034), rng.uniform(0.16, 0.5)
        reach = np.abs(x - at) / width
        pointed = np.clip(1 - reach, 0, 1) * (0.94 + 0.06 * np.sin(reach * 26))
        round_crown = np.sqrt(np.clip(1 - reach * reach, 0, 1)) * 0.72
        top = np.maximum(
            top, ground + height * (pointed if rng.random() < 0.62 else round_crown) * (reach < 1)
        )
        at += width * rng.uniform(0.5, 1.25)
    return top.astype(np.float32)


def towers(rng: np.random.Generator, x: NDArray[np.float32]) -> Heights:
    """A town's roofs."""
    top = np.zeros_like(x)
    at = float(x[0]) - 0.05
    while at < x[-1] + 0.05:
        width, height = rng.uniform(0.022, 0.075), rng.uniform(0.12, 0.62) + 0.38 * (rng.random() < 0.16)
        inside = (x >= at) & (x < at + width)
        top[inside] = height
        if rng.random() < 0.3:
            top[np.abs(x - (at + width / 2)) < width * 0.2] = height + 0.05
        if rng.random() < 0.16:
            top[np.abs(x - (at + width * 0.5)) < 0.0012] = height + 0.16
        at += width * rng.uniform(0.9, 1.1)
    return top.astype(np.float32)


def level(rng: np.random.Generator, x: NDArray[np.float32]) -> Heights:
    """A plain: nearly flat."""
    return _waves(rng, x, ((0.8, 0.12), (2.2, 0.05), (17.0, 0.006)))


def outline_mask(heights: NDArray[np.float32], rows: int) -> Image.Image:
    """255 below an outline, 0 above it; `heights` in pixels from the mask's bottom, one for each column."""
    below = np.arange(rows, dtype=np.float32)[:, None] - (rows - heights[None, :])
    return Image.fromarray(np.clip((below / _EDGE + 0.5) * 255, 0, 255).astype(np.uint8))


def windows(rng: np.random.Generator, heights: NDArray[np.float32], rows: int, unit: float) -> Image.Image:
    """Lit windows inside an outline of towers; `unit` is the size of one in pixels."""
    mask = Image.new("L", (len(heights), rows))
    pen = ImageDraw.Draw(mask)
    step_x, step_y = unit * 2.6, unit * 3.6
    for column in range(int(len(heights) / step_x)):
        left = column * step_x
        reach = heights[int(left) : int(left + unit * 1.2) + 1]
        if not len(reach):
            continue
        for row in range(int(rows / step_y)):
            top = row * step_y
            if top > rows - float(reach.min()) + unit * 2 and rng.random() < 0.17:
                shade = int(rng.uniform(70, 235))
                pen.rectangle((left, top, left + unit, top + unit * 1.5), fill=shade)
    return mask


def _waves(
    rng: np.random.Generator, x: NDArray[np.float32], parts: tuple[tuple[float, float], ...]
) -> NDArray[np.float32]:
    total = np.full_like(x, 0.5)
    for frequency, weight in parts:
        total += weight * np.sin((x * frequency + rng.uniform(0, 1)) * 2 * np.pi) * 0.5
    return total


def _noise(rng: np.random.Generator, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Smooth noise in -1..1 with one knot for each unit of `x`."""
    knots = rng.uniform(-1, 1, int(np.ceil(x[-1] - x[0])) + 4).astype(np.float32)
    at = x - x[0]
    left = at.astype(int)
    t = at - left
    t = t * t * (3 - 2 * t)
    return np.asarray(knots[left] * (1 - t) + knots[left + 1] * t, np.float32)
