"""Looking through tasks by whatever filter, the same for every store, in time that does not grow with their number.

Only what projects, models and statuses are is indexed. So a look goes through so many tasks and no further, the newest
first: it brings what fits among them, and says how far it came.
"""

import asyncio
from collections.abc import Sequence
from time import perf_counter
from typing import Any, Literal, NamedTuple

import msgspec

from understudy.tasks.lifecycle import RUNNING, Status
from understudy.tasks.records import Task
from understudy.tasks.store.asks import Asks
from understudy.tasks.store.rows import TASK_FIELDS, to_task

Stage = Literal["waiting", "running", "done", "failed", "cancelled"]

LOOKED_THROUGH = 20_000
"""Tasks in one look, at most."""
PIECE = 2_000
"""Tasks in one statement."""
LOOK_SECONDS = 0.05
"""After so long a look ends with the piece that it is at: rows with long logs take longer to pass over."""

_STAGES: dict[str, str] = {
    "waiting": f"status = '{Status.QUEUE.value}'",
    "running": f"status IN ({', '.join(repr(status.value) for status in RUNNING)})",
    "done": f"status = '{Status.POSTPROCESS_END.value}' AND pexit = '0'",
    # With the words of the index on what failed: the latest of them are found without looking through the others.
    "failed": "pexit <> '' AND pexit <> '0'"
    f" AND status IN ('{Status.ERROR.value}', '{Status.POSTPROCESS_END.value}')",
    "cancelled": f"status = '{Status.CANCEL.value}'",
}
# Logs are for those who look at one task. Column names are this program's own words; values are always bound.
_COLUMNS = ", ".join(
    f"'' AS \"{name}\"" if name in ("stdout", "stderr") else f'"{name}"' for name in TASK_FIELDS
)
_LATEST = "SELECT coalesce(max(id), 0) FROM tasks"


class TaskFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which tasks are looked for. What is empty or 0 does not matter."""

    project: int = 0
    model: str = ""
    engine: str = ""
    stage: Stage | Literal[""] = ""
    since: float = 0.0
    """Submitted at that time or later, Unix seconds."""
    until: float = 0.0
    """Submitted before that time."""
    text: str = ""
    """Somewhere in its inputs, in upper or lower case; or its id or token."""


class Look(NamedTuple):
    """What a look brought."""

    tasks: list[Task]
    """The newest first; without their logs."""
    beyond: int
    """Where the next look begins; 0 if there is nothing older."""


class Browsing:
    """Part of a store."""

    def __init__(self, asks: Asks) -> None:
        self._asks = asks

    async def look(self, wanted: TaskFilter, *, beyond: int = 0, limit: int = 50) -> Look:
        """Tasks that fit, at most `limit`, older than the task `beyond` (0: from the newest on)."""
        if not beyond:
            ((latest,),) = await self._asks.read(_LATEST)
            beyond = latest + 1
        sql, cells = look(wanted)
        down_to, give_up = max(0, beyond - LOOKED_THROUGH), perf_counter() + LOOK_SECONDS
        found: list[Task] = []
        while True:
            piece = max(down_to, beyond - PIECE)
            rows: Sequence[Sequence[Any]] = await self._asks.read(
                sql, beyond, piece, limit - len(found), *cells
            )
            found += [to_task(tuple(row)) for row in rows]
            if len(found) == limit:
                return Look(found, found[-1].id)
            beyond = piece
            if beyond == down_to or perf_counter() >= give_up:
                return Look(found, beyond)
            # A database within this process answers at once: others have their turn.
            await asyncio.sleep(0)

    async def count_open(self, wanted: TaskFilter) -> dict[Stage, int]:
        """How many tasks fit that are not over: those that wait, and those that run."""
        sql, cells = count_open(wanted)
        rows = await self._asks.read(sql, *cells)
        found: dict[Stage, int] = {"waiting": 0, "running": 0}
        for status, number in rows:
            found["waiting" if status == Status.QUEUE else "running"] += number
        return found

    async def oldest_open(self, wanted: TaskFilter, limit: int) -> list[Task]:
        """Tasks that fit and are not over, the oldest first; without their logs."""
        sql, cells = oldest_open(wanted)
        return [to_task(tuple(row)) for row in await self._asks.read(sql, limit, *cells)]


def look(wanted: TaskFilter) -> tuple[str, list[Any]]:
    """The statement, and what its parameters from the fourth on are bound to; before those: the bounds and the limit."""
    where, cells = _where(wanted, before=3)
    bounds = "id < $1 AND id >= $2"
    return f"SELECT {_COLUMNS} FROM tasks WHERE {bounds} {where} ORDER BY id DESC LIMIT $3", cells  # noqa: S608


def count_open(wanted: TaskFilter) -> tuple[str, list[Any]]:
    """The statement, and what its parameters are bound to."""
    where, cells = _where(wanted, before=0)
    return f"SELECT status, count(*) FROM open_tasks WHERE true {where} GROUP BY status", cells  # noqa: S608


def oldest_open(wanted: TaskFilter) -> tuple[str, list[Any]]:
    """The statement, and what its parameters from the second on are bound to; the first is the limit."""
    where, cells = _where(wanted, before=1)
    return f"SELECT {_COLUMNS} FROM open_tasks WHERE true {where} ORDER BY id LIMIT $1", cells  # noqa: S608


def _where(wanted: TaskFilter, *, before: int) -> tuple[str, list[Any]]:
    """Its conditions, and what they are bound to; `before`: how many parameters stand before them."""
    parts: list[str] = []
    cells: list[Any] = []

    def bound(value: Any) -> str:
        cells.append(value)
        return f"${len(cells) + before}"

    if wanted.project:
        parts.append(f"project = {bound(wanted.project)}")
    if wanted.model:
        parts.append(f"model = {bound(wanted.model)}")
    if wanted.stage:
        parts.append(_STAGES[wanted.stage])
    if wanted.since:
        parts.append(f"created >= {bound(wanted.since)}")
    if wanted.until:
        parts.append(f"created < {bound(wanted.until)}")
    if wanted.engine:
        name = msgspec.json.encode(wanted.engine).decode()
        pattern = bound('%"name":' + _literal(name) + ",%")
        parts.append(f"engine LIKE {pattern} ESCAPE '!'")
    if wanted.text:
        sought = wanted.text.encode(errors="replace").decode()
        # Not every database knows the lower case of every script: what is written so, is found in any case.
        typed, lowered = (bound(f"%{_literal(_inner(text))}%") for text in (sought, sought.lower()))
        number = sought.isascii() and sought.isdigit() and len(sought) < 19
        id, token = bound(int(sought) if number else 0), bound(sought)
        within = f"""("values" LIKE {typed} ESCAPE '!' OR lower("values") LIKE {lowered} ESCAPE '!')"""
        parts.append(f"({within} OR token = {token} OR id = {id})")
    return "".join(f" AND {part}" for part in parts), cells


def _inner(text: str) -> str:
    """As the text stands in a JSON string."""
    return msgspec.json.encode(text).decode()[1:-1]


def _literal(text: str) -> str:
    """For LIKE, nothing of it a pattern."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
