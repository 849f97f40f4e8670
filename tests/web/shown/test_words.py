"""Figures for people."""

import pytest

from understudy.web.shown.words import ago, dollars, duration


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "under 0.1 s"),
        (0.04, "under 0.1 s"),
        (0.4, "0.4 s"),
        (9.96, "10 s"),
        (59.7, "1 min"),
        (185.0, "3 min 5 s"),
        (3600.0, "1 h"),
        (7800.0, "2 h 10 min"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (None, "–"),
        ("0", "$0.00"),
        ("1234.5", "$1,234.50"),
        ("0.000585", "$0.000585"),
        ("-5", "−$5.00"),
        ("-0.05", "−$0.050"),
    ],
)
def test_dollars(amount: str | None, words: str) -> None:
    assert dollars(amount) == words


def test_how_long_ago() -> None:
    now = 1_000_000.0
    told = [ago(now - passed, now) for passed in (0, 9, 10, 59, 60, 3600, 90_000)]
    assert told == ["just now", "just now", "10 s ago", "59 s ago", "1 min ago", "1 h ago", "1 d ago"]
    assert ago(0, now) == ""
