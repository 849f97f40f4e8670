"""A room seen from inside: a wall with a window, a table before it."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from understudy.engines.animatic.picture.card import MARGIN, Area, Layer, Room, across, strip_size
from understudy.engines.animatic.picture.palette import Palette, mixed
from understudy.engines.animatic.picture.planes import Planes
from understudy.engines.animatic.picture.sky import gradient, grain
from understudy.engines.animatic.prompt.setting import Setting

_FRAME = 0.012
"""How far the mask of the opening reaches beyond it, as a share of the frame."""
_SLATS = 15


def build_room(rng: np.random.Generator, setting: Setting, palette: Palette, width: int, height: int) -> Room:
    """From the wall to the table."""
    colour = mixed(palette.near, palette.far, 0.16)
    pane = _window(width, height)
    left, top, right, bottom = pane
    area = (left - _FRAME, top - _FRAME, right + _FRAME, bottom + _FRAME)
    wall = _wall(rng, setting, palette, colour, pane, width, height)
    opening = Layer(
        _opening_mask(width, height, pane, area, blinds=setting.neon),
        wall,
        depth=0.45,
        area=area,
        grounded=False,
    )
    return Room(wall, opening, [_table(rng, palette, colour, width, height)])


def _window(width: int, height: int) -> Area:
    """Left, top, right, bottom as shares of the frame: beside the caption, or below it in an upright frame."""
    return (0.565, 0.2, 0.93, 0.74) if width >= height else (0.2, 0.42, 0.86, 0.76)


def _opening_mask(width: int, height: int, pane: Area, area: Area, *, blinds: bool) -> Image.Image:
    """255 where one looks out: the panes between the bars, or between the slats of a blind."""
    columns, rows = strip_size(width, height, area)
    mask = Image.new("L", (columns, rows))
    pen = ImageDraw.Draw(mask)

    def at(x: float, y: float) -> tuple[float, float]:
        return (x - area[0]) / (area[2] - area[0]) * columns, (y - area[1]) / (area[3] - area[1]) * rows

    left, top, right, bottom = pane
    pen.rectangle((*at(left, top), *at(right, bottom)), fill=255)
    bar = 0.006 * height / width
    middle = (left + right) / 2
    if blinds:
        pitch = (bottom - top) / _SLATS
        for slat in range(_SLATS):
            y = top + pitch * slat
            pen.rectangle((*at(left, y), *at(right, y + pitch * 0.4)), fill=20)
    else:
        beam = top + (bottom - top) * 0.34
        pen.rectangle((*at(left, beam - 0.006), *at(right, beam + 0.006)), fill=0)
    pen.rectangle((*at(middle - bar, top), *at(middle + bar, bottom)), fill=0)
    return mask.filter(ImageFilter.GaussianBlur(max(0.4, height / 1400)))


def _wall(
    rng: np.random.Generator,
    setting: Setting,
    palette: Palette,
    wall: tuple[int, int, int],
    pane: Area,
    width: int,
    height: int,
) -> Planes:
    """The wall's colour, with the light that falls in at the window and that of a lamp."""
    pixels = gradient(
        width, height, ((0.0, mixed(wall, (0, 0, 0), 0.3)), (0.7, wall), (1.0, mixed(wall, (0, 0, 0), 0.4)))
    )
    x = (np.arange(width, dtype=np.float32) / width)[None, :]
    y = (np.arange(height, dtype=np.float32) / height)[:, None]
    aspect = width / height
    left, top, right, bottom = pane
    outside_x = np.maximum(np.maximum(left - x, x - right), 0) * aspect
    outside_y = np.maximum(np.maximum(top - y, y - bottom), 0)
    spill = np.exp(-((np.hypot(outside_x, outside_y) / 0.16) ** 2)) * 0.3
    pixels += (np.asarray(palette.horizon, np.float32) - pixels) * spill[..., None]
    lamp = (left - 0.1, 0.62) if width >= height else (left - 0.02, 0.74)
    glow = np.exp(-((np.hypot((x - lamp[0]) * aspect, y - lamp[1]) / 0.3) ** 2))
    strength = 0.34 if setting.warm or setting.time != "day" else 0.12
    warm = palette.light if not setting.neon else (255, 170, 96)
    pixels += (np.asarray(warm, np.float32) - pixels) * (glow * strength)[..., None]
    return Planes.from_array(pixels, grain(rng, width, height))


def _table(
    rng: np.random.Generator, palette: Palette, wall: tuple[int, int, int], width: int, height: int
) -> Layer:
    """A table's edge with a lamp, books and a cup on it."""
    area = across(0.62, 0.9)
    columns, rows = strip_size(width, height, area)
    mask = Image.new("L", (columns, rows))
    pen = ImageDraw.Draw(mask)
    edge = (0.845 - 0.62) / 0.28 * rows
    unit = rows / 0.28 / 100  # a hundredth of the frame's height
    start = columns * MARGIN / (1 + 2 * MARGIN)
    span = columns / (1 + 2 * MARGIN)
    pen.rectangle((0, edge, columns, rows), fill=255)
    lamp = start + span * (0.465 if width >= height else 0.16)
    pen.rectangle((lamp - 0.35 * unit, edge - 15 * unit, lamp + 0.35 * unit, edge), fill=255)
    pen.ellipse((lamp - 3.6 * unit, edge - 1.1 * unit, lamp + 3.6 * unit, edge + unit), fill=255)
    pen.polygon(
        (
            (lamp - 2.6 * unit, edge - 21 * unit), (lamp + 2.6 * unit, edge - 21 * unit),
            (lamp + 5.6 * unit, edge - 13.4 * unit), (lamp - 5.6 * unit, edge - 13.4 * unit),
        ),
        fill=255,
    )  # fmt: skip
    books = start + span * (0.66 if width >= height else 0.5)
    for number in range(3):
        reach, lean = rng.uniform(6.2, 8.2) * unit, rng.uniform(-0.8, 0.8) * unit
        low = edge - number * 1.8 * unit
        pen.rounded_rectangle(
            (books + lean - reach, low - 1.6 * unit, books + lean + reach, low), unit * 0.3, fill=255
        )
    cup = start + span * 0.8
    pen.rounded_rectangle((cup - 2.4 * unit, edge - 4.6 * unit, cup + 2.4 * unit, edge), unit * 0.9, fill=255)
    pen.arc(
        (cup + 1.2 * unit, edge - 3.9 * unit, cup + 4.2 * unit, edge - 1.1 * unit),
        0,
        360,
        fill=255,
        width=max(1, round(0.6 * unit)),
    )
    colour = mixed(palette.near, (0, 0, 0), 0.35)
    fill = Planes.from_array(
        gradient(
            width, height, ((0.0, colour), (0.84, colour), (0.86, mixed(colour, wall, 0.5)), (1.0, colour))
        ),
        grain(rng, width, height),
    )
    return Layer(mask.filter(ImageFilter.GaussianBlur(max(0.4, height / 1200))), fill, depth=0.95, area=area)
