"""What a project has spent, day by day, as a chart. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from understudy.tasks.budgets import hour_of
from understudy.tasks.operations.records import Spent
from understudy.web.shown.charts import Bin, Chart, Frame, Tick, bars, ceiling, marks
from understudy.web.shown.words import dollars

DAYS = 30
_DAY = 24
_SECONDS = 86400.0


def first_hour(now: float) -> int:
    """The hour with which the first of the days begins."""
    return (hour_of(now) // _DAY - DAYS + 1) * _DAY


def spending_chart(spent: Sequence[Spent], now: float) -> Chart:
    """The last days of the calendar (UTC), today the last of them; `spent` since `first_hour`."""
    first = first_hour(now) // _DAY
    amounts = [Decimal(0)] * DAYS
    for each in spent:
        day = each.hour // _DAY - first
        if 0 <= day < DAYS:
            amounts[day] += each.amount
    frame = Frame(first * _SECONDS, (first + DAYS) * _SECONDS)
    spans = [((first + day) * _SECONDS, (first + day + 1) * _SECONDS) for day in range(DAYS)]
    top = ceiling(float(max(amounts)), least=0.01)
    total, most = sum(amounts, Decimal(0)), max(amounts)
    words = f"{dollars(total)} in {DAYS} days"
    if most:
        words += f"; the most of one day, {dollars(most)}, on {_day(spans[amounts.index(most)][0])}"
    return Chart(
        id="spending",
        title=f"{dollars(total)} spent in the last {DAYS} days",
        words=f"{words}.",
        top=dollars(top) if total else "",
        ticks=tuple(_tick(frame, *spans[day]) for day in (0, 9, 19, 29)),
        bars=bars(
            ("plain",),
            [Bin(*span, (float(amount),)) for span, amount in zip(spans, amounts, strict=True)],
            frame,
            top,
        ),
        marks=marks(
            [
                (*span, f"{_day(span[0])}: {dollars(amount)}")
                for span, amount in zip(spans, amounts, strict=True)
            ],
            frame,
        ),
        empty="" if total else "Nothing was spent.",
    )


def _tick(frame: Frame, begin: float, end: float) -> Tick:
    percent = (frame.x(begin) + frame.x(end)) / 20
    return Tick(f"{percent:g}%", "start" if percent < 5 else "end" if percent > 95 else "middle", _day(begin))


def _day(at: float) -> str:
    day = datetime.fromtimestamp(at, UTC)
    return f"{day.day} {day:%b}"
