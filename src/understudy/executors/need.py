"""How many cards a replica needs, and which it may have: the engine's word, the operator's options."""

import math
from collections.abc import Callable, Mapping, Sequence

import msgspec

from understudy.engines.engine import LocalEngine
from understudy.errors import ConfigurationError

TOLERANCE = 1e-6
"""Shares are decimal fractions: ten times 0.1 is to be one card."""


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """What each replica of a pool must get before it starts."""

    cards: int
    """How many."""
    share: float
    """How much of each: 1 if it is the replica's alone, less if others may have the rest."""
    among: tuple[str, ...]
    """The names of those that will do."""

    @property
    def most(self) -> int:
        """How many replicas find room at the same time, if nobody else has a card."""
        return len(self.among) // self.cards * int(1 / self.share + TOLERANCE)


def need_of(
    engine: LocalEngine, options: Mapping[str, object], names: Callable[[], Sequence[str]]
) -> Need | None:
    """What a replica needs of the machine's cards; None if it needs none, or if there are none to be had.

    `names` says which there are; it is not asked for an engine that needs none.

    Read are the options `gpus`, in place of the engine's own number, and `devices`, the names of the cards that it
    may have. Raises `ConfigurationError` for options that say nothing sensible, or ask for more than there is. An
    engine that by itself needs more than there is gets a need that can never be met (`most` is 0).
    """
    gpus = gpus_of(engine, options)
    if not gpus:
        return None
    cards = names()
    among = _among(engine, options, cards)
    if not cards:
        return None
    whole = gpus >= 1
    need = Need(cards=int(gpus) if whole else 1, share=1.0 if whole else gpus, among=among)
    if not need.most and not options.keys().isdisjoint({"gpus", "devices"}):
        raise ConfigurationError(
            f"engine {engine.name}: a replica is to get {need.cards} cards, and may have {len(among)}: "
            f"{', '.join(among)}. Set the option gpus or devices otherwise."
        )
    return need


def gpus_of(engine: LocalEngine, options: Mapping[str, object]) -> float:
    """How many cards a replica is to get, below 1 a part of one. Raises `ConfigurationError`."""
    number = options.get("gpus")
    if number is None:  # the engine's own number: there is nobody here who could correct it
        return float(math.ceil(engine.gpus)) if engine.gpus > 1 else max(0.0, engine.gpus)
    if isinstance(number, int | float) and not isinstance(number, bool):
        gpus = float(number)
        if 0 <= gpus < 1 or (gpus > 0 and gpus.is_integer()):
            return gpus
    raise ConfigurationError(
        f"engine {engine.name}: the option gpus must be a whole number of cards, or a part of one such as 0.5,"
        f" not {number!r}"
    )


def _among(engine: LocalEngine, options: Mapping[str, object], cards: Sequence[str]) -> tuple[str, ...]:
    given = options.get("devices")
    if given is None:
        return tuple(cards)
    if (
        not isinstance(given, list | tuple)
        or not given
        or not all(isinstance(each, int | str) and not isinstance(each, bool) for each in given)
    ):
        raise ConfigurationError(
            f"engine {engine.name}: the option devices must be a list of cards, such as [0, 2], not {given!r}"
        )
    names = tuple(dict.fromkeys(str(each) for each in given))
    if unknown := [name for name in names if name not in cards]:
        raise ConfigurationError(
            f"engine {engine.name}: the option devices names {', '.join(unknown)};"
            f" the cards here are: {', '.join(cards) or 'none'}"
        )
    return names
