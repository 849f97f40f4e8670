"""Reading the fields of a request: numbers come as numbers or as text, and "" is "not given"."""

import re
from collections.abc import Mapping
from typing import Any

from understudy.errors import InvalidInput

_WHOLE = re.compile(r"[+-]?[0-9]+", re.ASCII)
_MOST_DIGITS = 18
_LONGEST = 1000


def text(fields: Mapping[str, Any], name: str) -> str:
    """The field as text; "" if it was not given. Raises `InvalidInput` for anything but text and whole numbers."""
    match fields.get(name):
        case None:
            return ""
        case bool():
            pass
        case int() as number:
            return str(number)
        case str() as given if len(given) <= _LONGEST:
            return given.strip()
    raise InvalidInput(f"Request parameter [{name}] must be a string of at most {_LONGEST} characters")


def whole(fields: Mapping[str, Any], name: str, default: int, low: int, high: int) -> int:
    """The field as a whole number within bounds. Raises `InvalidInput`."""
    if isinstance(fields.get(name), bool | float):
        raise InvalidInput(f"Request parameter [{name}] must be integer or float")
    given = text(fields, name)
    if not given:
        return default
    if not _WHOLE.fullmatch(given):
        raise InvalidInput(f"Request parameter [{name}] must be integer or float")
    if len(given) > _MOST_DIGITS or not low <= int(given) <= high:
        raise InvalidInput(f"Request parameter [{name}] must be between {low} and {high}")
    return int(given)


def one_of(fields: Mapping[str, Any], name: str, values: tuple[str, ...], default: str) -> str:
    """The field as one of `values`, however it is capitalised. Raises `InvalidInput`."""
    given = text(fields, name)
    if not given:
        return default
    found = next((value for value in values if value.lower() == given.lower()), None)
    if found is None:
        raise InvalidInput(f"Request parameter [{name}] must be one of {', '.join(values)}")
    return found


def flag(fields: Mapping[str, Any], name: str) -> bool:
    """The field as yes or no; no if it was not given. Raises `InvalidInput`."""
    given = fields.get(name)
    if isinstance(given, bool):
        return given
    return one_of(fields, name, ("true", "1", "false", "0"), "false") in ("true", "1")


def texts(fields: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The field as several texts: a list, or one text with commas; forms write its name with `[]` behind it.

    Raises `InvalidInput`.
    """
    given = fields.get(name, fields.get(f"{name}[]"))
    if isinstance(given, list):
        if not all(isinstance(each, str) for each in given):
            raise InvalidInput(f"Request parameter [{name}] must be a list of strings")
        return tuple(each.strip() for each in given if each.strip())
    return tuple(each.strip() for each in text({name: given}, name).split(",") if each.strip())
