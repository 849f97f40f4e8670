"""What an operator sets for an engine, as the table [engine.<name>], read in one way by all engines that are remote.

Each function names the key that is wrong as the operator wrote it: `engine.<name>.<key>`. The name is the option `name`
if there is one, else `engine`, the kind's own name: several engines of one kind have names of their own.
"""

import re
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from understudy.engines.addresses import canonical
from understudy.errors import AddressRefused, ConfigurationError
from understudy.files.weburl import parse_url

Options = Mapping[str, object]

_PRICES: Final = (
    'must be a table of US dollars, such as {"720p" = 0.30, "1080p" = 0.70} per second, {second = 0.10} for all'
    " sizes, {clip = 0.50} for each clip"
)


def text(options: Options, key: str, default: str | None = None, *, engine: str) -> str:
    """A text that is not empty. Raises `ConfigurationError` if it is something else, or missing without a default."""
    value = options.get(key)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or not value.strip():
        raise wrong(options, key, "must be text in quotes", engine=engine)
    return value.strip()


def must_be_known(options: Options, known: Collection[str], *, engine: str) -> None:
    """Raise `ConfigurationError` if there is an option that nobody reads. `name` is every engine's."""
    for key in options:
        if key not in known and key != "name":
            reason = f"there is no such option; the options are: {', '.join(sorted(known))}"
            raise wrong(options, key, reason, engine=engine)


def address(options: Options, key: str, default: str | None = None, *, engine: str) -> str:
    """An http(s) address to build others on, without a slash at its end. Raises `ConfigurationError`."""
    given = text(options, key, default, engine=engine)
    if not given:
        return ""
    try:
        parts = parse_url(given)
    except AddressRefused as error:
        raise wrong(options, key, error.message, engine=engine) from error
    if "?" in parts.target or "#" in given:
        raise wrong(options, key, "must not have a query or a fragment", engine=engine)
    return given.rstrip("/")


def by_contract(options: Options, key: str, *, engine: str) -> dict[str, str]:
    """Texts by the canonical addresses of contracts; one text for all of them stands under "". Empty if it is missing.

    Raises `ConfigurationError`.
    """
    given = options.get(key)
    if given is None:
        return {}
    named: dict[str, str] = {}
    for contract, value in (given if isinstance(given, Mapping) else {"": given}).items():
        if not isinstance(value, str) or not value.strip():
            reason = 'must be text, or a table such as {"openai/sora-2-pro" = "..."}'
            raise wrong(options, key, reason, engine=engine)
        named[canonical(contract)] = value.strip()
    return named


def number(
    options: Options, key: str, default: float, *, engine: str, least: float = 0, most: float = float("inf")
) -> float:
    """A number from `least` to `most`. Raises `ConfigurationError`."""
    value = options.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        bounds = f"from {least:g} to {most:g}" if most < float("inf") else f"of at least {least:g}"
        raise wrong(options, key, f"must be a number {bounds}", engine=engine)
    return value


def table(options: Options, key: str, *, engine: str) -> Mapping[str, Any]:
    """A table; empty if it is missing. Raises `ConfigurationError`."""
    value = options.get(key, {})
    if not isinstance(value, Mapping):
        raise wrong(options, key, "must be a table", engine=engine)
    return value


def dollars(value: object) -> Decimal | None:
    """An amount as the operator writes it; None if it is none of 0 or more."""
    number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")
    return Decimal(str(value)) if number else None


def prices(options: Options, keys: re.Pattern[str], *, engine: str) -> dict[str, Decimal]:
    """The option `prices`: US dollars for each second of a size or of all sizes, and for each clip; `keys`: its names.

    Raises `ConfigurationError`.
    """
    found = {}
    for key, value in table(options, "prices", engine=engine).items():
        amount = dollars(value)
        if amount is None or not keys.fullmatch(key):
            raise wrong(options, "prices", _PRICES, engine=engine)
        found[key] = amount
    return found


def secret(
    options: Options, key: str, environment: Mapping[str, str], *, engine: str, usual: str = ""
) -> str:
    """The option itself, else the environment variable that `<key>_env` names, else the variable `usual`; "" if none.

    It is fit for a header. Raises `ConfigurationError`, without the secret, if it is not, if it is no text, or if the
    variable that is named is not set.
    """
    named = text(options, f"{key}_env", "", engine=engine)
    if key in options:
        found = text(options, key, engine=engine)
    elif named and not environment.get(named):
        raise wrong(options, f"{key}_env", f"the environment variable {named} is not set", engine=engine)
    else:
        found = environment.get(named or usual, "").strip()
    if not found.isascii() or not found.isprintable():
        raise wrong(options, key, "must be of printable ASCII characters", engine=engine)
    return found


def ends(options: Options, *, engine: str) -> date | None:
    """The day on which the partner retires what the engine plays with; None if the operator names none.

    A TOML date, or the same as text. Raises `ConfigurationError`.
    """
    value = options.get("ends")
    if value is None:
        return None
    try:
        # A TOML date with a time is a datetime, which is a date, too.
        return date(value.year, value.month, value.day) if isinstance(value, date) else _day(value)
    except ValueError as error:
        raise wrong(options, "ends", "must be a date, such as 2026-11-17", engine=engine) from error


def wrong(options: Options, key: str, reason: str, *, engine: str) -> ConfigurationError:
    """The error for an option; the reason is a half sentence that says what it must be."""
    return ConfigurationError(f"engine.{options.get('name', engine)}.{key}: {reason}")


def _day(value: object) -> date:
    if not isinstance(value, str):
        raise ValueError("no text")
    return date.fromisoformat(value.strip())
