"""Budgets: what a project may spend in an hour of the clock, and in a month of the calendar, both of UTC."""

from datetime import UTC, datetime

HOUR = 3600


def hour_of(at: float) -> int:
    """The hour that a Unix time belongs to, in hours since 1970."""
    return int(at // HOUR)


def hour_began(at: float) -> float:
    """When the hour of a Unix time began, as a Unix time."""
    return float(hour_of(at) * HOUR)


def month_began(at: float) -> float:
    """When the month of a Unix time began, as a Unix time."""
    now = datetime.fromtimestamp(at, UTC)
    return datetime(now.year, now.month, 1, tzinfo=UTC).timestamp()
