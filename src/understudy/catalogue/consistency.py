"""What types alone cannot say about a manifest: whether its parts agree with each other. Pure."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal

from understudy.catalogue.manifest import Input, Model
from understudy.catalogue.numeric import NotANumber, OutOfRange, as_number

_OWNER = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)*")
_SLUG = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_INPUT_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_MOST_DOLLARS = 10_000
"""A price above is a mistake, and what a long run would come to could not be written down."""
_A_PRICE = f"must be a price in US dollars, 0 or more and at most {_MOST_DOLLARS}"

Problem = tuple[str, str]
"""The key and the reason."""


def problems(model: Model, has_sample: Callable[[str], bool]) -> Iterator[Problem]:
    """Everything that is wrong with the manifest, in its own order."""
    if not _OWNER.fullmatch(model.owner):
        yield "owner", "must be lower-case letters and digits, with single '-' or '_' between them"
    if not _SLUG.fullmatch(model.slug):
        yield "slug", "must be lower-case letters and digits, with single '-', '_' or '.' between them"
    counted = Counter(each.id for each in model.inputs)
    for index, each in enumerate(model.inputs):
        for key, reason in _input_problems(each, counted[each.id] > 1):
            yield f"inputs[{index}].{key}", f"{reason} (input {each.id})"
    yield from _inspire_problems(model)
    yield from price_problems(model)
    for name in model.samples:
        if not has_sample(name):
            yield (
                "inputs",
                f"the sample input {name} is not in a folder samples/; put it there or take it out",
            )


def _input_problems(each: Input, repeated: bool) -> Iterator[Problem]:
    if not _INPUT_ID.fullmatch(each.id):
        yield "id", "must be a letter, then letters, digits or '_'"
    if repeated:
        yield "id", "is used more than once"
    if each.max_files < 1 or (each.type == "fileinput" and each.max_files != 1):
        yield "max_files", "must be 1 or more, and 1 for a fileinput"
    if each.options and each.type != "select":
        yield "options", f"are for inputs of type select, not {each.type}"
    if each.type == "select":
        values = [option.value for option in each.options]
        if not values:
            yield "options", "must not be empty"
        elif len(set(values)) < len(values):
            yield "options", "have a value twice"
        elif str(each.default) not in values and not (each.required and each.default == ""):
            yield "default", f"must be one of {', '.join(values)}"
    yield from _number_problems(each)


def _number_problems(each: Input) -> Iterator[Problem]:
    bounds = {"min": each.min, "max": each.max, "step": each.step}
    given = {key: value for key, value in bounds.items() if value is not None}
    if each.type not in ("number", "range"):
        for key in given:
            yield key, f"is for inputs of type number or range, not {each.type}"
        return
    for key, value in given.items():
        if not math.isfinite(value):
            yield key, "must be a finite number"
            return
    if each.step is not None and each.step <= 0:
        yield "step", "must be above 0"
    elif each.min is not None and each.max is not None and each.min > each.max:
        yield "min", "must not be above max"
    elif each.default == "" and each.required:
        return
    elif isinstance(each.default, str):
        yield "default", "must be a number, unless the input is required"
    else:
        try:
            as_number(each.default, each)
        except (NotANumber, OutOfRange):
            yield "default", "must be a number that min, max and step allow"


def _inspire_problems(model: Model) -> Iterator[Problem]:
    for index, inspire in enumerate(model.inspires):
        for key in inspire:
            if model.input(key) is None:
                yield f"inspires[{index}].{key}", "names no input of this model"


def price_problems(model: Model) -> Iterator[Problem]:
    """What is wrong with its prices."""
    if not _is_price(model.cps):
        yield "cps", _A_PRICE
    for index, rule in enumerate(model.prices):
        for key, amount in (("price", rule.price), ("extra", rule.extra)):
            if amount is not None and not _is_price(amount):
                yield f"prices[{index}].{key}", _A_PRICE
        if rule.extra is not None and rule.method != "cp-pixel":
            yield f"prices[{index}].extra", "is for the method cp-pixel only"
        for name, value in rule.inputs.items():
            priced = model.input(name)
            if priced is None:
                known = ", ".join(model.input_ids) or "none"
                yield (
                    f"prices[{index}].inputs.{name}",
                    f"names no input of this model; its inputs are: {known}",
                )
            elif priced.type == "select" and value not in (
                options := [each.value for each in priced.options]
            ):
                yield (
                    f"prices[{index}].inputs.{name}",
                    f"{value!r} is not one of the input's options: {', '.join(options)}",
                )


def _is_price(amount: Decimal) -> bool:
    return amount.is_finite() and 0 <= amount <= _MOST_DOLLARS
