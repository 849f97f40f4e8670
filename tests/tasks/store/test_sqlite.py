"""The embedded store: the contract, and what only it can get wrong."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.tasks.examples import new_task, project
from tests.tasks.store.account_contract import AccountContract
from tests.tasks.store.browsing_contract import BrowsingContract
from tests.tasks.store.contract import StoreContract, claim
from tests.tasks.store.lease_contract import LeaseContract
from tests.tasks.store.operating_contract import OperatingContract
from tests.tasks.store.purchase_contract import PurchaseContract
from tests.tasks.store.sharing_contract import SharingContract
from tests.tasks.store.tenants_contract import TenantsContract
from understudy.errors import ConfigurationError, StoreUnavailable
from understudy.tasks import lifecycle
from understudy.tasks.store import tenants
from understudy.tasks.store.sqlite import claims, migrations, reads
from understudy.tasks.store.sqlite.insertion import insert
from understudy.tasks.store.sqlite.store import SqliteStore, open_sqlite


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await open_sqlite(tmp_path / "tasks.db")
    yield opened
    await opened.close()


class TestContract(StoreContract, SharingContract):
    pass


class TestAccounts(AccountContract):
    pass


class TestBrowsing(BrowsingContract):
    pass


class TestLeases(LeaseContract):
    pass


class TestOperating(OperatingContract):
    pass


class TestPurchases(PurchaseContract):
    pass


class TestTenants(TenantsContract):
    pass


async def test_what_was_answered_is_on_disk(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path / "tasks.db")
    owner = await store.add_project(project())
    tasks = await asyncio.gather(*(store.submit(new_task(owner.id)) for _ in range(50)))
    # Another process that opens the file now, as after a crash, sees every one of them.
    with sqlite3.connect(tmp_path / "tasks.db") as other:
        assert other.execute("SELECT count(*) FROM tasks").fetchone() == (len(tasks),)
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    await store.close()
    again = await open_sqlite(tmp_path / "tasks.db")
    assert (await again.tasks(owner.id))[0] == 50
    await again.close()


async def test_commits_are_shared(store: SqliteStore, tmp_path: Path) -> None:
    owner = await store.add_project(project())
    commits = 0

    def count(statement: str) -> None:
        nonlocal commits
        commits += statement == "COMMIT"

    store._writer._connection.set_trace_callback(count)
    await asyncio.gather(*(store.submit(new_task(owner.id)) for _ in range(300)))
    assert 1 <= commits < 100


@pytest.mark.parametrize(
    "query",
    [
        reads.TASK,
        reads.TASK_BY_TOKEN,
        reads.EXPIRED,
        reads.HELD_BY_OTHERS,
        reads.WAITING_MODELS,
        reads.OUTPUTS,
        reads.outputs_of(3),
        reads.FILE,
        reads.FILE_BY_ACCESSKEY,
        reads.FILES_BY_ADDRESS,
        reads.due_deliveries(0),
        reads.due_deliveries(3),
        reads.WAITING_DELIVERIES,
        reads.QUEUE,
        reads.SPENT,
        reads.FILES_OF,
        reads.WITH_OLD_FILES,
        reads.statuses(3),
        claims._FIRST,
        claims._REST,
        claims._RUNNING,
        claims.HELD,
        reads.NEXT_DELIVERY,
        reads.DELIVERIES,
        reads.LEDGER,
        reads.PROJECT_BY_KEY,
        *(
            reads.page_of_tasks(filters, ascending=ascending, beyond=beyond)[1]
            for filters in (
                ["project"],
                ["project", "model"],
                ["project", "status"],
                ["project", "model", "status"],
            )
            for ascending in (True, False)
            for beyond in (True, False)
        ),
    ],
)
async def test_no_query_grows_with_finished_tasks(store: SqliteStore, query: str) -> None:
    marks = len(set(re.findall(r"\?\d+", query))) or query.count("?")
    plan = [row[3] for row in store._reading.execute(f"EXPLAIN QUERY PLAN {query}", (None,) * marks)]
    tables = ("tasks", "files", "webhooks", "ledger", "projects")
    scans = [step for step in plan if step.startswith("SCAN") and step.split()[1] in tables]
    # A scan is allowed of a partial index only: it holds what waits or is held, not what is finished.
    partial = ("tasks_held", "tasks_queued", "tasks_running", "tasks_waiting", "webhooks_waiting")
    assert [step for step in scans if not any(name in step for name in partial)] == []
    assert not [
        step
        for step in plan
        if "TEMP B-TREE" in step
        and "ORDER BY" in step
        and "tasks" in query.split("FROM")[1].split()[0]
        and "lease" not in query
    ]


@pytest.mark.parametrize("statement", [tenants.counts_of, tenants.spent_by])
async def test_sums_of_projects_are_found_by_indexes(
    store: SqliteStore, statement: Callable[[int], str]
) -> None:
    cells = range(3 if statement is tenants.counts_of else 4)
    plan = await store.tenants._asks.read(f"EXPLAIN QUERY PLAN {statement(3)}", *cells)
    assert [row[3].split()[0] for row in plan] == ["SEARCH"]


async def test_a_newer_database_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "tasks.db"
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 999")
    with pytest.raises(ConfigurationError, match="schema 999"):
        await open_sqlite(path)


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "tasks.db"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(ConfigurationError, match="cannot be used as a database"):
        await open_sqlite(path)


async def test_migrations_are_run_once_by_many(tmp_path: Path) -> None:
    stores = await asyncio.gather(*(open_sqlite(tmp_path / "tasks.db") for _ in range(4)))
    for store in stores:
        await store.close()
    with sqlite3.connect(tmp_path / "tasks.db") as other:
        assert other.execute("PRAGMA user_version").fetchone() == (len(migrations.scripts()),)


async def test_a_database_in_use_before_leases_had_a_table_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "tasks.db"
    with sqlite3.connect(path) as before:
        for _, script in migrations.scripts()[:3]:
            before.executescript(script)
        before.execute("PRAGMA user_version = 3")
        number = insert(before, "projects", project())
        held = new_task(number, status="task_start", lease_owner="gone", lease_until=20.0, attempts=1)
        insert(before, "tasks", held.task)
    store = await open_sqlite(path)
    (task,) = await store.expired(21.0)
    assert (task.lease_owner, task.lease_until) == ("gone", 20.0)
    assert await store.renew("gone", at=22.0, until=37.0) == {task.id}
    assert await store.expired(36.0) == []
    assert [each.id for each in await store.expired(0.0, but_not="me")] == [task.id]
    await store.close()


async def test_a_renewal_writes_as_much_for_hundreds_as_for_none(store: SqliteStore) -> None:
    owner = await store.add_project(project())
    await asyncio.gather(*(store.submit(new_task(owner.id)) for _ in range(300)))
    writing = store._writer._connection

    async def rows_of_a_renewal(held: int) -> int:
        before = writing.total_changes
        assert len(await store.renew("me", at=10.0, until=25.0)) == held
        return writing.total_changes - before

    assert await rows_of_a_renewal(0) == 1
    assert len(await claim(store, places=300)) == 300
    assert await rows_of_a_renewal(300) == 1


async def test_leases_of_earlier_processes_are_forgotten(store: SqliteStore) -> None:
    for number in range(20):
        await store.renew(f"process {number}", at=100.0 * number, until=100.0 * number + 15)
    assert store._rows("SELECT owner, until FROM leases", ()) == [("process 19", 1915.0)]


async def test_a_full_disk_is_said_and_survived(store: SqliteStore) -> None:
    owner = await store.add_project(project())
    store._writer._connection.execute("PRAGMA max_page_count = 1")
    with pytest.raises(StoreUnavailable, match="nothing was accepted"):
        await asyncio.gather(*(store.submit(new_task(owner.id, stdout="x" * 100_000)) for _ in range(20)))
    assert (await store.tasks(owner.id))[0] == 0
    store._writer._connection.execute("PRAGMA max_page_count = 1000000")
    task, _ = await store.submit(new_task(owner.id))
    assert await store.apply(task.id, lifecycle.cancel(2.0)) is not None


async def test_after_closing_nothing_is_accepted(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path / "tasks.db")
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.add_project(project())


async def test_a_claim_does_not_walk_through_all_that_waits(store: SqliteStore) -> None:
    owner, other = await store.add_project(project()), await store.add_project(project())
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    async def cost() -> int:
        nonlocal steps
        steps = 0
        store._reading.set_progress_handler(step, 10)
        found = store._reading.execute(claims._FIRST).fetchall()
        store._reading.set_progress_handler(None, 0)
        assert len(found) == 4
        return steps

    for model in ("acme/a", "acme/b"):
        for one in (owner, other):
            await store.submit(new_task(one.id, model=model))
    before = await cost()
    waiting = [new_task(owner.id, model=model) for model in ("acme/a", "acme/b") for _ in range(500)]
    await asyncio.gather(*map(store.submit, waiting))
    assert await cost() < 2 * before, "walking through a thousand would be a hundred times as much"
