"""The life of a task: its statuses, which may follow which, and what each change sets.

    task_queue -> task_accept -> task_preprocess_start -> task_preprocess_end -> task_assign -> task_start
      -> task_output -> task_end -> task_postprocess_start -> task_postprocess_end

    any status that is not terminal -> task_cancel     cancel (only while queued) and kill
    any status before task_start    -> task_error      it could not even be started
    any running status              -> task_queue      its process was lost; tried again

Every function here is pure: it returns a `Change`, which a store carries out as one conditional UPDATE. Whoever
loses that race gets no task back, stops, and throws its result away; nothing else makes kill, cancel, lease loss
and double delivery safe. What follows from a change (outputs, ledger line, webhook) is written with it.
"""

from enum import StrEnum
from typing import Any

import msgspec

from understudy.tasks.records import Charge, File, Settlement, Task


class Status(StrEnum):
    """The statuses that a task can be stored with."""

    QUEUE = "task_queue"
    ACCEPT = "task_accept"
    PREPROCESS_START = "task_preprocess_start"
    PREPROCESS_END = "task_preprocess_end"
    ASSIGN = "task_assign"
    START = "task_start"
    OUTPUT = "task_output"
    END = "task_end"
    POSTPROCESS_START = "task_postprocess_start"
    POSTPROCESS_END = "task_postprocess_end"
    CANCEL = "task_cancel"
    ERROR = "task_error"


S = Status
PATH = (
    S.QUEUE,
    S.ACCEPT,
    S.PREPROCESS_START,
    S.PREPROCESS_END,
    S.ASSIGN,
    S.START,
    S.OUTPUT,
    S.END,
    S.POSTPROCESS_START,
    S.POSTPROCESS_END,
)
TERMINAL = frozenset({S.POSTPROCESS_END, S.CANCEL, S.ERROR})
RUNNING = PATH[1:-1]
ACTIVE = PATH[:-1]

REACHED_AT = {
    S.ACCEPT: "accepted",
    S.PREPROCESS_START: "preprocess_started",
    S.PREPROCESS_END: "preprocess_ended",
    S.ASSIGN: "assigned",
    S.START: "started",
    S.END: "ended",
    S.POSTPROCESS_START: "postprocess_started",
    S.POSTPROCESS_END: "postprocess_ended",
    S.CANCEL: "cancelled",
}
"""The time field that a status sets when it is reached."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A conditional UPDATE: it happens if the task is in one of `expect`, and held as `held` says."""

    expect: tuple[str, ...]
    fields: dict[str, Any]
    """The fields of the task that it sets, `status` among them."""
    held: tuple[str, int] | None = None
    """The lease owner and the attempt that must still hold the task; None: whoever holds it."""
    files: tuple[File, ...] = ()
    """Files that come into being with it."""
    charge: Charge | None = None
    """The ledger line that comes into being with it."""
    settlement: Settlement | None = None
    """The purchase at a partner that ends with it."""

    @property
    def to(self) -> str:
        """The status that it leads to."""
        return str(self.fields["status"])

    @property
    def ends(self) -> bool:
        """Whether the task is over after it."""
        return self.to in TERMINAL


def is_terminal(status: str) -> bool:
    """Whether nothing can happen to such a task any more."""
    return status in TERMINAL


def elapsed(task: Task) -> float:
    """Seconds that a worker was busy with it: from accept to the end or the kill; 0 while that is not known."""
    ended = task.ended or task.cancelled
    return max(0.0, ended - task.accepted) if ended and task.accepted else 0.0


def steps(before: str, after: str) -> tuple[str, ...]:
    """The statuses reached on the way from one to another, the last one included."""
    if before in PATH and after in PATH:
        here, there = PATH.index(Status(before)), PATH.index(Status(after))
        if there > here:
            return tuple(status.value for status in PATH[here + 1 : there + 1])
    return (after,)


