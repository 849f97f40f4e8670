import pytest
from msgspec.structs import replace

from tests.tasks.examples import new_task
from understudy.tasks.about import engine_of, log_fields, outcome_of, span_attributes

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_what_lines_carry_as_far_as_it_is_known() -> None:
    task = replace(new_task(7).task, id=12)
    assert log_fields(task) == {"task": "12", "project": "7", "model": "acme/clip"}
    running = replace(
        task, attempts=2, engine={"name": "ovi", "tried": []}, trace=f"00-{TRACE}-00f067aa0ba902b7-01"
    )
    assert log_fields(running) == log_fields(task) | {"attempt": "2", "engine": "ovi", "trace": TRACE}
    assert span_attributes(running)["understudy.attempt"] == 2
    assert (engine_of(task), engine_of(running)) == ("", "ovi")


@pytest.mark.parametrize(
    ("status", "pexit", "outcome"),
    [
        ("task_queue", "", ""),
        ("task_postprocess_start", "", ""),
        ("task_postprocess_end", "0", "succeeded"),
        ("task_postprocess_end", "1", "failed"),
        ("task_error", "1", "failed"),
        ("task_cancel", "", "cancelled"),
    ],
)
def test_how_a_task_ended(status: str, pexit: str, outcome: str) -> None:
    assert outcome_of(new_task(7, status=status, pexit=pexit).task) == outcome
