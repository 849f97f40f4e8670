"""How the camera goes: a path of views over a picture, eased, without a jolt at its ends. Pure functions."""

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Final

import msgspec

from understudy.engines.animatic.prompt.camera import Move, MoveKind, Speed


class View(msgspec.Struct, frozen=True):
    """What the camera sees: a window over the scene.

    `scale` is the window's share of the widest possible one (1 shows all); `x` and `y` are where its middle lies
    between the two extremes, from -1 (left, top) to 1.
    """

    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0
    forward: bool = False
    """The change of scale is a journey, not a zoom: what is near grows faster than what is far."""


NARROWEST: Final = 0.74
"""The smallest scale of any path: pictures need no more detail than this asks for."""
_REACH: Final[dict[Speed, float]] = {"slow": 0.7, "normal": 0.85, "fast": 1.0}
_ZOOM: Final = 0.22
_ROOM: Final = 0.84
"""The scale at which a camera pans and tilts: it needs picture beyond the frame."""
_DRIFT: Final = 0.06
_IN: Final[frozenset[MoveKind]] = frozenset({"zoom in", "dolly in"})
_OUT: Final[frozenset[MoveKind]] = frozenset({"zoom out", "dolly out"})
_SHIFTS: Final[dict[MoveKind, tuple[float, float]]] = {
    "pan left": (-1, 0),
    "pan right": (1, 0),
    "tilt up": (0, -1),
    "tilt down": (0, 1),
    "rise": (0, -0.9),
    "descend": (0, 0.9),
    "track": (0.9, 0),
    "orbit": (0.7, 0),
}


class Path(msgspec.Struct, frozen=True):
    """A camera's way: views that it passes at even intervals."""

    views: tuple[View, ...]
    shaky: bool = False
    seconds: float = 1.0

    def at(self, share: float) -> View:
        """The view after `share` (0 to 1) of the shot."""
        legs = len(self.views) - 1
        place = min(max(share, 0.0), 1.0) * legs
        leg = min(int(place), legs - 1)
        first, last = self.views[leg], self.views[leg + 1]
        t = eased(place - leg)
        view = View(
            # Even steps of the logarithm look like an even speed.
            first.scale * (last.scale / first.scale) ** t,
            first.x + (last.x - first.x) * t,
            first.y + (last.y - first.y) * t,
            first.forward or last.forward,
        )
        return _shaken(view, share * self.seconds) if self.shaky else view


def eased(t: float) -> float:
    """0 to 1, even in the middle, with soft ends: an even speed whose first and last fifths are blended to rest."""
    ramp = 0.2
    t = min(max(t, 0.0), 1.0)
    full = 1 - ramp
    if t < ramp:
        return t * t / (2 * ramp * full)
    if t > 1 - ramp:
        return 1 - (1 - t) ** 2 / (2 * ramp * full)
    return (t - ramp / 2) / full


def path(moves: Sequence[Move], seconds: float) -> Path:
    """The way that `moves` describe: those of one phase together, the phases one after the other.

    Without a move the camera drifts in, hardly to be seen; a static one stands.
    """
    shaky = any(move.kind == "handheld" for move in moves)
    if any(move.kind == "static" for move in moves):
        return Path((View(), View()), seconds=seconds)
    going = [move for move in moves if move.kind != "handheld"]
    if not going:
        start = 0.95 if shaky else 1.0
        return Path((View(start), View(start - _DRIFT, 0, 0, forward=True)), shaky, seconds)
    phases = [tuple(group) for _, group in groupby(going, key=lambda move: move.phase)]
    views = [_start(phases)]
    for phase in phases:
        views.append(_after(views[-1], phase))
    return Path(tuple(views), shaky, seconds)


def _start(phases: Sequence[tuple[Move, ...]]) -> View:
    """Where the way begins, so that all of it has room."""
    kinds = [move.kind for phase in phases for move in phase]
    forward = any(kind.startswith("dolly") for kind in kinds)
    first_zoom = next((kind for kind in kinds if kind in _IN | _OUT), None)
    shifts = any(kind in _SHIFTS for kind in kinds)
    scale = 1.0 - _ZOOM if first_zoom in _OUT else (_ROOM + 0.08 if first_zoom and shifts else 1.0)
    if shifts and first_zoom is None:
        scale = _ROOM
    x = y = 0.0
    for move in phases[0]:
        dx, dy = _SHIFTS.get(move.kind, (0.0, 0.0))
        reach = _REACH[move.speed]
        x, y = x - dx * reach, y - dy * reach
    return View(scale, x, y, forward)


def _after(view: View, phase: Sequence[Move]) -> View:
    scale, x, y, forward = view.scale, view.x, view.y, view.forward
    for move in phase:
        reach = _REACH[move.speed]
        if move.kind in _IN:
            scale *= 1 - _ZOOM * reach
        elif move.kind in _OUT:
            scale /= 1 - _ZOOM * reach
        dx, dy = _SHIFTS.get(move.kind, (0.0, 0.0))
        x = reach * dx if dx else x
        y = reach * dy if dy else y
        forward = forward or move.kind.startswith("dolly")
    return View(min(1.0, max(NARROWEST, scale)), x, y, forward)


def _shaken(view: View, seconds: float) -> View:
    """A hand's sway: two slow waves of different lengths in each direction."""
    dx = 0.35 * math.sin(2.1 * seconds) + 0.2 * math.sin(4.7 * seconds + 1.0)
    dy = 0.3 * math.sin(1.7 * seconds + 0.5) + 0.2 * math.sin(5.3 * seconds)
    scale = min(view.scale, 0.95)
    return View(scale, min(1, max(-1, view.x + dx)), min(1, max(-1, view.y + dy)), view.forward)
