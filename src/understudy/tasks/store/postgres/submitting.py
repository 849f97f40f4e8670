"""Submitting: tasks that are sent at the same time are written by one statement, each failing by itself.

Where a limit or a balance decides, those of one project take turns, here and (by a lock that lasts as long as the
statement) over all processes; so limits hold strictly, and the others need not wait.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from weakref import WeakValueDictionary

from msgspec.structs import replace

from understudy.errors import RequestError, StoreUnavailable
from understudy.tasks.budgets import hour_began, hour_of, month_began
from understudy.tasks.records import File, NewTask, Task
from understudy.tasks.store import refusals
from understudy.tasks.store.postgres import connections
from understudy.tasks.store.postgres.cells import (
    Cells,
    arrays,
    insertable,
    prefixed,
    to_arrays,
    to_task,
    to_text,
    types,
)
from understudy.tasks.store.postgres.connections import Doubtful
from understudy.tasks.store.postgres.database import Database
from understudy.tasks.store.postgres.gathering import Gatherer
from understudy.tasks.store.rows import TASK_FIELDS, columns, from_pico, to_pico

_NEW = insertable(Task)
_FILE = insertable(File, given_id=True)
_NEW_TYPES = [types(Task)[name] for name in _NEW]
_FILE_TYPES = [types(File)[name] for name in _FILE]
_KEY_TYPES = ["text", "bytea"]
_LIMIT_TYPES = ["boolean", *["bigint"] * 7]
_UNLIMITED_ABOVE = to_pico(refusals.UNLIMITED_ABOVE)
_FLIGHTS = 2


# An earlier answer is given again even if a new task would be refused.
_REFUSAL = f"""
CASE WHEN idempotency_key = '' OR NOT EXISTS (
    SELECT 1 FROM idempotency_keys AS known
    WHERE known.project = given.project AND known."key" = given.idempotency_key
        AND known.at >= given.created - {refusals.IDEMPOTENCY_SECONDS}
) THEN refusal(
    project, model, prepaid, unlimited_above, of_project, of_model, hourly, monthly, this_hour, first_hour
) END
"""  # noqa: S608


def _submission(*, limited: bool) -> str:
    """The parameters: an array for each field of the tasks, their keys and hashes, (their limits,) their uploads."""
    kinds = [*_NEW_TYPES, *_KEY_TYPES, *(_LIMIT_TYPES if limited else [])]
    named = [*columns(_NEW).split(", "), "idempotency_key", "body_hash"]
    limits = [
        "prepaid",
        "unlimited_above",
        "of_project",
        "of_model",
        "hourly",
        "monthly",
        "this_hour",
        "first_hour",
    ]
    # Column names are this program's own words; values are always bound.
    return f"""
    WITH given AS MATERIALIZED (
        SELECT nextval('tasks_id_seq') AS id, given.*
        FROM unnest({arrays(kinds, 1)})
            WITH ORDINALITY AS given ({", ".join(named + (limits if limited else []))}, place)
    ), judged AS MATERIALIZED (
        SELECT given.*, {_REFUSAL if limited else "NULL"} AS refused FROM given
    ), keyed AS (
        INSERT INTO idempotency_keys AS known (project, "key", body_hash, task, at)
        SELECT project, idempotency_key, body_hash, id, created FROM judged
        WHERE idempotency_key <> '' AND refused IS NULL
        ON CONFLICT (project, "key") DO UPDATE
            SET body_hash = excluded.body_hash, task = excluded.task, at = excluded.at
            WHERE known.at < excluded.at - {refusals.IDEMPOTENCY_SECONDS}
        RETURNING task
    ), written AS (
        INSERT INTO tasks (id, {columns(_NEW)})
        SELECT id, {columns(_NEW)} FROM judged
        WHERE refused IS NULL AND (idempotency_key = '' OR id IN (SELECT task FROM keyed))
        ORDER BY place
        RETURNING id
    ), filed AS (
        INSERT INTO files ({columns(_FILE)})
        SELECT {", ".join("judged.id" if name == "task" else f'upload."{name}"' for name in _FILE)}
        FROM unnest({arrays(["bigint", *_FILE_TYPES], len(kinds) + 1)})
            WITH ORDINALITY AS upload (of_place, {columns(_FILE)}, number)
        JOIN judged ON judged.place = upload.of_place JOIN written ON written.id = judged.id
        ORDER BY upload.number
    )
    SELECT written.id, judged.refused FROM judged LEFT JOIN written ON written.id = judged.id ORDER BY judged.place
    """  # noqa: S608


SUBMIT = _submission(limited=False)
SUBMIT_LIMITED = _submission(limited=True)
EARLIER = f"""
SELECT {prefixed("tasks", TASK_FIELDS)}, known.body_hash
FROM idempotency_keys AS known JOIN tasks ON tasks.id = known.task
WHERE known.project = $1 AND known."key" = $2 AND known.at >= $3
"""  # noqa: S608
WRITTEN = f"SELECT {columns(TASK_FIELDS)} FROM tasks WHERE token = $1"  # noqa: S608

_Outcome = tuple[int | None, str | None]
"""The id of the task that was written, or why it was not: by the words of the function `refusal`."""


class Submits:
    """The part of the store that takes new tasks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._unlimited: Gatherer[NewTask, _Outcome] = Gatherer(self._write, flights=_FLIGHTS)
        self._turns: WeakValueDictionary[int | str, asyncio.Lock] = WeakValueDictionary()

    async def submit(self, new: NewTask) -> tuple[Task, bool]:
        """See `Store`."""
        return await self._database.carry_out(self._submit(new))

    async def _submit(self, new: NewTask) -> tuple[Task, bool]:
        while True:
            try:
                id, refused = await self._outcome(new)
            except Doubtful as doubt:
                return await self._database.decided(lambda: self._written(new), doubt), False
            if id is not None:
                return replace(new.task, id=id), False
            if new.idempotency_key and (earlier := await self._earlier(new)) is not None:
                return earlier, True
            if refused is not None:
                raise _refusal(new, refused)

    async def _outcome(self, new: NewTask) -> _Outcome:
        if not _is_limited(new):
            key = (new.task.project, new.idempotency_key) if new.idempotency_key else None
            return await self._unlimited.ask(new, key)
        async with self._turn(new.task.project):
            if not new.limits.of_model:
                return (await self._write_one(new))[0]
            async with self._turn(new.task.model):
                return (await self._write_one(new))[0]

    @asynccontextmanager
    async def _turn(self, of: int | str) -> AsyncIterator[None]:
        """Whoever waits for a turn waits here, not on a connection. Raises `StoreUnavailable` if it takes too long."""
        lock = self._turns.setdefault(of, asyncio.Lock())
        try:
            # While the database is away each turn takes its time: who comes last is not to wait for all of them.
            async with asyncio.timeout(connections.ANSWER_SECONDS):
                await lock.acquire()
        except TimeoutError as error:
            raise StoreUnavailable(
                "The server could not bring this to its database in time; nothing was accepted. Try again in a moment."
            ) from error
        try:
            yield
        finally:
            lock.release()

    async def _write(self, news: list[NewTask]) -> Sequence[_Outcome | Exception]:
        return await self._database.together(news, self._write_all)

    async def _write_all(self, news: list[NewTask]) -> list[_Outcome]:
        cells = [*_task_cells(news), *_file_cells(news)]
        return [tuple(row) for row in await self._database.connections.fetch(SUBMIT, *cells)]

    async def _write_one(self, new: NewTask) -> list[_Outcome]:
        cells = [*_task_cells([new]), *_limit_cells(new), *_file_cells([new])]
        return [tuple(row) for row in await self._database.connections.fetch(SUBMIT_LIMITED, *cells)]

    async def _earlier(self, new: NewTask) -> Task | None:
        rows = await self._database.connections.fetch(
            EARLIER,
            new.task.project,
            to_text(new.idempotency_key),
            new.task.created - refusals.IDEMPOTENCY_SECONDS,
        )
        if not rows:
            return None
        if rows[0]["body_hash"] != new.body_hash:
            raise refusals.other_body()
        return to_task(rows[0])

    async def _written(self, new: NewTask) -> Task | None:
        rows = await self._database.connections.fetch(WRITTEN, to_text(new.task.token))
        return to_task(rows[0]) if rows else None


