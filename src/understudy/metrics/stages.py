"""How long the stages of a task took, by the times in its record. Pure."""

from collections.abc import Iterator

from understudy.tasks.records import Task

STAGES = ("queue", "preprocess", "load", "run", "postprocess", "total")


def stages(task: Task) -> Iterator[tuple[str, float]]:
    """Each stage that a delivered task went through, and its seconds."""
    for stage, began, ended in (
        ("queue", task.created, task.accepted),
        ("preprocess", task.preprocess_started, task.preprocess_ended),
        ("load", task.assigned, task.started),
        ("run", task.started, task.ended),
        ("postprocess", task.postprocess_started, task.postprocess_ended),
        ("total", task.created, task.postprocess_ended),
    ):
        # Who has no input files passes through preprocessing without stopping.
        if began and ended and (stage != "preprocess" or task.sources):
            # Two machines may have written them, whose clocks differ.
            yield stage, max(0.0, ended - began)
