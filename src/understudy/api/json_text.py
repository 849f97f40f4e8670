"""JSON from outside, read strictly: what two readers could understand differently is refused."""

import json
import re
from typing import Any

import msgspec

from understudy.errors import InvalidInput

DEEPEST = 32
"""Levels of arrays and objects; no documented body has more than three."""

MOST_VALUES = 100_000
"""In a whole body, give or take what commas its texts have. A body of 27 MB of empty lists would take 700 MB."""

# The first half of a character that is written as two (RFC 8259, 7), without the second; a backslash may be escaped itself.
_HALF = re.compile(rb"(?<!\\)(?:\\\\)*\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u)")


def read_object(text: bytes) -> dict[str, Any]:
    """The object that a body holds. Nothing at all counts as an empty one.

    Raises `InvalidInput` for text that is not JSON in UTF-8 (NaN and lone surrogates are not), anything but an
    object, a name given twice, NUL characters, nesting below `DEEPEST`, and more than `MOST_VALUES`.
    """
    text = text.removeprefix(b"\xef\xbb\xbf")
    if not text.strip():
        return {}
    if text.count(b",") > MOST_VALUES:
        raise _invalid("It has too many values in it.")
    try:
        value = _decoder.decode(text)
    except RecursionError as error:
        raise _invalid("It is nested too deeply.") from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise _invalid(_reason(text, error)) from error
    if not isinstance(value, dict):
        raise _invalid("It must be an object: {...}.")
    _check(value, DEEPEST)
    # Each pair has a colon: with no more colons than names, none was given twice, and the slower look is spared.
    if text.count(b":") > len(value):
        _DUPLICATES.decode(text.decode())
    return value


def _reason(text: bytes, error: Exception) -> str:
    """What is wrong with the text, which is not repeated: a reason and a place are enough."""
    said = str(error)
    match error:
        case msgspec.ValidationError():
            return "A number in it is too large."
        case UnicodeDecodeError():
            return "It is not in UTF-8."
        case _ if "surrogate" in said or ("truncated" in said and _HALF.search(text)):
            return "It has half of a surrogate pair in it, which is no character."
        case _ if "truncated" in said:
            return "It ends too early."
    return f"{said}."


def _check(value: Any, levels: int) -> None:
    match value:
        case str():
            if "\0" in value:
                raise _invalid("It has a NUL character in it.")
        case dict():
            if not levels:
                raise _invalid("It is nested too deeply.")
            for name, each in value.items():
                _check(name, levels)
                _check(each, levels - 1)
        case list():
            if not levels:
                raise _invalid("It is nested too deeply.")
            for each in value:
                _check(each, levels - 1)


def _unique(pairs: list[tuple[str, Any]]) -> None:
    if len(pairs) > 1 and len({name for name, _ in pairs}) < len(pairs):
        raise _invalid("It gives one name twice.")


def _invalid(reason: str) -> InvalidInput:
    return InvalidInput("Request parameters are invalid.", f"The body is not accepted as JSON. {reason}")


_decoder = msgspec.json.Decoder()
# msgspec keeps the last of two equal names without a word; the standard library shows all of them.
_DUPLICATES = json.JSONDecoder(object_pairs_hook=_unique)