def advance(task: Task, to: Status, at: float, **fields: Any) -> Change:
    """On along the path, by the process that holds the task; statuses passed on the way are reached, too."""
    if PATH.index(to) <= PATH.index(Status(task.status)):
        raise ValueError(f"a task does not go from {task.status} to {to}")
    times = {REACHED_AT[Status(step)]: at for step in steps(task.status, to) if step in REACHED_AT}
    return Change(expect=(task.status,), held=_holder(task), fields={"status": to.value, **times, **fields})


def note(task: Task, **fields: Any) -> Change:
    """Set fields and stay where it is, by the process that holds the task."""
    return Change(expect=(task.status,), held=_holder(task), fields={"status": task.status, **fields})


def finish(
    task: Task,
    at: float,
    *,
    pexit: str,
    files: tuple[File, ...] = (),
    charge: Charge | None = None,
    settlement: Settlement | None = None,
    **fields: Any,
) -> Change:
    """The regular end, with exit code `pexit` ("0" is success): outputs, price and status in one."""
    if task.status in PATH and PATH.index(Status(task.status)) < PATH.index(S.START):
        raise ValueError("a task that was never started ends with refuse()")
    change = advance(task, S.POSTPROCESS_END, at, pexit=pexit, **_RELEASED, **fields)
    return msgspec.structs.replace(change, files=files, charge=charge, settlement=settlement)


def refuse(task: Task, at: float, reason: str, **fields: Any) -> Change:
    """It could not even be started: `task_error`, terminal."""
    return Change(
        expect=PATH[: PATH.index(S.START)],
        held=_holder(task),
        fields={"status": S.ERROR.value, "ended": at, "pexit": "1", "reason": reason, **_RELEASED, **fields},
    )


def fail(task: Task, at: float, reason: str, **fields: Any) -> Change:
    """It cannot go on: `task_error` before it was started, the regular end with exit code 1 after that."""
    if PATH.index(Status(task.status)) < PATH.index(S.START):
        return refuse(task, at, reason, **fields)
    return finish(task, at, pexit="1", reason=reason, **fields)


def cancel(at: float, reason: str = "") -> Change:
    """By its project, while it waits."""
    return Change(
        expect=(S.QUEUE,), fields={"status": S.CANCEL.value, "cancelled": at, "reason": reason, **_RELEASED}
    )


def kill(at: float, reason: str = "") -> Change:
    """By its project, in any status that is not terminal."""
    return Change(
        expect=ACTIVE, fields={"status": S.CANCEL.value, "cancelled": at, "reason": reason, **_RELEASED}
    )


def claim(owner: str, until: float, at: float, attempts: int) -> dict[str, Any]:
    """The fields that a claim sets on a queued task."""
    return {
        "status": S.ACCEPT.value,
        "accepted": at,
        "lease_owner": owner,
        "lease_until": until,
        "attempts": attempts + 1,
    }


def give_back(task: Task, *, counts: bool = False) -> Change:
    """To the queue again. A try that the task is not to blame for (a server that stops) does not count."""
    blank = dict.fromkeys((name for status, name in REACHED_AT.items() if status != S.CANCEL), 0.0)
    return Change(
        expect=RUNNING,
        held=_holder(task),
        fields={
            "status": S.QUEUE.value,
            **blank,
            **_RELEASED,
            "attempts": task.attempts if counts else max(0, task.attempts - 1),
        },
    )


def recover(task: Task, at: float, max_attempts: int, reason: str, **fields: Any) -> Change:
    """After its process was lost: to the queue again, or failed (with `fields`) if that was the last attempt."""
    if task.attempts < max_attempts:
        return give_back(task, counts=True)
    return fail(task, at, f"{reason} It was tried {task.attempts} times.", **fields)


def _holder(task: Task) -> tuple[str, int] | None:
    return (task.lease_owner, task.attempts) if task.lease_owner else None


_RELEASED: dict[str, Any] = {"lease_owner": "", "lease_until": 0.0}
