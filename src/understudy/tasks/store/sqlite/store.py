"""The embedded store: one SQLite file, one writer thread, reads on the event loop.

A point read takes about 10 us, less than handing it to a thread; lists are short. Write-ahead logging lets readers and
the writer pass each other; `synchronous=FULL` makes a commit outlive a power cut.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from msgspec.structs import replace

from understudy.errors import ConfigurationError
from understudy.tasks.accounts.store import AccountStore
from understudy.tasks.buckets import FORGOTTEN_SECONDS, Bucket, drawn
from understudy.tasks.budgets import hour_of
from understudy.tasks.lifecycle import Change
from understudy.tasks.records import (
    Delivery,
    File,
    LedgerLine,
    ModelStatistics,
    NewTask,
    OperatorLine,
    Project,
    Purchase,
    Queue,
    Room,
    RunningLimits,
    Settlement,
    Task,
)
from understudy.tasks.store import rows
from understudy.tasks.store.account_rows import AccountRows
from understudy.tasks.store.browsing import Browsing
from understudy.tasks.store.operating import Operating
from understudy.tasks.store.sqlite import claims, operations, purchases, reads
from understudy.tasks.store.sqlite.asking import Asking
from understudy.tasks.store.sqlite.insertion import insert
from understudy.tasks.store.sqlite.migrations import migrate
from understudy.tasks.store.sqlite.recent import RecentTasks
from understudy.tasks.store.sqlite.writer import Writer, unavailable
from understudy.tasks.store.tenants import Tenants

T = TypeVar("T")
_BUSY_SECONDS = 15.0


async def open_sqlite(path: Path) -> "SqliteStore":
    """The store in that file, made or brought up to date if need be.

    Raises `ConfigurationError` if the file is no database of ours or cannot be written.
    """
    try:
        writing = await asyncio.to_thread(_connect, path)
        await asyncio.to_thread(migrate, writing)
        return SqliteStore(Writer(writing), _connect(path))
    except sqlite3.Error as error:
        raise ConfigurationError(f"{path} cannot be used as a database: {error}.") from error


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    _use_write_ahead_log(connection)
    for pragma in (
        "synchronous = FULL",
        "foreign_keys = ON",
        "temp_store = MEMORY",
        "cache_size = -16000",
        # The log is folded back every 4,000 pages (16 MB): a longer one slows readers, a shorter one the writer.
        "wal_autocheckpoint = 4000",
    ):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    # The switch needs the file for itself and does not heed the time-out: two processes may open a new file at once.
    give_up = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.02)
        else:
            return


class SqliteStore:
    """`Store` on SQLite."""

    shared = False

    def __init__(self, writer: Writer, reading: sqlite3.Connection) -> None:
        self._writer = writer
        self._reading = reading
        asking = Asking(writer, reading)
        self.accounts: AccountStore = AccountRows(asking)
        self.browsing = Browsing(asking)
        self.operating = Operating(asking)
        self.tenants = Tenants(asking)
        self._recent = RecentTasks()
        self._buckets: dict[str, Bucket] = {}

    async def close(self) -> None:
        await self._writer.close()
        self._reading.close()

    async def ping(self) -> None:
        await self._writer.run(lambda connection: connection.execute("SELECT 1").fetchone())

    # projects
    async def add_project(self, project: Project) -> Project:
        id = await self._writer.run(lambda connection: insert(connection, "projects", project))
        return replace(project, id=id)

    async def project(self, id: int) -> Project | None:
        return self._one(reads.PROJECT, (id,), rows.to_project)

    async def project_by_key(self, key_hash: bytes) -> Project | None:
        return self._one(reads.PROJECT_BY_KEY, (key_hash,), rows.to_project)

    async def projects(self) -> list[Project]:
        return self._all(reads.ALL_PROJECTS, (), rows.to_project)

    async def change_project(self, id: int, **fields: Any) -> Project | None:
        assert fields.keys() < set(rows.PROJECT_FIELDS) - {"id", "balance"}
        assignments = ", ".join(f'"{name}" = ?' for name in fields)
        cells = [rows.to_column(name, value) for name, value in fields.items()]
        sql = f"UPDATE projects SET {assignments} WHERE id = ?"  # noqa: S608 - names are asserted above
        await self._writer.run(lambda connection: connection.execute(sql, (*cells, id)).rowcount)
        return await self.project(id)

    async def deposit(self, project: int, amount: Decimal, note: str, at: float) -> Project | None:
        await self._writer.run(operations.deposit(project, amount, note, at))
        return await self.project(project)

    async def ledger(self, project: int, limit: int = 100) -> list[LedgerLine]:
        return self._all(reads.LEDGER, (project, limit), rows.to_ledger_line)

    async def spent(self, project: int, since: float) -> Decimal:
        ((amount,),) = self._rows(reads.SPENT, (project, hour_of(since)))
        return rows.from_pico(amount)

    # tasks
    async def submit(self, new: NewTask) -> tuple[Task, bool]:
        return await self._writer.run(operations.submit(new))

    async def task(self, id: int) -> Task | None:
        return self._recent.by_id(id) or self._kept(self._one(reads.TASK, (id,), rows.to_task))

    async def task_by_token(self, token: str) -> Task | None:
        return self._recent.by_token(token) or self._kept(
            self._one(reads.TASK_BY_TOKEN, (token,), rows.to_task)
        )

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
        given = {"project": project, "model": model, "status": status}
        filters = {name: value for name, value in given.items() if value}
        count, page = reads.page_of_tasks(list(filters), ascending=ascending, beyond=bool(beyond))
        (total,) = self._rows(count, tuple(filters.values()))[0]
        after = (beyond,) if beyond else ()
        return total, self._all(page, (*filters.values(), *after, limit, start), rows.to_task)

    async def statuses(self, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
        found = self._rows(reads.statuses(len(ids)), tuple(ids))
        return {id: (status, reason) for id, status, reason in found}

    async def claim(
        self, owner: str, rooms: Sequence[Room], limits: RunningLimits, *, at: float, until: float
    ) -> list[Task]:
        def keep(tasks: list[Task]) -> None:
            for task in tasks:
                self._keep(task)

        return await self._writer.run(claims.claim(owner, rooms, limits, at=at, until=until), keep)

    async def apply(self, id: int, change: Change) -> Task | None:
        return await self._writer.run(operations.apply(id, change), self._keep)

    async def keep_log(self, id: int, attempt: int, *, stdout: str, stderr: str) -> None:
        await self._writer.run(
            operations.keep_log(id, attempt, stdout, stderr), lambda _: self._recent.drop(id)
        )

    async def renew(self, owner: str, *, at: float, until: float) -> set[int]:
        return await self._writer.run(claims.renew(owner, at=at, until=until))

    async def expired(self, at: float, *, but_not: str = "") -> list[Task]:
        if but_not:
            return self._all(reads.HELD_BY_OTHERS, (but_not,), rows.to_task)
        return self._all(reads.EXPIRED, (at,), rows.to_task)

    async def waiting_models(self) -> list[str]:
        return [model for (model,) in self._rows(reads.WAITING_MODELS, ())]

    async def queue(self) -> dict[str, Queue]:
        return {
            model: Queue(number=number, oldest=oldest)
            for model, number, oldest in self._rows(reads.QUEUE, ())
        }

    async def depth(self) -> dict[str, int]:
        return dict(self._rows(reads.DEPTH, ()))

    async def statistics(self) -> dict[str, ModelStatistics]:
        return {model: rows.to_statistics(tuple(rest)) for model, *rest in self._rows(reads.STATISTICS, ())}

    # purchases at partners
    async def begin_purchase(self, purchase: Purchase, held: tuple[str, int]) -> Purchase | None:
        return await self._writer.run(purchases.begin(purchase, held))

    async def step_purchase(
        self, id: int, expect: Sequence[str], *, files: Sequence[File] = (), **fields: Any
    ) -> Purchase | None:
        return await self._writer.run(purchases.step(id, expect, files, fields))

    async def settle_purchase(self, settlement: Settlement, reason: str = "") -> Purchase | None:
        return await self._writer.run(purchases.settle(settlement, reason), self._drop_task_of)

    async def purchases(
        self,
        *,
        task: int = 0,
        engine: str = "",
        outcome: str = "",
        only_open: bool = False,
        limit: int = 100,
    ) -> list[Purchase]:
        given = {"task": task, "engine": engine, "outcome": outcome}
        filters = {name: value for name, value in given.items() if value}
        sql = reads.purchases(list(filters), only_open=only_open, newest_first=not task)
        return self._all(sql, (*filters.values(), limit), rows.to_purchase)

    async def orphaned_purchases(self) -> list[Purchase]:
        return self._all(reads.ORPHANED_PURCHASES, (), rows.to_purchase)

    async def purchase_counts(self) -> dict[tuple[str, str], int]:
        return {(engine, outcome): n for engine, outcome, n in self._rows(reads.PURCHASE_COUNTS, ())}

    async def operator_ledger(self, limit: int = 100) -> list[OperatorLine]:
        return self._all(reads.OPERATOR_LEDGER, (limit,), rows.to_operator_line)

    async def fetched(self, task: int) -> list[File]:
        return self._all(reads.FETCHED, (task,), rows.to_file)

    async def leftovers(self, limit: int = 100) -> list[File]:
        return self._all(reads.LEFTOVERS, (limit,), rows.to_file)

    async def forget_files(self, ids: Sequence[str]) -> None:
        await self._writer.run(purchases.forget_files(ids))

    # files
    async def add_file(self, file: File) -> None:
        await self._writer.run(lambda connection: insert(connection, "files", file, given_id=True))

    async def file(self, id: str) -> File | None:
        return self._one(reads.FILE, (id,), rows.to_file)

    async def file_by_accesskey(self, accesskey: str) -> File | None:
        return self._one(reads.FILE_BY_ACCESSKEY, (accesskey,), rows.to_file)

    async def files_by_address(self, address: str) -> list[File]:
        return self._all(reads.FILES_BY_ADDRESS, (address,), rows.to_file)

    async def outputs(self, task: int) -> list[File]:
        return self._all(reads.OUTPUTS, (task,), rows.to_file)

    async def outputs_of(self, tasks: Sequence[int]) -> dict[int, list[File]]:
        found: dict[int, list[File]] = {task: [] for task in tasks}
        for file in self._all(reads.outputs_of(len(tasks)), tuple(tasks), rows.to_file):
            found[file.task].append(file)
        return found

    async def files_of(self, task: int) -> list[File]:
        return self._all(reads.FILES_OF, (task,), rows.to_file)

    async def with_old_files(self, project: int, before: float, limit: int = 100) -> list[int]:
        return [id for (id,) in self._rows(reads.WITH_OLD_FILES, (project, before, limit))]

    async def delete_files(self, task: int) -> list[str]:
        return await self._writer.run(operations.delete_files(task), lambda _: self._recent.drop(task))

    # webhooks
    async def claim_deliveries(
        self, at: float, until: float, limit: int = 100, *, but_not: Sequence[str] = ()
    ) -> list[Delivery]:
        return self._all(reads.due_deliveries(len(but_not)), (at, *but_not, limit), rows.to_delivery)

    async def next_delivery(self, after: float = 0.0) -> float | None:
        ((due,),) = self._rows(reads.NEXT_DELIVERY, (after,))
        return due if due is None else float(due)

    async def waiting_deliveries(self) -> tuple[int, float | None]:
        ((number, due),) = self._rows(reads.WAITING_DELIVERIES, ())
        return number, due

    async def settle_delivery(self, delivery: Delivery) -> None:
        await self._writer.run(operations.settle_delivery(delivery))

    async def deliveries(self, task: int) -> list[Delivery]:
        return self._all(reads.DELIVERIES, (task,), rows.to_delivery)

    # what processes agree on: this one is alone
    async def lead(self, what: str, owner: str, *, at: float, until: float) -> bool:
        return True

    async def leave(self, owner: str) -> None:
        return

    async def leases(self, at: float) -> dict[str, str]:
        return {}

    async def forget_leases(self, at: float) -> None:
        forgotten = [name for name, bucket in self._buckets.items() if bucket.at < at - FORGOTTEN_SECONDS]
        for name in forgotten:
            del self._buckets[name]

    async def draw(self, bucket: str, wanted: float, *, rate: float, burst: float, at: float) -> float:
        taken, self._buckets[bucket] = drawn(self._buckets.get(bucket), wanted, rate=rate, burst=burst, at=at)
        return taken

    def _drop_task_of(self, purchase: Purchase | None) -> None:
        if purchase is not None:
            self._recent.drop(purchase.task)

    def _keep(self, task: Task | None) -> None:
        if task is not None:
            self._recent.keep(task)

    def _kept(self, task: Task | None) -> Task | None:
        self._keep(task)
        return task

    def _rows(self, sql: str, bound: tuple[Any, ...]) -> list[Any]:
        try:
            return self._reading.execute(sql, bound).fetchall()
        except sqlite3.Error as error:
            raise unavailable(error) from error

    def _all(self, sql: str, bound: tuple[Any, ...], record: Callable[[tuple[Any, ...]], T]) -> list[T]:
        return [record(row) for row in self._rows(sql, bound)]

    def _one(self, sql: str, bound: tuple[Any, ...], record: Callable[[tuple[Any, ...]], T]) -> T | None:
        found = self._rows(sql, bound)
        return record(found[0]) if found else None
