from hypothesis import given
from hypothesis import strategies as st

from understudy.executors.executor import Line, Loading, Progress, RunEvent, Started
from understudy.tasks.events import Event
from understudy.tasks.journal import Journal, Log, progress_message
from understudy.tasks.lifecycle import Status


def progress(step: int = 6, total: int = 10, **fields: object) -> Progress:
    values = {"stage": "Generate", "unit": "it", "speed": 1.25, "elapsed": 4.8, "remaining": 3.2}
    return Progress(step=step, total=total, **values | fields)  # type: ignore[arg-type]


def out(text: str) -> Line:
    return Line("stdout", text)


def err(text: str) -> Line:
    return Line("stderr", text)


def told(*events: RunEvent) -> tuple[list[Event | Status], Journal]:
    heard: list[Event | Status] = []
    journal = Journal(heard.append, heard.append)
    for event in events:
        journal(event)
    return heard, journal


def test_a_run_reaches_each_status_once_and_before_its_cause_is_told() -> None:
    heard, _ = told(Loading(), Started(), out("a"), out("b"), progress(), progress(7))
    assert heard == [
        Status.START,
        Status.OUTPUT,
        Event("task_output", "a"),
        Event("task_output", "b"),
        Event("task_output", progress_message(progress())),
        Event("task_output", progress_message(progress(7))),
    ]


def test_what_comes_before_the_start_counts_as_started() -> None:
    assert told(out("a"))[0][:2] == [Status.START, Status.OUTPUT]
    assert told(progress(), Started())[0][:2] == [Status.START, Status.OUTPUT]


def test_complaints_are_no_output() -> None:
    heard, _ = told(err("loading"), Started(), err("oh"))
    assert heard == [Event("task_error", "loading"), Status.START, Event("task_error", "oh")]


def test_at_the_end_the_whole_log_is_told() -> None:
    heard, journal = told(Started(), out("a"), err("oh"), out("b"))
    journal.conclude()
    assert heard[-2:] == [
        Event("task_output_full", {"raw": "a\nb"}),
        Event("task_error_full", {"raw": "oh"}),
    ]
    heard, journal = told(Started())
    journal.conclude()
    assert heard == [Status.START, Event("task_output_full", {"raw": ""})]


def test_progress_is_told_in_text() -> None:
    # The example of the wire's documentation, in its own order.
    assert list(progress_message(progress(speed=1.2, elapsed=5.0, remaining=3.0)).items()) == [
        ("type", "progressGenerate"),
        ("task", "Generate"),
        ("percentage", "60"),
        ("stepCurrent", "6"),
        ("stepTotal", "10"),
        ("speed", "1.2"),
        ("speedType", "it/s"),
        ("elapsedTime", "5s"),
        ("remainingTime", "3s"),
    ]
    assert progress_message(progress(0, 0))["percentage"] == "0"


def test_of_a_long_log_the_end_is_kept_and_the_cut_is_marked() -> None:
    log = Log(10)
    for text in ("one", "two", "three", "four"):
        log.add(text)
    assert log.text == "[earlier lines are cut]\nfour"
    log = Log(10)
    log.add("x" * 50)
    assert log.text == "x" * 50, "the last line stays, as long as it is"


@given(st.lists(st.text(st.characters(exclude_characters="\n"), max_size=12)), st.integers(1, 60))
def test_a_log_is_its_last_lines_within_its_bound(lines: list[str], bound: int) -> None:
    log = Log(bound)
    for text in lines:
        log.add(text)
    kept = log.text.split("\n") if log.text or lines else []
    cut = kept[:1] == ["[earlier lines are cut]"]
    kept = kept[1:] if cut else kept
    assert kept == lines[len(lines) - len(kept) :]
    assert cut == (len(kept) < len(lines))
    assert len(kept) <= 1 or sum(len(text) + 1 for text in kept) <= bound
