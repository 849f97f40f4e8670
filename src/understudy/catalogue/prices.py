"""What a run costs, in US dollars. Pure, and decimal throughout: prices are never floats.

The methods are the wire's: see `cost`. Money has 12 decimals.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

import msgspec

from understudy.catalogue.manifest import Model, Price

PIXELS = 1_048_576
"""One unit of cp-pixel: 1024 × 1024."""

_SMALLEST = Decimal("0.000000000001")
_SECONDS = Decimal("0.0001")
_MONEY = Context(prec=60, rounding=ROUND_HALF_UP)
_LENGTH_INPUTS = ("seconds", "durationSeconds", "duration")
_PROMPT = "prompt"

_write = msgspec.json.Encoder(decimal_format="number").encode


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What a run took and made; `exact_seconds` makes its times."""

    elapsed: Decimal
    """Seconds of work."""
    outputs: int = 0
    """How many files."""
    video_seconds: Decimal = Decimal(0)
    """The lengths of all clips together."""
    prompt_characters: int = 0
    pixels: int = 0
    """Width × height of all outputs together."""


def exact_seconds(seconds: float) -> Decimal:
    """A measured time with the 4 decimals that the wire prints: what is printed is what is charged."""
    return Decimal(repr(float(seconds))).quantize(_SECONDS, context=_MONEY)


def cost(model: Model, parameters: Mapping[str, object], usage: Usage) -> Decimal:
    """The price of a successful run, by the matching rule that names most inputs; the first of equals.

    Without a matching rule: `elapsed * cps`. Methods: `cpr` per request, `cps` per second of work, `cpo` per output
    file, `cp-outputVideoLength` per second of video, `cp-promptlength` per character of the prompt, `cp-pixel` for the
    first 1,048,576 pixels, and `extra` (or the same again) for each further started 1,048,576.
    """
    rule = _rule(model, parameters)
    if rule is None:
        return _round(_MONEY.multiply(usage.elapsed, model.cps))
    match rule.method:
        case "cpr":
            units = Decimal(1)
        case "cps":
            units = usage.elapsed
        case "cpo":
            units = Decimal(usage.outputs)
        case "cp-outputVideoLength":
            units = usage.video_seconds
        case "cp-promptlength":
            units = Decimal(usage.prompt_characters)
        case "cp-pixel":
            return _round(_pixel_cost(rule, usage.pixels))
    return _round(_MONEY.multiply(rule.price, units))


def estimate(model: Model, parameters: Mapping[str, object]) -> Decimal | None:
    """The price of a run before it, where the parameters decide it; None where only the run can tell.

    The length of a clip is known where the model has an input `seconds`, `durationSeconds` or `duration`.
    """
    rule = _rule(model, parameters)
    match rule.method if rule else None:
        case "cpr" | "cp-promptlength":
            prompt = str(_parameter(model, parameters, _PROMPT) or "")
            return cost(model, parameters, Usage(elapsed=Decimal(0), prompt_characters=len(prompt)))
        case "cp-outputVideoLength":
            asked = (_parameter(model, parameters, id) for id in _LENGTH_INPUTS)
            length = next((str(value) for value in asked if value is not None), "")
            if not length.isdecimal():
                return None
            return cost(model, parameters, Usage(elapsed=Decimal(0), video_seconds=Decimal(length)))
        case _:
            return None


def approximate_cost(model: Model, mean_elapsed: float) -> Decimal:
    """Seconds of work of a usual successful run, times `cps`."""
    return _round(_MONEY.multiply(exact_seconds(mean_elapsed), model.cps))


def format_cost(amount: Decimal) -> str:
    """An amount as the wire prints it: 12 decimals, no exponent."""
    return format(_round(amount), "f")


def dynamic_price_json(model: Model) -> str:
    """The model's rules as a JSON array in a string; "[]" if there is nothing but `cps`."""
    rules = []
    for rule in model.prices:
        wire: dict[str, Any] = {"inputs": rule.inputs, "price": rule.price, "priceMethod": rule.method}
        if rule.extra is not None:
            wire["priceExtra"] = rule.extra
        rules.append(wire)
    return _write(rules).decode()


def _rule(model: Model, parameters: Mapping[str, object]) -> Price | None:
    fitting = [
        rule
        for rule in model.prices
        if all(_as_written(_parameter(model, parameters, id)) == value for id, value in rule.inputs.items())
    ]
    return max(fitting, key=lambda rule: len(rule.inputs), default=None)


def _parameter(model: Model, parameters: Mapping[str, object], id: str) -> object:
    known = model.input(id)
    return parameters.get(id, known.default if known else None)


def _as_written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _pixel_cost(rule: Price, pixels: int) -> Decimal:
    started = -(-pixels // PIXELS)
    if started == 0:
        return Decimal(0)
    further = rule.price if rule.extra is None else rule.extra
    return _MONEY.add(rule.price, _MONEY.multiply(further, Decimal(started - 1)))


def _round(amount: Decimal) -> Decimal:
    return amount.quantize(_SMALLEST, context=_MONEY)
