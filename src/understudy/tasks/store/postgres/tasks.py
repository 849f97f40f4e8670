"""Reading tasks: one by one, in pages, and how many there are."""

from collections.abc import Sequence

from understudy.tasks.lifecycle import Status
from understudy.tasks.records import ModelStatistics, Queue, Task
from understudy.tasks.store.postgres.agreements import KEEPS
from understudy.tasks.store.postgres.cells import LARGEST_ID, from_text, prefixed, to_task, to_text
from understudy.tasks.store.postgres.database import Database, now
from understudy.tasks.store.postgres.gathering import Gatherer
from understudy.tasks.store.postgres.known import KnownTasks
from understudy.tasks.store.rows import TASK_FIELDS, columns, to_statistics

# Column and table names are this program's own words; values are always bound.
_TASKS = f"SELECT {columns(TASK_FIELDS)} FROM tasks"  # noqa: S608
VERSION = "xmin::text::bigint"
"""Of a row: the transaction that wrote it."""

TASK = f"""
SELECT {prefixed("tasks", TASK_FIELDS)}, tasks.{VERSION} AS version
FROM unnest($1::bigint[], $2::bigint[]) AS asked (id, version) JOIN tasks ON tasks.id = asked.id
WHERE asked.version IS NULL OR asked.version <> tasks.{VERSION}
"""  # noqa: S608
TASK_BY_TOKEN = f"{_TASKS} WHERE token = ANY ($1::text[])"
STATUSES = "SELECT id, status, reason FROM tasks WHERE id = ANY ($1::bigint[])"
# A loose index scan: one step per owner, not per task. Only the tasks of those whose lease has run out are looked at.
EXPIRED = f"""
WITH RECURSIVE owners (owner) AS (
    SELECT min(lease_owner) FROM tasks WHERE lease_owner <> ''
    UNION ALL
    SELECT (SELECT min(lease_owner) FROM tasks WHERE lease_owner <> '' AND lease_owner > owners.owner)
    FROM owners WHERE owners.owner IS NOT NULL
)
{_TASKS}
WHERE lease_owner <> '' AND lease_until < {now(1)} AND lease_owner = ANY (ARRAY(
    SELECT owner FROM owners
    WHERE owner IS NOT NULL AND coalesce((SELECT until FROM leases WHERE what = '{KEEPS} ' || owners.owner), 0) < {now(1)}
))
ORDER BY lease_until
"""  # noqa: S608
HELD_BY_OTHERS = f"{_TASKS} WHERE lease_owner <> '' AND lease_owner <> $1 ORDER BY lease_until"
# A loose index scan: one step per model that waits, not per task.
_WAITING = """
WITH RECURSIVE waiting (model) AS (
    SELECT min(model) FROM tasks WHERE phase = 'queued'
    UNION ALL
    SELECT (SELECT min(model) FROM tasks WHERE phase = 'queued' AND model > waiting.model)
    FROM waiting WHERE waiting.model IS NOT NULL
)
"""
WAITING_MODELS = f"{_WAITING} SELECT model FROM waiting WHERE model IS NOT NULL"  # noqa: S608
QUEUE = f"""
{_WAITING} SELECT
    model,
    (SELECT sum(queued)::bigint FROM tallies WHERE tallies.model = waiting.model),
    (SELECT min(created) FROM tasks WHERE phase = 'queued' AND tasks.model = waiting.model)
FROM waiting WHERE model IS NOT NULL
"""  # noqa: S608
# The statuses of running tasks are counted as they are: there are no more of them than places to run.
DEPTH = f"""
SELECT status, n::bigint FROM (
    SELECT '{Status.QUEUE}' AS status, sum(queued) AS n FROM tallies
    UNION ALL SELECT '{Status.POSTPROCESS_END}', sum(delivered) FROM tallies
    UNION ALL SELECT '{Status.CANCEL}', sum(cancelled) FROM tallies
    UNION ALL SELECT '{Status.ERROR}', sum(failed) FROM tallies
    UNION ALL SELECT status, count(*) FROM tasks WHERE lease_owner <> '' GROUP BY status
) AS depth WHERE n > 0
"""  # noqa: S608
STATISTICS = """
SELECT
    model,
    sum(delivered + cancelled + failed)::bigint,
    sum(successes)::bigint,
    sum(delivered + failed - successes)::bigint,
    max(last_run),
    sum(elapsed)
FROM tallies GROUP BY model HAVING sum(delivered + cancelled + failed) > 0
"""

