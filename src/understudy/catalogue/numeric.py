"""Numbers from outside: JSON numbers and numeric strings, held against an input's bounds. Pure."""

import math
import re
from fractions import Fraction

from understudy.catalogue.manifest import Input

_NUMERAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_LONGEST = 64
"""Characters in a numeral: far more than any number that an input means, far less than Python takes long to read."""
_LARGEST = 2**63 - 1
"""What stores, JSON readers and engines hold exactly enough."""


class NotANumber(ValueError):
    """It is not a finite integer or float."""


class OutOfRange(ValueError):
    """It is a number, but not one that the input takes. The message says what it takes."""


def as_number(given: object, each: Input) -> int | float:
    """The number that `given` means for the input: an int where the input's own numbers are ints and it is whole.

    Raises `NotANumber` or `OutOfRange`.
    """
    number = _read(given)
    if abs(number) > _LARGEST:
        raise OutOfRange("is too large")
    below = each.min is not None and number < each.min
    above = each.max is not None and number > each.max
    if below or above:
        raise OutOfRange(_range(each))
    if each.step is not None:
        start = each.min if each.min is not None else 0
        if (_exact(number) - _exact(start)) % _exact(each.step):
            raise OutOfRange(_steps(each.step, start))
    if isinstance(number, float) and number.is_integer() and _counts(each):
        return int(number)
    return number


def _read(given: object) -> int | float:
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise NotANumber
    if isinstance(given, str):
        text = given.strip()
        if len(text) > _LONGEST or not _NUMERAL.fullmatch(text):
            raise NotANumber
        given = int(text) if text.lstrip("+-").isdigit() else float(text)
    if not isinstance(given, int) and not math.isfinite(given):
        raise NotANumber
    return given


def _counts(each: Input) -> bool:
    return isinstance(each.default, int) or (each.default == "" and isinstance(each.step, int))


def _exact(number: int | float) -> Fraction:
    # Through its shortest decimal form: 0.3 is three tenths here, as its writer meant, and a multiple of 0.1.
    return Fraction(repr(number))


def _range(each: Input) -> str:
    if each.min is not None and each.max is not None:
        return f"must be between {each.min} and {each.max}"
    return f"must be {each.min} or more" if each.min is not None else f"must be {each.max} or less"


def _steps(step: int | float, start: int | float) -> str:
    if step == 1 and float(start).is_integer():
        return "must be a whole number"
    return f"must be {start} plus a multiple of {step}"
