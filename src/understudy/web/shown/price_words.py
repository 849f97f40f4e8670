"""Prices in words, and out of the fields of a form. Pure; every digit survives."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from understudy.catalogue.consistency import price_problems
from understudy.catalogue.manifest import Model, Price, PriceMethod
from understudy.tasks.operations.price_list import PriceList, with_prices

UNITS: Mapping[PriceMethod, str] = {
    "cpr": "per request",
    "cps": "per second of work",
    "cpo": "per file that is made",
    "cp-outputVideoLength": "per second of clip",
    "cp-promptlength": "per character of the prompt",
    "cp-pixel": "for the first 1024 × 1024 pixels",
}

_PRICE = re.compile(r"(\d{0,12})(?:\.(\d{1,12}))?", re.ASCII)
_FIELD = re.compile(r"prices\[(\d+)\]\.(price|extra)")
_WRONG = "Write an amount in US dollars, such as 0.30: digits, a point, and up to 12 digits behind it."


class RuleShown(msgspec.Struct, frozen=True, kw_only=True):
    """One rule of a model's prices, with the fields of its form."""

    index: int
    when: str
    unit: str
    price: str
    extra: str | None
    """None where its method has none; empty: each further piece costs the same as the first."""
    manifest: str
    """What the manifest says, if that is another price."""


def rules_of(model: Model, configured: Model, given: Mapping[str, str]) -> list[RuleShown]:
    """The rules as they are now; where a form was refused, as they were written in it."""
    rows = []
    for index, rule in enumerate(model.prices):
        said = configured.prices[index] if index < len(configured.prices) else rule
        extra = None
        if rule.method == "cp-pixel":
            extra = given.get(f"extra-{index}", "" if rule.extra is None else plain(rule.extra))
        rows.append(
            RuleShown(
                index=index,
                when=when(model, rule),
                unit=UNITS[rule.method],
                price=given.get(f"price-{index}", plain(rule.price)),
                extra=extra,
                manifest="" if (said.price, said.extra) == (rule.price, rule.extra) else _amounts(said),
            )
        )
    return rows


def when(model: Model, rule: Price) -> str:
    """Which inputs must have which values: `Resolution is 720p and Generate Audio is true`."""
    return " and ".join(f"{_label(model, id)} is {value or 'empty'}" for id, value in rule.inputs.items())


def plain(amount: Decimal) -> str:
    """An amount without an exponent: at least two decimals, and no zeros after those that count."""
    text = format(amount, "f")
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def in_words(prices: Sequence[Price], cps: Decimal) -> str:
    """In one line: `$0.30 to $0.70 per second of clip`."""
    if not prices:
        return f"${plain(cps)} {UNITS['cps']}"
    by_unit: dict[str, list[Decimal]] = {}
    for rule in prices:
        by_unit.setdefault(UNITS[rule.method], []).append(rule.price)
    return ", ".join(
        f"${plain(min(amounts))}{f' to ${plain(max(amounts))}' if min(amounts) != max(amounts) else ''} {unit}"
        for unit, amounts in by_unit.items()
    )


def read_prices(model: Model, form: Mapping[str, str]) -> tuple[PriceList, dict[str, str]]:
    """What a form says a model costs, and what is wrong in which field; prices count only if nothing is."""
    wrong: dict[str, str] = {}

    def amount(field: str) -> Decimal:
        found = _amount(form.get(field, ""))
        if found is None:
            wrong[field] = _WRONG
        return Decimal(0) if found is None else found

    rules = []
    for index, rule in enumerate(model.prices):
        extra = rule.extra
        if rule.method == "cp-pixel":
            extra = amount(f"extra-{index}") if form.get(f"extra-{index}", "").strip() else None
        rules.append(msgspec.structs.replace(rule, price=amount(f"price-{index}"), extra=extra))
    prices = PriceList(prices=tuple(rules), cps=amount("cps"))
    for key, reason in price_problems(with_prices(model, prices)):
        wrong.setdefault(_FIELD.sub(r"\2-\1", key), f"This {reason}.")
    return prices, wrong


def _amount(text: str) -> Decimal | None:
    text = text.strip().removeprefix("$").strip()
    found = _PRICE.fullmatch(text)
    return Decimal(text) if found and text else None


def _amounts(rule: Price) -> str:
    return f"${plain(rule.price)}" + (f", then ${plain(rule.extra)}" if rule.extra is not None else "")


def _label(model: Model, id: str) -> str:
    found = model.input(id)
    return (found.label if found else "") or id