def _is_limited(new: NewTask) -> bool:
    limits = new.limits
    return (
        new.prepaid
        or bool(limits.of_project or limits.of_model)
        or limits.hourly is not None
        or limits.monthly is not None
    )


def _task_cells(news: list[NewTask]) -> list[Cells]:
    return [
        *to_arrays([new.task for new in news], _NEW),
        [to_text(new.idempotency_key) for new in news],
        [new.body_hash for new in news],
    ]


def _limit_cells(new: NewTask) -> list[Cells]:
    limits, created = new.limits, new.task.created
    budgets = [None if budget is None else to_pico(budget) for budget in (limits.hourly, limits.monthly)]
    hours = [hour_of(hour_began(created)), hour_of(month_began(created))]
    cells = [
        new.prepaid,
        _UNLIMITED_ABOVE,
        limits.of_project or None,
        limits.of_model or None,
        *budgets,
        *hours,
    ]
    return [[cell] for cell in cells]


def _file_cells(news: list[NewTask]) -> list[Cells]:
    places = [place for place, new in enumerate(news, 1) for _ in new.files]
    return [places, *to_arrays([file for new in news for file in new.files], _FILE)]


def _refusal(new: NewTask, said: str) -> RequestError:
    rule, _, money = said.partition(" ")
    limits = new.limits
    match rule:
        case "balance":
            balance = from_pico(int(money))
            return refusals.too_many_at_once(balance, refusals.tasks_at_once(balance) or 0)
        case "project":
            return refusals.queue_is_full(rule, limits.of_project)
        case "model":
            return refusals.queue_is_full(rule, limits.of_model)
        case "hour":
            return refusals.budget_is_spent(rule, limits.hourly or Decimal(0))
        case _:
            return refusals.budget_is_spent("month", limits.monthly or Decimal(0))
