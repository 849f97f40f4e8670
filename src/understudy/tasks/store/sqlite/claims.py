"""Claiming: an operation that runs inside one of the writer's transactions."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from understudy.tasks import lifecycle
from understudy.tasks.fairness import Head, Waiting, next_tasks
from understudy.tasks.records import Room, RunningLimits, Task
from understudy.tasks.store.sqlite.operations import assignments
from understudy.tasks.store.sqlite.rows import TASK_FIELDS, columns, limits_of, to_task

_RETURNING = f"RETURNING {columns(TASK_FIELDS)}"
# A loose index scan: one step per project and model that wait, not per task.
_AFTER = """
SELECT project, model FROM tasks WHERE status = 'task_queue' AND (project, model) > (?, ?) ORDER BY project, model LIMIT 1
"""
_HEADS = """
SELECT id, priority FROM tasks WHERE status = 'task_queue' AND project = ? AND model = ? ORDER BY priority DESC, id LIMIT ?
"""
_RUNNING = "SELECT project, model, count(*) FROM tasks WHERE lease_owner <> '' GROUP BY project, model"


def claim(
    owner: str, rooms: Sequence[Room], limits: RunningLimits, *, at: float, until: float
) -> Callable[[sqlite3.Connection], list[Task]]:
    """See `Store.claim`."""

    def operation(connection: sqlite3.Connection) -> list[Task]:
        waiting = list(_waiting(connection, rooms))
        if not waiting:
            return []
        of_project: Counter[int] = Counter()
        of_model: Counter[str] = Counter()
        for project, model, number in connection.execute(_RUNNING):
            of_project[project] += number
            of_model[model] += number
        chosen = next_tasks(waiting, rooms, limits, running_of_project=of_project, running_of_model=of_model)
        return [_claim(connection, id, owner, at, until) for id in chosen]

    return operation


def _waiting(connection: sqlite3.Connection, rooms: Sequence[Room]) -> Iterator[Waiting]:
    places = {model: room.places for room in rooms for model in room.models}
    last = (0, "")
    while (pair := connection.execute(_AFTER, last).fetchone()) is not None:
        project, model = last = pair
        if not places.get(model):
            continue
        heads = tuple(Head(*row) for row in connection.execute(_HEADS, (project, model, places[model])))
        (written,) = connection.execute("SELECT limits FROM projects WHERE id = ?", (project,)).fetchone()
        yield Waiting(project=project, model=model, limit=limits_of(written).running, heads=heads)


def _claim(connection: sqlite3.Connection, id: int, owner: str, at: float, until: float) -> Task:
    (attempts,) = connection.execute("SELECT attempts FROM tasks WHERE id = ?", (id,)).fetchone()
    fields = lifecycle.claim(owner, until, at, attempts)
    sql = f"UPDATE tasks SET {assignments(fields)} WHERE id = ? {_RETURNING}"  # noqa: S608
    (row,) = connection.execute(sql, (*fields.values(), id)).fetchall()
    return to_task(row)
