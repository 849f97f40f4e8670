"""What is compared with a recording, by which measure, and what came of it."""

from collections.abc import Callable, Iterable, Iterator
from math import isnan
from typing import Final, Literal, NamedTuple

import msgspec
import torch
from torch import Tensor

from understudy.errors import UnderstudyError

Kind = Literal["rel", "max abs", "unequal"]
"""L2 norm of the difference over that of the recording; largest difference; how many values are not the same."""

Verdict = Literal["ok", "beyond", "failed", "skipped"]
"""Within all tolerances; outside one; could not be computed; cannot be judged."""


class Unreadable(UnderstudyError):
    """A recording does not hold what it should."""


class NotJudged(UnderstudyError):
    """A case cannot be judged, for the reason that is the message; that is no failure."""


class Limit(NamedTuple):
    """A tolerance."""

    kind: Kind
    most: float


class Where(NamedTuple):
    """Where the networks compute, and in what."""

    device: torch.device
    dtype: torch.dtype


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """How far one value is from its recording."""

    what: str
    kind: Kind
    error: float
    tolerance: float
    of: int | None = None
    """How many values were compared, where equal ones are counted."""
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether it is within the tolerance; what is not a number is not."""
        return self.error <= self.tolerance


class Case(NamedTuple):
    """Something to compare; nothing is computed before it is run."""

    name: str
    run: Callable[[], Iterable[Measure]]
    """Raises `NotJudged`, or whatever comes up."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a case."""

    case: str
    verdict: Verdict
    measures: tuple[Measure, ...] = ()
    message: str = ""
    seconds: float = 0.0


FORWARD: Final = (Limit("rel", 1e-5), Limit("max abs", 1e-4))
"""One pass through the transformer in float32."""
FORWARD_BFLOAT16: Final = (Limit("rel", 0.02),)


def forward_limits(dtype: torch.dtype) -> tuple[Limit, ...]:
    """What one pass through the transformer may differ by."""
    return FORWARD if dtype == torch.float32 else FORWARD_BFLOAT16


def compare(what: str, found: Tensor, recorded: Tensor, *limits: Limit, note: str = "") -> Iterator[Measure]:
    """A measure for each of the limits, in float64. Tensors of different shapes are infinitely apart."""
    fits = found.shape == recorded.shape
    if not fits:
        note = f"shape {list(found.shape)} instead of {list(recorded.shape)}"
    for kind, most in limits:
        error = _distance(kind, found, recorded) if fits else float("inf")
        yield Measure(what=what, kind=kind, error=error, tolerance=most, note=note)


def equal(what: str, triples: Iterable[tuple[str, object, object]]) -> Measure:
    """How many of (label, found, recorded) are not the same; the first of them is named."""
    listed = list(triples)
    wrong = [triple for triple in listed if triple[1] != triple[2]]
    note = ""
    if wrong:
        label, found, recorded = wrong[0]
        note = f"{label}: {_shown(found)} instead of {_shown(recorded)}"
    return Measure(what=what, kind="unequal", error=len(wrong), tolerance=0, of=len(listed), note=note)


def worst(measures: Iterable[Measure]) -> list[Measure]:
    """Of each kind and tolerance the farthest off, in the order of their first; NaN is farther than all."""
    chosen: dict[tuple[Kind, float], Measure] = {}
    for measure in measures:
        key = (measure.kind, measure.tolerance)
        if key not in chosen or _farness(measure) > _farness(chosen[key]):
            chosen[key] = measure
    return list(chosen.values())


def _farness(measure: Measure) -> tuple[bool, float]:
    return isnan(measure.error), measure.error


def _distance(kind: Kind, found: Tensor, recorded: Tensor) -> float:
    ours, theirs = (each.detach().cpu().double() for each in (found, recorded))
    difference = ours - theirs
    if difference.numel() == 0:
        return 0.0
    if kind == "max abs":
        return float(difference.abs().max())
    norm, size = float(difference.norm()), float(theirs.norm())
    return norm / size if size else (0.0 if norm == 0 else float("inf"))


def _shown(value: object, most: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"