_PHASE = {
    "": "queued + running + delivered + cancelled + failed",
    Status.QUEUE: "queued",
    Status.POSTPROCESS_END: "delivered",
    Status.CANCEL: "cancelled",
    Status.ERROR: "failed",
}
"""The column that counts the tasks of a status; a running one has none."""


def page_of_tasks(*, model: bool, status: str, ascending: bool, beyond: bool) -> str:
    """How many there are, and one page, of a project ($1), and perhaps of a model and a status."""
    bound = ["project = $1"]
    if model:
        bound.append("model = $5")
    counted = _PHASE.get(status)
    if counted is not None:
        total = f"SELECT coalesce(sum({counted}), 0) FROM tallies WHERE {' AND '.join(bound)}"  # noqa: S608
        if status:
            bound.append(f"phase = '{counted}'")
    else:
        # Of a running status: among the running ones, of whom there are few.
        bound.append(f"phase = 'running' AND status = ${len(bound) + 4}")
        total = f"SELECT count(*) FROM tasks WHERE {' AND '.join(bound)}"  # noqa: S608
    order, after = ("ASC", ">") if ascending else ("DESC", "<")
    bound.append(f"id {after} $4" if beyond else "$4::bigint = 0")
    page = f"{_TASKS} WHERE {' AND '.join(bound)} ORDER BY id {order} LIMIT $2 OFFSET $3"
    return (
        f"SELECT total.n::bigint, page.* FROM ({total}) AS total (n) LEFT JOIN ({page}) AS page ON true "  # noqa: S608
        f"ORDER BY page.id {order}"
    )


class ReadsTasks:
    """The part of the store that reads tasks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known = KnownTasks()
        self._tasks = Gatherer(self._tasks_by_id)
        self._tokens = Gatherer(self._tasks_by_token)

    async def task(self, id: int) -> Task | None:
        """See `Store`."""
        return await self._tasks.ask(id) if 0 < id <= LARGEST_ID else None

    async def task_by_token(self, token: str) -> Task | None:
        """See `Store`."""
        return await self._tokens.ask(to_text(token))

    async def tasks(
        self,
        project: int,
        *,
        model: str = "",
        status: str = "",
        start: int = 0,
        beyond: int = 0,
        limit: int = 20,
        ascending: bool = False,
    ) -> tuple[int, list[Task]]:
        """See `Store`."""
        sql = page_of_tasks(model=bool(model), status=status, ascending=ascending, beyond=bool(beyond))
        cells = [to_text(model)] if model else []
        if status not in _PHASE:
            cells.append(to_text(status))
        rows = await self._database.fetch(sql, project, limit, start, beyond, *cells)
        return rows[0][0], [to_task(row[1:]) for row in map(tuple, rows) if row[1] is not None]

    async def statuses(self, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
        """See `Store`."""
        asked = [id for id in ids if 0 < id <= LARGEST_ID]
        rows = await self._database.fetch(STATUSES, asked)
        return {id: (status, from_text(reason)) for id, status, reason in rows}

    async def expired(self, at: float, *, but_not: str = "") -> list[Task]:
        """See `Store`."""
        if but_not:
            rows = await self._database.fetch(HELD_BY_OTHERS, but_not)
        else:
            rows = await self._database.fetch(EXPIRED, self._database.at(at))
        return [to_task(row) for row in rows]

    async def waiting_models(self) -> list[str]:
        """See `Store`."""
        return [model for (model,) in await self._database.fetch(WAITING_MODELS)]

    async def queue(self) -> dict[str, Queue]:
        """See `Store`."""
        rows = await self._database.fetch(QUEUE)
        return {model: Queue(number=number, oldest=oldest) for model, number, oldest in rows}

    async def depth(self) -> dict[str, int]:
        """See `Store`."""
        return dict(await self._database.fetch(DEPTH))

    async def statistics(self) -> dict[str, ModelStatistics]:
        """See `Store`."""
        return {row[0]: to_statistics(tuple(row)[1:]) for row in await self._database.fetch(STATISTICS)}

    async def _tasks_by_id(self, ids: list[int]) -> list[Task | None]:
        known = {id: self._known.task(id) for id in ids}
        versions = [self._known.version(id) for id in known]
        found = await self._database.connections.fetch(TASK, list(known), versions)
        for row in found:
            task = known[row["id"]] = to_task(row)
            self._known.keep(row["version"], task)
        return [known[id] for id in ids]

    async def _tasks_by_token(self, tokens: list[str]) -> list[Task | None]:
        rows = await self._database.connections.fetch(TASK_BY_TOKEN, tokens)
        tasks = {row["token"]: to_task(row) for row in rows}
        return [tasks.get(token) for token in tokens]
