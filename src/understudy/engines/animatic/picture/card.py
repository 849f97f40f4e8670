"""A scene that is drawn: layers at different depths, and a camera that moves through them."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from understudy.engines.animatic.picture.motion import View
from understudy.engines.animatic.picture.planes import Box, Planes

MARGIN: Final = 0.2
"""How far layers reach beyond the frame on each side, in frame widths."""
_OVERSAMPLED: Final = 1.1
_SHIFT: Final = 0.11
"""How far a full pan moves the nearest layer, in frame widths (a tilt: heights)."""
_RAIN_SPEED: Final = 1.9
"""Frame heights a second."""

Area = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of the frame."""


class Layer:
    """A flat shape at one depth, 0 (far) to 1 (near).

    `mask` covers the part of the frame that `area` tells (left, top, right, bottom as shares of the frame, also beyond
    it), and one more row above and below. A `grounded` shape is solid below its area.
    """

    def __init__(
        self, mask: Image.Image, fill: Planes, *, depth: float, area: Area, grounded: bool = True
    ) -> None:
        self._mask, self._fill, self._depth = mask, fill, depth
        self._area, self._grounded = area, grounded

    def draw(self, frame: Planes, view: View, seconds: float, clip: Box) -> None:
        """Lay it over the part `clip` of `frame`, as `view` shows it."""
        left, top, right, bottom = self._seen(frame.size, view)
        box = _even(left, top, right, bottom, clip)
        if box[2] > box[0] and box[3] > box[1]:
            columns, rows = self._mask.size
            across, down = columns / (right - left), (rows - 2) / (bottom - top)
            part = (
                max(0.0, (box[0] - left) * across),
                max(0.0, (box[1] - top) * down + 1),
                min(float(columns), (box[2] - left) * across),
                min(float(rows), (box[3] - top) * down + 1),
            )
            size = (box[2] - box[0], box[3] - box[1])
            frame.paste(self._fill, box, self._mask.resize(size, Image.Resampling.HAMMING, box=part))
        below = max(clip[1], box[3])
        if self._grounded and below < clip[3]:
            frame.paste(self._fill, (clip[0], below, clip[2], clip[3]))

    def box(self, size: tuple[int, int], view: View) -> Box:
        """Where its area lies in a frame of that size."""
        return _even(*self._seen(size, view), (0, 0, *size))

    def filled(self, fill: Planes) -> "Layer":
        """The same shape with another picture in it."""
        return Layer(self._mask, fill, depth=self._depth, area=self._area, grounded=self._grounded)

    def _seen(self, size: tuple[int, int], view: View) -> tuple[float, float, float, float]:
        """The area in pixels of the frame, under perspective: what is near grows and shifts more."""
        power = 0.2 + 1.0 * self._depth if view.forward else 0.75 + 0.25 * self._depth
        growth = (1 / view.scale) ** power
        shift = _SHIFT * (0.25 + 0.75 * self._depth)

        def across(share: float, length: int, pan: float) -> float:
            return float(length * (0.5 + (share - 0.5) * growth - pan * shift))

        left, top, right, bottom = self._area
        width, height = size
        return (
            across(left, width, view.x),
            across(top, height, view.y),
            across(right, width, view.x),
            across(bottom, height, view.y),
        )


class Rain:
    """Falling streaks over all that was drawn before."""

    def __init__(self, mask: Image.Image, fill: Planes) -> None:
        self._mask, self._fill = mask, fill

    def draw(self, frame: Planes, view: View, seconds: float, clip: Box) -> None:
        """Lay it over the part `clip` of `frame`."""
        height = frame.size[1]
        offset = height - int(seconds * _RAIN_SPEED * height) % height
        left, top, right, bottom = clip
        streaks = self._mask.crop((left, top + offset, right, bottom + offset))
        frame.y.paste(self._fill.y.crop(clip), clip, streaks)


class Room:
    """A wall with an opening through which the rest is seen, and what stands before the wall."""

    def __init__(self, wall: Planes, opening: Layer, before: Sequence[Layer]) -> None:
        self._wall, self._opening, self._before = wall, opening, before

    def box(self, size: tuple[int, int], view: View) -> Box:
        """The part of the frame where the outside is seen."""
        return self._opening.box(size, view)

    def draw(self, outside: Planes, view: View, seconds: float) -> Planes:
        """The frame, with `outside` behind the opening."""
        frame = self._wall.copy()
        whole = (0, 0, *frame.size)
        self._opening.filled(outside).draw(frame, view, seconds, whole)
        for layer in self._before:
            layer.draw(frame, view, seconds, whole)
        return frame


class Card:
    """A sky and what stands before it, from far to near; perhaps seen from a room."""

    def __init__(self, sky: Planes, things: Sequence[Layer | Rain], room: Room | None = None) -> None:
        self._sky, self._things, self._room = sky, things, room

    def draw(self, view: View, seconds: float) -> Planes:
        """The frame that `view` shows at that time."""
        frame = self._sky.copy()
        clip = self._room.box(frame.size, view) if self._room else (0, 0, *frame.size)
        for thing in self._things:
            thing.draw(frame, view, seconds, clip)
        return self._room.draw(frame, view, seconds) if self._room else frame


def _even(left: float, top: float, right: float, bottom: float, clip: Box) -> Box:
    """The smallest even box around an area, inside `clip` (even)."""
    return (
        max(clip[0], math.floor(left / 2) * 2),
        max(clip[1], math.floor(top / 2) * 2),
        min(clip[2], math.ceil(right / 2) * 2),
        min(clip[3], math.ceil(bottom / 2) * 2),
    )


def across(top: float, bottom: float) -> Area:
    """The area of a layer that goes through the whole frame, and beyond it at both sides."""
    return -MARGIN, top, 1 + MARGIN, bottom


def strip_size(width: int, height: int, area: Area) -> tuple[int, int]:
    """Columns and rows of a layer's mask."""
    left, top, right, bottom = area
    columns = max(2, round(width * (right - left) * _OVERSAMPLED))
    return columns, max(4, round(height * (bottom - top) * _OVERSAMPLED) + 2)


def positions(columns: int) -> NDArray[np.float32]:
    """Each column's place in frame widths, 0 to 1 inside the frame."""
    return np.linspace(-MARGIN, 1 + MARGIN, columns, dtype=np.float32)
