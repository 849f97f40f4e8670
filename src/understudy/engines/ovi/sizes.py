"""How large a frame is: every size is scaled to the area that a checkpoint was trained at.

Source of both rules: the reference, whose results are recorded; its two rules differ for some shapes. All rounding is
to the nearest, halves to even. Sizes are (height, width) in pixels.
"""

from math import sqrt
from typing import Final

Size = tuple[int, int]
"""Height and width in pixels."""

MULTIPLE: Final = 32
"""Sides are multiples of it: 16 pixels in a latent cell, two cells in a token."""
_AROUND: Final = 3
"""How many heights below and above the ideal one are tried for an image."""
_LONGEST: Final = 4
"""Long side over short side of the longest frame that is made; training went up to 2.6."""


def requested_size(height: int, width: int, area: int) -> Size:
    """The frame for a size that was asked for: its shape at `area` pixels, each side to the nearest multiple."""
    scale = sqrt(area / (height * width))
    return _pixels(_units(round(height * scale)), _units(round(width * scale)))


def image_size(height: int, width: int, area: int) -> Size:
    """The frame for an image to begin with: of the sizes near its shape, the one that is nearest to `area` pixels.

    Sizes equally near are told apart by how well they keep the shape.
    """
    shape = width / height
    scale = sqrt(area / (height * width))
    middle = max(1, round(sqrt(max(1, area // MULTIPLE**2) / shape)))
    rows = range(middle - _AROUND, middle + _AROUND + 1)
    candidates = [_pixels(max(1, row), max(1, round(max(1, row) * shape))) for row in rows]
    candidates.append(_pixels(_units(height * scale), _units(width * scale)))
    return min(candidates, key=lambda size: (abs(size[0] * size[1] - area), abs(size[1] / size[0] - shape)))


def limited(size: Size) -> Size:
    """`size`, its longer side cut to four times the shorter: rounding would blow up the area of a longer strip."""
    height, width = size
    return min(height, _LONGEST * width), min(width, _LONGEST * height)


def _units(pixels: float) -> int:
    return max(1, round(pixels / MULTIPLE))


def _pixels(rows: int, columns: int) -> Size:
    return rows * MULTIPLE, columns * MULTIPLE
