"""What an operator sets for an engine, as the table [engine.<name>], read in one way by all engines that are remote.

Each function names the key that is wrong as the operator wrote it: `engine.<name>.<key>`. The name is the option `name`
if there is one, else `engine`, the kind's own name: several engines of one kind have names of their own.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from understudy.errors import ConfigurationError

Options = Mapping[str, object]


def text(options: Options, key: str, default: str | None = None, *, engine: str) -> str:
    """A text that is not empty. Raises `ConfigurationError` if it is something else, or missing without a default."""
    value = options.get(key)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or not value.strip():
        raise wrong(options, key, "must be text in quotes", engine=engine)
    return value.strip()


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


def secret(
    options: Options, key: str, environment: Mapping[str, str], *, engine: str, usual: str = ""
) -> str:
    """The option itself, else the environment variable that `<key>_env` names, else the variable `usual`; "" if none.

    Raises `ConfigurationError`, without the secret, if it is no text or the variable that is named is not set.
    """
    if key in options:
        return text(options, key, engine=engine)
    named = text(options, f"{key}_env", "", engine=engine)
    if named and not environment.get(named):
        raise wrong(options, f"{key}_env", f"the environment variable {named} is not set", engine=engine)
    return environment.get(named or usual, "")


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
