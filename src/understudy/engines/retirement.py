"""What is going to be retired: engines and models with an end date, and what to tell the operator about each.

An end date is a warning, never a switch: partners put their dates off, so what is past its date is still tried.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final, Literal, Protocol

import msgspec

from understudy.engines.options import Options
from understudy.engines.options import ends as ends_of

WARNED_DAYS: Final = 60
"""How long beforehand an operator is warned."""


class Retiring(Protocol):
    """What is asked of a model: a part of `catalogue.Model`."""

    @property
    def address(self) -> str:
        """`owner/slug`."""

    @property
    def ends(self) -> date | None:
        """The day on which it is retired."""


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """The end of one engine or model."""

    what: Literal["engine", "model"]
    name: str
    """The engine's name, or the model's address."""
    ends: date
    days: int
    """Days left; below 0 the date is past."""

    @property
    def due(self) -> bool:
        """Whether the operator is to be warned now."""
        return self.days <= WARNED_DAYS

    @property
    def sentence(self) -> str:
        """What the operator is told, after the name."""
        head = f"This {self.what} {_when(self.ends, self.days)}."
        return f"{head} {_STILL_TRIED[self.what] if self.days < 0 else _REMEDY[self.what]}"


def end_dates(options: Mapping[str, Options]) -> dict[str, date]:
    """The engines that have an end date, by name. Raises `ConfigurationError` for a date that is none."""
    dates = ((name, ends_of(given, engine=name)) for name, given in options.items())
    return {name: day for name, day in dates if day is not None}


def endings(today: date, engines: Mapping[str, date], models: Iterable[Retiring]) -> tuple[Ending, ...]:
    """Every end that is known, the first one first: what metrics show."""
    found = [
        *(_ending("engine", name, ends, today) for name, ends in engines.items()),
        *(_ending("model", model.address, model.ends, today) for model in models if model.ends),
    ]
    return tuple(sorted(found, key=lambda each: (each.ends, each.what, each.name)))


def warnings(today: date, engines: Mapping[str, date], models: Iterable[Retiring]) -> tuple[Ending, ...]:
    """Those of which the operator is warned: from 60 days before the end on, and ever after."""
    return tuple(each for each in endings(today, engines, models) if each.due)


def left(ends: date, today: date) -> str:
    """How far away an end is: `in 12 days`, `today`, `4 days ago`."""
    days = (ends - today).days
    if not days:
        return "today"
    count = f"{abs(days)} day{'s' if abs(days) > 1 else ''}"
    return f"in {count}" if days > 0 else f"{count} ago"


_REMEDY: Final = {
    "engine": "Put another engine into the cast of the models that it plays (understudy cast show MODEL).",
    "model": "Tell those who call it which model takes its place.",
}
_STILL_TRIED: Final = {
    "engine": "It is still tried. If it has been given more time, correct `ends`; if not, take it out of the cast.",
    "model": "It is still served. If it has been given more time, correct `ends`; if not, set enabled = false in its"
    " manifest.",
}


def _ending(what: Literal["engine", "model"], name: str, ends: date, today: date) -> Ending:
    return Ending(what=what, name=name, ends=ends, days=(ends - today).days)


def _when(ends: date, days: int) -> str:
    away = left(ends, date.fromordinal(ends.toordinal() - days))
    return f"was to be retired on {ends}, {away}" if days < 0 else f"is retired on {ends}, {away}"
