"""`understudy projects limit`: what one project may take, and what it has spent."""

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from understudy.cli.output import dollars

if TYPE_CHECKING:
    from understudy.tasks.records import ProjectLimits


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What a project's tasks have cost, US dollars; hour and month are those of UTC."""

    hour: Decimal
    month: Decimal


def _option(name: str, metavar: str, help: str, cleared: str = "the server's own limit") -> Any:  # noqa: A002
    return typer.Option(name, metavar=metavar, help=f"{help}; 0 or none: {cleared}.", show_default=False)


Running = Annotated[str | None, _option("--running", "N", "Tasks that run at the same time")]
Queued = Annotated[str | None, _option("--queued", "N", "Tasks that wait")]
Rate = Annotated[str | None, _option("--rate", "R", "Requests a second, in the long run")]
Burst = Annotated[str | None, _option("--burst", "N", "Requests at once, after a pause")]
Hourly = Annotated[
    str | None, _option("--hourly", "USD", "US dollars in an hour of the clock (UTC)", "no budget")
]
Monthly = Annotated[
    str | None, _option("--monthly", "USD", "US dollars in a month of the calendar (UTC)", "no budget")
]
KeepDays = Annotated[
    str | None, _option("--keep-days", "D", "Days that a task's files are kept after its end")
]

_KINDS: dict[str, tuple[type, str]] = {
    "running": (int, "a whole number"),
    "queued": (int, "a whole number"),
    "rate": (float, "a number"),
    "burst": (int, "a whole number"),
    "hourly": (Decimal, "an amount of money"),
    "monthly": (Decimal, "an amount of money"),
    "keep_days": (float, "a number"),
}


def changed(limits: "ProjectLimits", given: dict[str, str | None]) -> "ProjectLimits":
    """The limits with what was given set; 0 and none clear. Raises `typer.BadParameter` for what is no number."""
    values = {name: _value(name, text) for name, text in given.items() if text is not None}
    return msgspec.structs.replace(limits, **values)


def _value(name: str, text: str) -> Any:
    kind, what = _KINDS[name]
    try:
        value = kind(0) if text.lower() == "none" else kind(text)
    except (ValueError, InvalidOperation) as error:
        option = f"--{name.replace('_', '-')}"
        raise typer.BadParameter(f"{text!r} is not {what}, and not none", param_hint=option) from error
    return None if kind is Decimal and not value else value


def limits_record(limits: "ProjectLimits") -> dict[str, Any]:
    """For JSON: 0 and null are the server's own limits."""
    return {
        name: dollars(value) if isinstance(value, Decimal) else value
        for name, value in msgspec.structs.asdict(limits).items()
    }


def limits_words(limits: "ProjectLimits") -> str:
    """For people: those that are set."""
    said = [
        (limits.running, f"{limits.running} running"),
        (limits.queued, f"{limits.queued} waiting"),
        (limits.rate, f"{limits.rate:g} requests a second"),
        (limits.burst, f"{limits.burst} at once"),
        (limits.hourly, f"${dollars(limits.hourly or Decimal(0))} an hour"),
        (limits.monthly, f"${dollars(limits.monthly or Decimal(0))} a month"),
        (limits.keep_days, f"files for {limits.keep_days:g} days"),
    ]
    return ", ".join(words for value, words in said if value) or "the server's own"


def spent_record(spent: Spent) -> dict[str, str]:
    """For JSON."""
    return {"hour": dollars(spent.hour), "month": dollars(spent.month)}


def spent_words(spent: Spent) -> str:
    """For people."""
    return f"${dollars(spent.hour)} this hour, ${dollars(spent.month)} this month (UTC)"
