"""What a client of another protocol asks for, in words that these protocols share, and each contract's inputs for it.

The way on from there to an engine is `engines.wish`, which says what each input is by its name. Pure functions.
"""

import math
import re
from typing import Any

import msgspec

from understudy.catalogue.manifest import Input, Model
from understudy.engines.wish import FIELDS, HEIGHT_FIRST, Field

_TIER = re.compile(r"(\d{3,4})p")
_PAIR = re.compile(r"([1-9]\d{0,3})[:x]([1-9]\d{0,3})")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One clip. What is empty, 0 or None was not given, and is left to the contract's defaults."""

    prompt: str
    seconds: str = ""
    width: int = 0
    height: int = 0
    """In pixels; both or neither. They decide shape and tier where `ratio` and `tier` do not."""
    ratio: str = ""
    """Such as `16:9`."""
    tier: str = ""
    """Such as `720p`."""
    sound: bool | None = None
    negative: str = ""
    enhance: bool | None = None
    people: str = ""
    seed: int | None = None


def fields_for(model: Model, asked: Asked) -> dict[str, Any]:
    """The fields of a run of `model`, by the names of its own inputs, to be checked as those of every run.

    Sizes are brought to the nearest that the contract has. What it has no input for is left out.
    """
    found: dict[str, Any] = {}
    for each in model.inputs:
        word = FIELDS.get(each.id)
        if word is not None and (value := _value(model, each, word, asked)) is not None:
            found[each.id] = value
    return found


def picture_field(model: Model) -> str | None:
    """The input that takes the picture with which a clip begins; None if the contract takes none."""
    return next((each.id for each in model.inputs if each.is_file and FIELDS.get(each.id) == "picture"), None)


def _value(model: Model, each: Input, word: Field, asked: Asked) -> str | None:
    match word:
        case "prompt":
            return asked.prompt
        case "seconds":
            return asked.seconds or None
        case "ratio":
            return asked.ratio or _nearest_ratio(each, asked)
        case "tier":
            sizes = _sizes(model, each)
            return _nearest_size(sizes, asked) if sizes else asked.tier or _nearest_tier(each, asked)
        case "sound":
            return _truth(asked.sound)
        case "negative":
            return asked.negative or None
        case "enhance":
            return _truth(asked.enhance)
        case "people":
            return asked.people or None
        case "seed":
            return None if asked.seed is None else str(asked.seed)
        case _:
            return None


def _nearest_ratio(each: Input, asked: Asked) -> str | None:
    if not asked.width or not asked.height:
        return None
    shape = asked.width / asked.height
    ratios = {option.value: pair for option in each.options if (pair := _pair(option.value))}
    return min(ratios, key=lambda ratio: _apart(ratios[ratio][0] / ratios[ratio][1], shape), default=None)


def _nearest_tier(each: Input, asked: Asked) -> str | None:
    shorter = min(asked.width, asked.height)
    if not shorter:
        return None
    tiers = {option.value: int(tier[1]) for option in each.options if (tier := _TIER.fullmatch(option.value))}
    return min(tiers, key=lambda tier: _apart(tiers[tier], shorter), default=None)


def _nearest_size(sizes: dict[str, tuple[int, int]], asked: Asked) -> str | None:
    """By shape first: a clip that is too small can be shown larger, one of another shape cannot."""
    width, height = asked.width, asked.height
    if not width or not height:
        # A tier alone says nothing of the shape, which the contract then takes from the picture.
        width, height = _pair(asked.ratio) or (0, 0)
    if not width or not height:
        return None
    area = asked.width * asked.height

    def distance(name: str) -> tuple[float, float]:
        size = sizes[name]
        shapes = round(_apart(size[0] / size[1], width / height), 6)
        return shapes, _apart(size[0] * size[1], area) if area else 0.0

    return min(sizes, key=distance)


def _sizes(model: Model, each: Input) -> dict[str, tuple[int, int]]:
    """The sizes among the options of an input, as width and height."""
    sizes = {option.value: pair for option in each.options if (pair := _pair(option.value))}
    if model.address in HEIGHT_FIRST:
        return {name: (second, first) for name, (first, second) in sizes.items()}
    return sizes


def _pair(text: str) -> tuple[int, int] | None:
    match = _PAIR.fullmatch(text)
    return (int(match[1]), int(match[2])) if match else None


def _apart(first: float, second: float) -> float:
    """How far two magnitudes are apart: 0 if equal, the same for half and twice."""
    return abs(math.log(first / second))


def _truth(given: bool | None) -> str | None:
    return None if given is None else str(given).lower()
