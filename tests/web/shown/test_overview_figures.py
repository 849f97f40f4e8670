"""Figures, charts and notices of the overview, out of samples, counts and reports."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import get_args

import pytest

from understudy.engines.retirement import Ending
from understudy.executors.executor import State
from understudy.tasks.operations.records import (
    CardReport,
    EngineReport,
    Hold,
    ReplicaReport,
    Report,
    Sample,
    Spent,
)
from understudy.web.shown.notices import Notice, Waiting, notices
from understudy.web.shown.overview import DAY, HOUR, STATES, Ended, Figure, Span, cards, ended, figures, gaps
from understudy.web.shown.overview_charts import Shown, frame_of, shown

NOON = 1_700_006_400.0 - 1_700_006_400.0 % 86400 + 43200
"""A noon of UTC."""


def minutes(*counts: tuple[int, int], until: float = NOON) -> list[Sample]:
    """A sample for each pair of clips and failures so far, the last one at `until`."""
    first = until - 60 * (len(counts) - 1)
    return [Sample(at=first + 60 * n, succeeded=clips, failed=bad) for n, (clips, bad) in enumerate(counts)]


def glance(samples: Sequence[Sample], span: Span = HOUR, reports: Sequence[Report] = ()) -> dict[str, Figure]:
    found = figures(samples[-1], ended(samples), span, reports, Decimal("1.5"))
    return {each.label: each for each in found}


def drawn(samples: Sequence[Sample], span: Span = HOUR, spent: Sequence[Spent] = ()) -> Shown:
    return shown(samples, span, samples[-1].at, spent)


def report(host: str = "north", **more: object) -> Report:
    return Report(owner=f"{host}:1", at=NOON, host=host, **({"version": "1.0"} | more))  # type: ignore[arg-type]


def test_what_ended_between_samples() -> None:
    first, second, third = minutes((4, 1), (6, 1), (6, 2))
    assert ended([first, second, third]) == [
        Ended(first.at, second.at, 2, 0),
        Ended(second.at, third.at, 0, 1),
    ]


def test_a_count_that_goes_back_is_a_gap_and_no_spike() -> None:
    samples = minutes((900, 5), (902, 5), (0, 0), (1, 0))
    assert [each.clips for each in ended(samples)] == [2, 1]
    assert gaps(samples) == [(samples[1].at, samples[2].at)]
    chart = drawn(samples).charts[1]
    assert (chart.top, len(chart.gaps)) == ("3 in 5 minutes", 1)
    assert drawn(samples).charts[0].gaps == (), "what is not counted is known"


def test_what_ended_while_the_server_was_down_is_a_gap_and_no_spike() -> None:
    samples = [*minutes((4, 0), (5, 0), until=NOON - 1200), *minutes((205, 9), (206, 9))]
    found = drawn(samples)
    (rate,) = [figure for label, figure in glance(samples).items() if label == "Clips per hour"]
    assert (rate.value, rate.more) == ("2", "in 2 known minutes")
    assert [row.clips for row in found.rows if row.clips is not None] == [1, 1]
    for chart in found.charts[:3]:
        (gap,) = chart.gaps
        assert gap.words == "no figures"
        assert gap.width == pytest.approx(1000 * 1140 / 3600, abs=0.2)
    line = found.charts[0].lines[0].path
    assert line.count("M") == 2, "it is interrupted"


def test_clips_per_hour_are_those_of_the_last_hour() -> None:
    samples = minutes(*((n, 0) for n in range(91)))
    assert glance(samples)["Clips per hour"].value == "60"
    assert glance(samples, DAY)["Clips per hour"].more == "in the last hour"
    assert glance(samples[-1:])["Clips per hour"].value == "–"


@pytest.mark.parametrize(
    ("clips", "failed", "value", "state"),
    [
        (0, 0, "No runs", ""),
        (3, 0, "100%", ""),
        (0, 1, "0%", ""),
        (1, 1, "50%", ""),
        (19, 1, "95%", ""),
        (18, 1, "94.7%", "warn"),
        (8, 2, "80%", "warn"),
        (7, 2, "77.8%", "bad"),
        (99_999, 1, "99.9%", ""),
    ],
)
def test_the_success_rate(clips: int, failed: int, value: str, state: str) -> None:
    rate = glance(minutes((0, 0), (clips, failed)))["Success rate"]
    assert (rate.value, rate.state) == (value, state)


def test_what_was_stopped_did_not_fail() -> None:
    first, second = minutes((0, 0), (1, 0))
    stopped = Sample(at=second.at, succeeded=1, cancelled=7)
    assert glance([first, stopped])["Success rate"].value == "100%"


def test_the_success_rate_is_that_of_the_span() -> None:
    samples = minutes((0, 0), (0, 5), *[(0, 5)] * 100, (5, 5))
    assert glance(samples, HOUR)["Success rate"].value == "100%"
    assert glance(samples, DAY)["Success rate"].value == "50%"


@pytest.mark.parametrize(("oldest", "state"), [(0, ""), (299, ""), (301, "warn"), (1801, "bad")])
def test_a_long_wait_is_marked(oldest: float, state: str) -> None:
    waiting = glance([Sample(at=NOON, queued=3, oldest=oldest)])["Waiting"]
    assert (waiting.value, waiting.state) == ("3", state)


def test_replicas_and_cards_at_a_glance() -> None:
    card = CardReport(name="0", used=60_000_000_000, total=141_000_000_000)
    north = report(
        running={"ovi": 2, "animatic": 0},
        replicas=(
            ReplicaReport(engine="ovi", state="busy", memory=2_000_000_000),
            ReplicaReport(engine="ovi", state="idle"),
        ),
        cards=(card,),
    )
    reports = [north, report(running={"": 1}, cards=(card,)), report("south", cards=(card,))]
    found = glance([Sample(at=NOON, running=3, replicas=2, memory=2_000_000_000)], reports=reports)
    assert found["Running"].more == "2 on ovi, 1 on no engine"
    assert found["Replicas"].more == "1 busy, 1 idle, 2.0 GB"
    assert found["Graphics memory"].more == "of 282.0 GB on 2 cards"
    assert [host for host, _ in cards(reports)] == ["north", "south"], "each card once"
    assert "Graphics memory" not in glance([Sample(at=NOON)], reports=[report()])


def test_every_state_of_a_replica_has_a_word() -> None:
    assert set(STATES) == set(get_args(State))


def test_a_new_server_has_empty_charts_with_a_word() -> None:
    for span in (HOUR, DAY):
        found = drawn([Sample(at=NOON)], span)
        assert [chart.empty for chart in found.charts] == [
            *["A point is added every minute."] * 3,
            "Nothing was spent today.",
        ]
        assert "nan" not in repr(found).lower()
        assert not any(
            chart.bars or chart.gaps or any(line.path for line in chart.lines) for chart in found.charts
        )


def test_a_quiet_hour_says_so() -> None:
    charts = drawn(minutes((5, 1), (5, 1), (5, 1))).charts
    assert [chart.empty for chart in charts[:3]] == [
        "Nothing waited, nothing ran.",
        "No clip was made in the last hour.",
        "Nothing had to wait.",
    ]


def test_charts_say_in_words_what_they_show() -> None:
    samples = [
        Sample(at=NOON - 120, queued=7, oldest=95, running=2, memory=3_100_000_000),
        Sample(at=NOON - 60, queued=4, oldest=40, running=3, succeeded=1, failed=1),
        Sample(at=NOON, queued=1, oldest=3, running=1, succeeded=3, failed=1),
    ]
    hour = int(NOON // 3600)
    spent = [Spent(hour=hour - 12, amount=Decimal("0.25")), Spent(hour=hour, amount=Decimal("1.2"))]
    queue, ends, oldest, memory, costs = drawn(samples, spent=spent).charts
    assert queue.words == (
        "Tasks that wait and that run. From 11:05 to 12:05 UTC. Now 1 waiting and 1 running; at most 7 waiting and 3 running."
    )
    assert queue.top == "8 tasks"
    assert "In all 3 clips and 1 failure." in ends.words
    assert [mark.words for mark in ends.marks] == [
        "11:55–12:00: 3 clips, 1 failed",
    ]
    assert "At most 1 min 35 s; something waits now." in oldest.words
    assert (oldest.top, memory.top, costs.top) == ("2 min", "4 GB", "$1.20 an hour")
    assert costs.words.endswith("$1.45 so far; the most at 12:00, $1.20.")
    assert [bar.x < 500 for bar in costs.bars] == [True, False]


def test_a_line_of_a_day_goes_through_the_peaks_of_ten_minutes() -> None:
    first = NOON - 86400 + 3600
    samples = [Sample(at=first + 60 * n, queued=n % 10) for n in range(1380)]
    path = drawn(samples, DAY).charts[0].lines[1].path
    assert (path.count("M"), path.count("L")) == (1, 137)
    assert {place.split()[1] for place in path[1:].split("L")} == {"10"}, "9 of 10, each time"


def test_rows_are_the_same_figures_the_latest_first() -> None:
    samples = [
        Sample(at=NOON - 900, queued=2, running=1),
        Sample(at=NOON - 840, queued=5, running=0, succeeded=2),
        Sample(at=NOON, queued=0, running=4, succeeded=2),
    ]
    rows = drawn(samples).rows
    assert len(rows) == 12
    assert (rows[0].time, rows[0].waiting, rows[0].running, rows[0].clips) == ("12:00–12:05", 0, 4, None)
    assert (rows[3].time, rows[3].waiting, rows[3].running, rows[3].clips) == ("11:45–11:50", 5, 1, 2)
    assert rows[1].waiting is None


def test_a_frame_ends_with_the_bin_that_is_being_filled() -> None:
    assert frame_of(HOUR, NOON + 1) == (NOON + 300 - 3600, NOON + 300)
    assert frame_of(DAY, NOON + 1) == (NOON + 3600 - 86400, NOON + 3600)


def said(
    *waiting: Waiting,
    engines: Sequence[EngineReport] = (),
    held: dict[str, Hold] | None = None,
    others: Sequence[Report] = (),
) -> list[str]:
    reports = [report(engines=tuple(engines)), *others]
    return [each.text for each in notices(waiting, reports, held or {}, [])]


OVI = EngineReport(name="ovi", available=True)
NO_OVI = EngineReport(name="ovi", available=False, reason="There is no card.")
WAITS = Waiting(model="a/b", number=3, engines=("ovi", "veo"))


def test_nobody_takes_up_tasks() -> None:
    (notice,) = notices([WAITS], [], {"ovi": "paused"}, [])
    assert notice == Notice("Nothing takes up tasks: start a dispatcher.", grave=True)


def test_tasks_that_wait_in_vain() -> None:
    assert said(WAITS, engines=[OVI]) == []
    assert said(WAITS, engines=[OVI], held={"veo": "paused"}) == [], "ovi comes first"
    assert said(WAITS, engines=[OVI], held={"ovi": "paused"}) == [
        "3 tasks wait for a/b: ovi is paused by an operator."
    ]
    assert said(WAITS, engines=[OVI], held={"ovi": "drained"}) == [], "veo plays"
    only = Waiting(model="a/b", number=1, engines=("ovi",))
    assert said(only, engines=[NO_OVI]) == ["1 task waits for a/b: ovi is not available (There is no card)."]
    assert said(only, engines=[NO_OVI], others=[report("south", engines=(OVI,))]) == [], "it is elsewhere"
    assert said(only, engines=[OVI], held={"ovi": "drained"}) == [
        "1 task waits for a/b: ovi is drained by an operator."
    ]
    assert said(WAITS, engines=[NO_OVI], held={"ovi": "paused"}) == [], "who is away is passed over"
    assert said(Waiting(model="a/b", number=2, engines=())) == [
        "2 tasks wait for a/b: no engine is cast for it."
    ]


def test_many_models_that_wait_in_vain_are_told_in_short() -> None:
    many = [Waiting(model=f"a/{n}", number=n + 1, engines=()) for n in range(8)]
    texts = said(*many)
    assert len(texts) == 6
    assert texts[0].startswith("8 tasks wait for a/7")
    assert texts[-1] == "So it is with 3 more models."


def test_different_versions_and_endings() -> None:
    ends = Ending(what="engine", name="sora", ends=date(2026, 9, 24), days=12)
    reports = [report(), report("south", version="1.1"), report("south", version="1.1")]
    first, second = notices([], reports, {}, [ends])
    assert first.text == (
        "The processes run different versions: 1.0 on north; 1.1 on south. Bring them to the same one."
    )
    assert second.text.startswith("sora: This engine is retired on 2026-09-24, in 12 days.")
    assert second.href == "/operate/engines"
