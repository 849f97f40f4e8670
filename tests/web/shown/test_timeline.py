"""What the bar of a task says, by what the life cycle writes."""

import pytest
from msgspec.structs import replace

from tests.tasks.examples import new_task
from understudy.tasks import lifecycle
from understudy.tasks.lifecycle import Change, Status
from understudy.tasks.records import Task
from understudy.web.shown.timeline import LENGTH, Timeline, timeline_of


def after(task: Task, *changes: Change | dict[str, object]) -> Task:
    for change in changes:
        task = replace(task, **(change.fields if isinstance(change, Change) else change))
    return task


def claimed(at: float = 110.0) -> Task:
    task = replace(new_task(1).task, id=1, created=100.0)
    return after(task, lifecycle.claim("engine", at + 60, at, task.attempts))


def running() -> Task:
    task = after(claimed(), lifecycle.advance(claimed(), Status.ASSIGN, 111.0))
    return after(task, lifecycle.advance(task, Status.START, 115.0))


def said(timeline: Timeline) -> list[tuple[str, float, str]]:
    return [(part.name, part.seconds, part.mark) for part in timeline.parts]


def test_the_whole_way() -> None:
    task = running()
    task = after(task, lifecycle.advance(task, Status.POSTPROCESS_START, 135.0))
    task = after(task, lifecycle.finish(task, 137.0, pexit="0"))
    timeline = timeline_of(task, 1000.0)
    assert said(timeline) == [
        ("waiting", 10.0, ""),
        ("preparing", 1.0, ""),
        ("loading", 4.0, ""),
        ("running", 20.0, ""),
        ("finishing", 2.0, "done"),
    ]
    assert timeline.seconds == 37.0
    assert timeline.parts[0].label == "In the queue"


def test_what_is_open_lasts_until_now() -> None:
    assert said(timeline_of(replace(new_task(1).task, created=100.0), 103.0)) == [("waiting", 3.0, "now")]
    assert said(timeline_of(running(), 120.0))[-1] == ("running", 5.0, "now")


@pytest.mark.parametrize(
    ("task", "last"),
    [
        (
            after(replace(new_task(1).task, created=100.0), lifecycle.cancel(104.0)),
            ("waiting", 4.0, "stopped"),
        ),
        (after(running(), lifecycle.kill(120.0)), ("running", 5.0, "stopped")),
        (after(claimed(), lifecycle.refuse(claimed(), 113.0, "No engine.")), ("preparing", 3.0, "failed")),
        (after(running(), lifecycle.fail(running(), 121.0, "No luck.")), ("running", 6.0, "failed")),
    ],
)
def test_where_it_stopped(task: Task, last: tuple[str, float, str]) -> None:
    timeline = timeline_of(task, 1000.0)
    assert said(timeline)[-1] == last
    assert [part.mark for part in timeline.parts[:-1]] == [""] * (len(timeline.parts) - 1)


def test_a_failure_after_the_run_was_in_its_finishing() -> None:
    task = running()
    task = after(task, lifecycle.advance(task, Status.POSTPROCESS_START, 135.0))
    task = after(task, lifecycle.fail(task, 136.0, "The clip has no pictures."))
    assert said(timeline_of(task, 1000.0))[-1] == ("finishing", 1.0, "failed")


def test_what_earlier_attempts_took_counts_as_waiting_and_is_said() -> None:
    back = after(running(), lifecycle.give_back(running(), counts=True))
    (part,) = timeline_of(back, 130.0).parts
    assert (part.label, part.seconds) == ("In the queue, with an earlier attempt", 30.0)
    again = after(back, lifecycle.claim("engine", 300.0, 140.0, back.attempts))
    assert timeline_of(again, 141.0).parts[0].label == "In the queue, with an earlier attempt"


@pytest.mark.parametrize("now", [50.0, 110.0, 1e9])
def test_the_bar_is_filled_whatever_clocks_say(now: float) -> None:
    # Another machine's clock may be ahead: nothing lasts less than no time.
    parts = timeline_of(running(), now).parts
    assert sum(part.width for part in parts) == pytest.approx(LENGTH, abs=0.1)
    assert all(part.seconds >= 0 and part.width >= 5 for part in parts)
    assert [part.x for part in parts] == sorted(part.x for part in parts)
