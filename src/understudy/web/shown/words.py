"""Figures for people. Pure."""

from datetime import UTC, datetime
from decimal import Decimal

_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"))


def ago(at: float, now: float) -> str:
    """How long ago that was, in one unit: `just now`, `4 min ago`; nothing for 0."""
    if not at:
        return ""
    passed = max(0.0, now - at)
    for seconds, unit in _UNITS:
        if passed >= seconds:
            return f"{int(passed // seconds)} {unit} ago"
    return "just now" if passed < 10 else f"{int(passed)} s ago"


def duration(seconds: float) -> str:
    """A time in at most two units: `under 0.1 s`, `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`."""
    if seconds < 0.05:
        return "under 0.1 s"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def moment(at: float) -> str:
    """A Unix time as RFC 3339 in UTC, for `<time datetime>`; pages tell it in the zone of whoever looks."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if at else ""


def dollars(amount: Decimal | float | str | None) -> str:
    """US dollars: with cents, and with more digits where there would be nothing but zeros."""
    if amount is None or amount == "":
        return "–"
    value = Decimal(str(amount))
    if value < 0:
        return f"−{dollars(-value)}"
    if value == 0 or value >= 1:
        return f"${value:,.2f}"
    for digits in (2, 3, 4, 6):
        if value >= Decimal(1).scaleb(1 - digits):
            return f"${value:.{digits}f}"
    return f"${value:.6f}"


def number(count: float) -> str:
    """With thin spaces between thousands."""
    return f"{count:,.0f}".replace(",", "\u2009")


def size(count: float) -> str:
    """Bytes, in powers of 1000."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit in ("B", "kB") else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
