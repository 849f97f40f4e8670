"""What a run will cost, from the rules in a model's record. Pure, and decimal throughout.

The rules are the server's own, as `dynamicprice` shows them: of those that match the inputs the one that names most
of them counts, the first of equals; without any, it is seconds of work times `cps`.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from understudy.client.records import Model
from understudy.client.wire_values import text

_LENGTHS = ("seconds", "durationSeconds", "duration")
_UNITS = {
    "cpr": "request",
    "cps": "second of work",
    "cpo": "output file",
    "cp-outputVideoLength": "second of video",
    "cp-promptlength": "character of the prompt",
    "cp-pixel": "1,048,576 pixels",
}


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """A price before the run. US dollars."""

    amount: Decimal | None
    """The whole price; None where only the run can tell."""
    rate: Decimal
    """For one unit."""
    unit: str
    """Such as `second of video`."""
    method: str
    """As the wire names it, such as `cp-outputVideoLength`."""


class _Rule(msgspec.Struct, frozen=True):
    price: Decimal
    priceMethod: str  # noqa: N815 - the wire's name
    inputs: dict[str, str] = {}


_read = msgspec.json.Decoder(list[_Rule], strict=False).decode


def price(model: Model, inputs: Mapping[str, Any]) -> Price:
    """The price of a successful run with these inputs; those that are not given count with their defaults.

    A price is charged for success only, and for the length that the clip really has.
    """
    given = {
        **{each.id: each.default for each in model.inputs},
        **{id: _written(value) for id, value in inputs.items() if value is not None},
    }
    fitting = [
        rule for rule in _rules(model) if all(given.get(id) == wanted for id, wanted in rule.inputs.items())
    ]
    rule = max(fitting, key=lambda each: len(each.inputs), default=None)
    if rule is None:
        rule = _Rule(model.price_per_second, "cps")
    units = _units(rule.priceMethod, given)
    return Price(
        amount=None if units is None else rule.price * units,
        rate=rule.price,
        unit=_UNITS.get(rule.priceMethod, rule.priceMethod),
        method=rule.priceMethod,
    )


def _rules(model: Model) -> list[_Rule]:
    try:
        return _read(text(model.raw, "dynamicprice") or "[]")
    except msgspec.DecodeError:
        return []


def _units(method: str, given: Mapping[str, str]) -> Decimal | None:
    """How many units a run will have; None where that is not known before it."""
    match method:
        case "cpr":
            return Decimal(1)
        case "cp-promptlength":
            return Decimal(len(given.get("prompt", "")))
        case "cp-outputVideoLength":
            length = next((given[id] for id in _LENGTHS if id in given), "")
            return Decimal(length) if length.isascii() and length.isdecimal() else None
        case _:
            return None


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
