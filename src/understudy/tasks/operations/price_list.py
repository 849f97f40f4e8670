"""Prices that an operator sets in place of a manifest's, and what must hold for them. Pure."""

import re
from decimal import Decimal
from typing import get_args

import msgspec

from understudy.catalogue.consistency import price_problems
from understudy.catalogue.manifest import Model, Price, PriceMethod
from understudy.errors import InvalidInput

_RULE = re.compile(r"prices\[(\d+)\]\.?(.*)")
_MEMBER = "[...]"


class PriceList(msgspec.Struct, frozen=True, kw_only=True):
    """What a model costs: the rules of its manifest, in their order, and the price of a second of work without one."""

    prices: tuple[Price, ...] = ()
    cps: Decimal


def with_prices(model: Model, prices: PriceList | None) -> Model:
    """The model at these prices; None: at its own."""
    if prices is None:
        return model
    return msgspec.structs.replace(model, prices=prices.prices, cps=prices.cps)


def write_prices(model: Model, prices: PriceList) -> str:
    """As JSON, once they are checked as a manifest's are. Raises `InvalidInput` that names each rule and what is wrong."""
    written = msgspec.json.encode(prices).decode()
    read_prices(model, written)
    return written


def read_prices(model: Model, written: str) -> PriceList:
    """What `write_prices` wrote. Raises `InvalidInput` if the model cannot have these prices (any more)."""
    try:
        prices = _decode(written)
    except msgspec.DecodeError as error:
        reason, _, path = str(error).partition(" - at `$")
        raise InvalidInput(
            _sentence(path.strip(".`").removesuffix(_MEMBER), _in_our_words(reason))
        ) from error
    if wrong := [_sentence(key, reason) for key, reason in price_problems(with_prices(model, prices))]:
        raise InvalidInput(" ".join(wrong))
    return prices


def _in_our_words(reason: str) -> str:
    if reason.startswith("Invalid enum value"):
        return f"must be one of {', '.join(get_args(PriceMethod))}"
    return f"cannot be read: {reason}"


def _sentence(key: str, reason: str) -> str:
    """`prices[0].price` is what a manifest's author looks for; operators see numbered rules."""
    match = _RULE.fullmatch(key)
    where = ", ".join(filter(None, (f"Rule {int(match[1]) + 1}", match[2]))) if match else key or "prices"
    return f"{where}: {reason}."


_decode = msgspec.json.Decoder(PriceList).decode
