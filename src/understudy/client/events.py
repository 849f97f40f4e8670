"""What a task tells while it runs, as typed events, and the reading of the socket's messages."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from understudy.client.wire_values import number, text


class StatusChanged(msgspec.Struct, frozen=True, tag="status"):
    """The task has reached a status (`task_queue`, `task_start`, ...)."""

    status: str


class Progress(msgspec.Struct, frozen=True, kw_only=True, tag="progress"):
    """`step` of `total` of a stage is done."""

    stage: str
    percentage: float
    step: int
    total: int
    speed: str = ""
    """As the server words it: `1.2 it/s`."""
    elapsed: str = ""
    remaining: str = ""


class LogLine(msgspec.Struct, frozen=True, tag="line"):
    """One line that the engine printed."""

    stream: Literal["stdout", "stderr"]
    text: str


Event = StatusChanged | Progress | LogLine

LOGS = {"task_output": "stdout", "task_error": "stderr"}
WHOLE_LOGS = frozenset({"task_output_full", "task_error_full"})


def event_of(wire: Mapping[str, Any]) -> Event | None:
    """The event that a socket message stands for; None for what tells nothing new (whole logs, unknown types)."""
    kind, message = text(wire, "type"), wire.get("message")
    if kind in WHOLE_LOGS or not kind.startswith("task_"):
        return None
    if kind == "task_output" and isinstance(message, Mapping):
        return Progress(
            stage=text(message, "task"),
            percentage=number(message, "percentage"),
            step=int(number(message, "stepCurrent")),
            total=int(number(message, "stepTotal")),
            speed=f"{text(message, 'speed')} {text(message, 'speedType')}".strip(),
            elapsed=text(message, "elapsedTime"),
            remaining=text(message, "remainingTime"),
        )
    if kind in LOGS and isinstance(message, str):
        return LogLine("stderr" if kind == "task_error" else "stdout", message)
    return StatusChanged(kind)
