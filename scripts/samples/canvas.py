"""A small drawing board: smooth shapes with soft edges, gradients, light and grain. Deterministic.

Coordinates are in a 1280 × 720 frame, x to the right, y down; colours are (r, g, b) from 0 to 255.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

WIDTH, HEIGHT = 1280, 720
_SCALE = 2
"""Drawn larger and reduced at the end: that smooths all edges."""

Colour = tuple[float, float, float]
Points = np.ndarray
"""Shape (n, 2)."""
Brightness = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Of x and y."""


def curve(points: Sequence[tuple[float, float]], *, closed: bool = True, steps: int = 12) -> Points:
    """A smooth line through the points (Catmull-Rom)."""
    p = np.asarray(points, float)
    p = np.concatenate([p[-1:], p, p[:2]]) if closed else np.concatenate([p[:1], p, p[-1:]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    parts = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False)
    ]
    return np.concatenate(parts if closed else [*parts, p[-1:]])


def ellipse(x: float, y: float, rx: float, ry: float, angle: float = 0.0) -> Points:
    """An ellipse, turned by `angle` degrees."""
    t, turn = np.linspace(0, 2 * np.pi, 96, endpoint=False), np.radians(angle)
    u, v = rx * np.cos(t), ry * np.sin(t)
    return np.stack([x + u * np.cos(turn) - v * np.sin(turn), y + u * np.sin(turn) + v * np.cos(turn)], 1)


def ribbon(points: Sequence[tuple[float, float]], widths: Sequence[float]) -> Points:
    """A band along a smooth line, its width going through `widths` from the start to the end."""
    line = curve(points, closed=False)
    width = np.interp(np.linspace(0, 1, len(line)), np.linspace(0, 1, len(widths)), widths)[:, None] / 2
    direction = np.gradient(line, axis=0)
    normal = direction[:, ::-1] * [-1, 1] / (np.linalg.norm(direction, axis=1, keepdims=True) + 1e-9)
    return np.concatenate([line + normal * width, (line - normal * width)[::-1]])


def box(left: float, top: float, right: float, bottom: float) -> Points:
    """A rectangle."""
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], float)


def shifted(points: Points, dx: float, dy: float) -> Points:
    """The same shape elsewhere: a shadow."""
    return points + np.array((dx, dy))


def contains(area: Points, points: Points) -> np.ndarray:
    """Which of the points lie inside a polygon (even-odd rule); shape (n,), bool."""
    x, y = points[:, 0:1], points[:, 1:2]
    a, b = area, np.roll(area, -1, 0)
    crosses = (a[:, 1] > y) != (b[:, 1] > y)
    at = (b[:, 0] - a[:, 0]) * (y - a[:, 1]) / (b[:, 1] - a[:, 1] + 1e-9) + a[:, 0]
    return (crosses & (x < at)).sum(1) % 2 == 1


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """`a` with a share of `b`."""
    return tuple(np.asarray(a) * (1 - share) + np.asarray(b) * share)  # type: ignore[return-value]


