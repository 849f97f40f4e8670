"""A project's limits as a form shows them and brings them back. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from understudy.errors import InvalidInput
from understudy.tasks.records import ProjectLimits
from understudy.web.parts import SettingShown
from understudy.web.shown.words import dollars

_LONGEST = 40
"""Characters of a number."""


class Kind(msgspec.Struct, frozen=True):
    """One limit."""

    name: str
    label: str
    number: type[int] | type[float] | type[Decimal]
    setting: str = ""
    """The server's own, which counts where a project has none."""
    unlimited: str = "any number"
    """What it means that the server has none either."""


KINDS = (
    Kind("running", "Tasks that run at the same time", int, "limits.running_per_project"),
    Kind("queued", "Tasks that wait", int, "limits.queued_per_project"),
    Kind("rate", "Requests a second, in the long run", float, "limits.requests_per_second"),
    Kind("burst", "Requests at once, after a pause", int, "limits.request_burst", "as many as in a second"),
    Kind("hourly", "US dollars in an hour of the clock (UTC)", Decimal, unlimited="no budget"),
    Kind("monthly", "US dollars in a month (UTC)", Decimal, unlimited="no budget"),
    Kind("keep_days", "Days that files are kept", float, "limits.keep_days", "until they are deleted"),
)


class LimitField(msgspec.Struct, frozen=True, kw_only=True):
    """One field of the form."""

    name: str
    label: str
    value: str
    """"" if the server's own counts."""
    own: str
    """What counts then, in words."""
    whole: bool
    """Whether it is a whole number."""


def limit_fields(
    limits: ProjectLimits, settings: Sequence[SettingShown], given: Mapping[str, str] | None = None
) -> list[LimitField]:
    """The fields as they are, or as they were given."""
    return [
        LimitField(
            name=kind.name,
            label=kind.label,
            value=_text(getattr(limits, kind.name)) if given is None else given.get(kind.name, ""),
            own=_own(kind, settings),
            whole=kind.number is int,
        )
        for kind in KINDS
    ]


def limits_given(given: Mapping[str, str]) -> ProjectLimits:
    """The limits that a form brought; nothing and 0 are the server's own. Raises `InvalidInput` that names the fields."""
    values: dict[str, Any] = {}
    wrong = []
    for kind in KINDS:
        text = given.get(kind.name, "").strip()
        try:
            value = kind.number(text or 0) if len(text) <= _LONGEST else kind.number("")
            fits = Decimal(value).is_finite() and value >= 0
        except (ValueError, InvalidOperation):
            fits = False
        if not fits:
            what = "a whole number" if kind.number is int else "a number"
            wrong.append(f"{kind.label}: write {what} of 0 or more, or nothing; it was {text[:_LONGEST]!r}.")
            continue
        values[kind.name] = None if kind.number is Decimal and not value else value
    if wrong:
        raise InvalidInput(" ".join(wrong))
    return ProjectLimits(**values)


def limits_in_words(limits: ProjectLimits) -> str:
    """Those that are set; "" if it has none of its own."""
    said = [
        (limits.running, f"{limits.running} running"),
        (limits.queued, f"{limits.queued} waiting"),
        (limits.rate, f"{limits.rate:g} requests a second"),
        (limits.burst, f"{limits.burst} at once"),
        (limits.hourly, f"{dollars(limits.hourly)} an hour"),
        (limits.monthly, f"{dollars(limits.monthly)} a month"),
        (limits.keep_days, f"files for {limits.keep_days:g} days"),
    ]
    return ", ".join(words for value, words in said if value)


def setting_of(settings: Sequence[SettingShown], key: str) -> str:
    """The value of a setting as it is shown; "" if it is not known."""
    return next((each.value for each in settings if each.key == key), "")


def _own(kind: Kind, settings: Sequence[SettingShown]) -> str:
    value = setting_of(settings, kind.setting)
    return value.removesuffix(".0") if value and Decimal(value) else kind.unlimited


def _text(value: float | Decimal | None) -> str:
    if not value:
        return ""
    return f"{value:f}" if isinstance(value, Decimal) else str(value).removesuffix(".0")
