"""What is said of a task wherever one is spoken of: in lines of the log, and in spans."""

from understudy.tasks.lifecycle import Status, is_terminal
from understudy.tasks.records import Task
from understudy.tracing.tracer import trace_id


def engine_of(task: Task) -> str:
    """The name of the engine that played it, or is to; "" before that is known."""
    return str((task.engine or {}).get("name", ""))


def log_fields(task: Task) -> dict[str, str]:
    """For `log_context`: what a line about a task carries."""
    fields = {"task": str(task.id), "project": str(task.project), "model": task.model}
    if task.attempts:
        fields["attempt"] = str(task.attempts)
    if engine := engine_of(task):
        fields["engine"] = engine
    if task.trace:
        fields["trace"] = trace_id(task.trace)
    return fields


def span_attributes(task: Task) -> dict[str, str | int | float]:
    """For spans: the same, but for what the span itself knows."""
    return {
        "understudy.task": task.id,
        "understudy.project": task.project,
        "understudy.model": task.model,
        "understudy.attempt": task.attempts,
    }


def outcome_of(task: Task) -> str:
    """How it ended: "succeeded", "failed" or "cancelled"; "" while it has not."""
    if task.status == Status.CANCEL:
        return "cancelled"
    if not is_terminal(task.status):
        return ""
    return "succeeded" if task.status == Status.POSTPROCESS_END and task.pexit == "0" else "failed"
