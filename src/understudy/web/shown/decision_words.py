"""Decisions of operators in words. Pure."""

from collections.abc import Callable, Mapping

import msgspec

from understudy.tasks.operations.price_list import PriceList
from understudy.tasks.operations.records import Decision, DecisionKind
from understudy.web.shown.price_words import in_words

_names = msgspec.json.Decoder(tuple[str, ...]).decode
_prices = msgspec.json.Decoder(PriceList).decode

_TAKEN_BACK: Mapping[DecisionKind, str] = {
    "enabled": "Offered as its manifest says",
    "prices": "Prices as in the manifest",
    "cast": "Cast as in the settings",
    "hold": "Takes up tasks again",
    "unload": "",
}


def what(decision: Decision) -> str:
    """What was decided; another version of this program may have written it."""
    if decision.kind not in _SAID:
        return "Something that this version does not know"
    try:
        return _SAID[decision.kind](decision.value) if decision.value else _TAKEN_BACK[decision.kind]
    except msgspec.DecodeError:
        return "Something that this version cannot read"


def cast_in_words(names: tuple[str, ...]) -> str:
    """`ovi, then animatic`."""
    return ", then ".join(names) or "nobody"


def _priced(value: str) -> str:
    found = _prices(value)
    return f"Prices: {in_words(found.prices, found.cps)}"


_SAID: Mapping[DecisionKind, Callable[[str], str]] = {
    "enabled": lambda value: "Offered" if value == "true" else "Not offered",
    "prices": _priced,
    "cast": lambda value: f"Cast: {cast_in_words(_names(value))}",
    "hold": lambda value: "Drained" if value == "drained" else "Paused",
    "unload": lambda _: "Unloaded",
}
