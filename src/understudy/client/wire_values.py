"""Reading single values of the wire, where every number is a string and what is missing may be "", null or absent."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

Wire = Mapping[str, Any]


def text(wire: Wire, key: str) -> str:
    """The value as text; nothing is ""."""
    value = wire.get(key)
    return "" if value is None else str(value)


def number(wire: Wire, key: str) -> float:
    """The value as a number; nothing, and what is none, is 0."""
    try:
        return float(wire.get(key) or 0)
    except (TypeError, ValueError):
        return 0.0


def whole(wire: Wire, key: str) -> int:
    """The value as a whole number; nothing, and what is none, is 0."""
    return int(number(wire, key))


def money(wire: Wire, key: str) -> Decimal:
    """The value as an exact amount; nothing, and what is none, is 0."""
    try:
        return Decimal(str(wire.get(key) or 0))
    except InvalidOperation:
        return Decimal(0)


def table(wire: Wire, key: str) -> dict[str, Any]:
    """The value as a table; what is none is empty."""
    value = wire.get(key)
    return dict(value) if isinstance(value, Mapping) else {}


def tables(wire: Wire, key: str) -> tuple[dict[str, Any], ...]:
    """The value as a list of tables, without what is none."""
    value = wire.get(key)
    return tuple(dict(each) for each in value if isinstance(each, Mapping)) if isinstance(value, list) else ()


def words(wire: Wire, key: str) -> tuple[str, ...]:
    """The value as a list of words."""
    value = wire.get(key)
    return (
        tuple(str(each) for each in value)
        if isinstance(value, Sequence) and not isinstance(value, str)
        else ()
    )