class Canvas:
    """One picture while it is drawn. `random` is its only source of chance."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self._image = Image.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE))

    def backdrop(self, stops: Sequence[tuple[float, Colour]]) -> None:
        """Fill everything with a vertical gradient; stops are (y, colour)."""
        self._image.paste(self._gradient(self._image.size, stops, (0, 0)))

    def shape(
        self,
        points: Points,
        fill: Colour | Sequence[tuple[float, Colour]],
        *,
        blur: float = 0.0,
        alpha: float = 1.0,
        within: Points | None = None,
    ) -> None:
        """Fill a polygon with a colour, or with a vertical gradient of (y, colour) stops.

        `blur` softens its edge by so many units; with `within` only the part inside another polygon is drawn.
        """
        margin = 3 * blur + 1
        low = np.maximum((points.min(0) - margin) * _SCALE, 0).astype(int)
        high = np.minimum((points.max(0) + margin) * _SCALE, self._image.size).astype(int)
        if (high <= low).any():
            return
        size = (int(high[0] - low[0]), int(high[1] - low[1]))
        mask = self._mask(points, size, low)
        if blur:
            mask = mask.filter(ImageFilter.GaussianBlur(blur * _SCALE))
        if within is not None:
            mask = ImageChops.multiply(mask, self._mask(within, size, low))
        if alpha < 1:
            mask = mask.point(lambda value: round(value * alpha))
        is_colour = isinstance(fill[0], int | float | np.number)
        stops = [(0.0, fill)] if is_colour else fill
        self._image.paste(self._gradient(size, stops, low), tuple(low), mask)  # type: ignore[arg-type]

    def line(
        self, points: Sequence[tuple[float, float]], width: float, fill: Colour, alpha: float = 1.0
    ) -> None:
        """A smooth line of one width with round ends."""
        self.shape(ribbon(points, (width, width)), fill, alpha=alpha)
        for x, y in (points[0], points[-1]):
            self.shape(ellipse(x, y, width / 2, width / 2), fill, alpha=alpha)

    def ring(self, x: float, y: float, rx: float, ry: float, width: float, fill: Colour) -> None:
        """The outline of an ellipse."""
        outside, inside = ellipse(x, y, rx, ry), ellipse(x, y, rx - width, ry - width)
        self.shape(np.concatenate([outside, outside[:1], inside[:1], inside[::-1]]), fill)

    def hairs(
        self,
        starts: Points,
        directions: Points,
        fills: Sequence[Colour],
        width: float = 1.2,
        bend: float = 0.0,
    ) -> None:
        """Many thin tapering strokes: fur, grass. Each goes from its start along its direction."""
        draw = ImageDraw.Draw(self._image)
        for (x, y), (dx, dy), fill in zip(starts, directions, fills, strict=True):
            length = float(np.hypot(dx, dy)) or 1.0
            nx, ny = -dy / length * width / 2, dx / length * width / 2
            middle = (x + dx * 0.55 - dy * bend * 0.5, y + dy * 0.55 + dx * bend * 0.5)
            blade = [(x + nx, y + ny), (middle[0] + nx * 0.7, middle[1] + ny * 0.7), (x + dx, y + dy)]
            blade += [(middle[0] - nx * 0.7, middle[1] - ny * 0.7), (x - nx, y - ny)]
            colour = tuple(int(np.clip(value, 0, 255)) for value in fill)
            draw.polygon([(px * _SCALE, py * _SCALE) for px, py in blade], fill=colour)

    def glow(self, x: float, y: float, radius: float, colour: Colour, strength: float) -> None:
        """Add light that fades out with the distance."""
        self._light(lambda u, v: np.exp(-((u - x) ** 2 + (v - y) ** 2) / (radius**2)), colour, strength)

    def beam(self, x: float, y: float, angle: float, width: float, colour: Colour, strength: float) -> None:
        """Add a soft ray of light from a point; `angle` in degrees, 90 is down; `width` in degrees."""

        def brightness(u: np.ndarray, v: np.ndarray) -> np.ndarray:
            off = np.degrees(np.arctan2(v - y, u - x)) - angle
            return np.exp(-((off / width) ** 2)) * np.exp(-np.hypot(u - x, v - y) / 700)

        self._light(brightness, colour, strength)

    def soften(self, radius: float) -> None:
        """Blur all that is there: what comes later is in front, and sharp."""
        self._image = self._image.filter(ImageFilter.GaussianBlur(radius * _SCALE))

    def mottle(self, within: Points, size: float, strength: float, stretch: float = 1.0) -> None:
        """Uneven brightness in patches of about `size` units, `stretch` times as wide as high."""
        columns, rows = int(WIDTH / size / stretch) + 2, int(HEIGHT / size) + 2
        noise = Image.fromarray(self.random.integers(0, 256, (rows, columns), dtype=np.uint8))
        noise = noise.resize(self._image.size, Image.Resampling.BICUBIC)
        changed = np.asarray(self._image, np.float32)
        changed = changed * (1 + (np.asarray(noise, np.float32)[..., None] / 127.5 - 1) * strength)
        mask = self._mask(within, self._image.size, np.zeros(2))
        self._image.paste(Image.fromarray(np.clip(changed, 0, 255).astype(np.uint8)), (0, 0), mask)

    def save(self, file: Path, *, grain: float = 3.0, vignette: float = 0.22) -> None:
        """Reduce, darken the corners, add film grain, and write a JPEG."""
        small = np.asarray(self._image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS), np.float32)
        v, u = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
        distance = ((u / WIDTH - 0.5) ** 2 + (v / HEIGHT - 0.5) ** 2) * 2
        small = small * (1 - vignette * distance[..., None])
        noise = Image.fromarray(self.random.normal(0, 1, (HEIGHT, WIDTH)).astype(np.float32))
        small = small + np.asarray(noise, np.float32)[..., None] * grain
        image = Image.fromarray(np.clip(small, 0, 255).astype(np.uint8))
        image.save(file, "JPEG", quality=80, optimize=True, progressive=True)

    def _light(self, brightness: Brightness, colour: Colour, strength: float) -> None:
        width, height = self._image.size
        v, u = np.mgrid[0 : height // 4, 0 : width // 4].astype(np.float32) * 4 / _SCALE
        light = np.clip(brightness(u, v) * strength, 0, 1) * 255
        mask = Image.fromarray(light.astype(np.uint8)).resize(self._image.size, Image.Resampling.BICUBIC)
        solid = Image.new("RGB", self._image.size, tuple(int(value) for value in colour))
        self._image.paste(ImageChops.screen(self._image, solid), (0, 0), mask)

    @staticmethod
    def _mask(points: Points, size: tuple[int, int], low: np.ndarray) -> Image.Image:
        mask = Image.new("L", size)
        ImageDraw.Draw(mask).polygon([tuple(each) for each in points * _SCALE - low], fill=255)
        return mask

    @staticmethod
    def _gradient(
        size: tuple[int, int], stops: Sequence[tuple[float, Colour]], low: np.ndarray | tuple[int, int]
    ) -> Image.Image:
        y = (np.arange(size[1]) + low[1]) / _SCALE
        at = [stop for stop, _ in stops]
        rows = np.stack([np.interp(y, at, [colour[k] for _, colour in stops]) for k in range(3)], 1)
        column = Image.fromarray(np.clip(rows, 0, 255).astype(np.uint8)[:, None, :])
        return column.resize(size, Image.Resampling.NEAREST)
