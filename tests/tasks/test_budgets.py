from datetime import UTC, datetime

import pytest

from understudy.tasks.budgets import hour_began, hour_of, month_began


def at(*when: int) -> float:
    return datetime(*when, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("now", "hour", "month"),
    [
        (at(2026, 11, 21, 15, 59, 59), at(2026, 11, 21, 15), at(2026, 11, 1)),
        (at(2026, 11, 1), at(2026, 11, 1), at(2026, 11, 1)),
        (at(2028, 2, 29, 23, 30), at(2028, 2, 29, 23), at(2028, 2, 1)),
        (at(2027, 1, 1) - 0.001, at(2026, 12, 31, 23), at(2026, 12, 1)),
    ],
)
def test_hours_and_months_are_those_of_utc(
    monkeypatch: pytest.MonkeyPatch, now: float, hour: float, month: float
) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")  # half an hour off
    assert (hour_began(now), month_began(now)) == (hour, month)
    assert hour_of(now) * 3600 == hour


def test_a_month_is_whole_hours() -> None:
    assert hour_began(month_began(at(2026, 3, 15))) == month_began(at(2026, 3, 15))
