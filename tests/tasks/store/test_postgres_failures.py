"""What the shared store does when its database is away, slow, cut off, foreign or full of surprises."""

import asyncio
import logging
import sys
import time

import asyncpg
import pytest
from msgspec.structs import replace

from tests.postgres import Postgres, connected, server, stores
from tests.tasks.examples import new_task, project
from tests.tasks.store.contract import a_file
from tests.tasks.store.purchase_contract import intention
from understudy.errors import ConfigurationError, StoreUnavailable
from understudy.tasks import lifecycle
from understudy.tasks.records import ProjectLimits, QueueLimits, Room, RunningLimits
from understudy.tasks.store.postgres import connections, migrations
from understudy.tasks.store.postgres.claiming import TURN
from understudy.tasks.store.postgres.connections import Connections, Doubtful
from understudy.tasks.store.postgres.migrations import migrate
from understudy.tasks.store.postgres.store import open_postgres
from understudy.testing.proxy import Proxy

ROOM = Room(models=("acme/clip",), places=1)


def through(url: str, proxy: Proxy) -> str:
    return url.replace(f":{server().port}/", f":{proxy.port}/")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANSWER_SECONDS", "CONNECT_SECONDS", "WAIT_SECONDS"):
        monkeypatch.setattr(connections, name, 1.0)


async def test_a_restart_of_the_server() -> None:
    own = Postgres()
    try:
        async with stores(1, await own.new_database()) as (store,):
            owner = await store.add_project(project())
            task, _ = await store.submit(new_task(owner.id))
            own.stop()
            for attempt in (store.task(task.id), store.submit(new_task(owner.id)), store.ping()):
                with pytest.raises(StoreUnavailable):
                    await attempt
            own.start()
            assert await store.task(task.id) == task
            await asyncio.gather(*(store.submit(new_task(owner.id)) for _ in range(20)))
            assert (await store.tasks(owner.id))[0] == 21
            own.stop()
            again = asyncio.create_task(asyncio.to_thread(own.start))
            # What comes in while it starts is refused, or done; never lost, never twice.
            done = 21
            while done < 24:
                try:
                    await store.submit(new_task(owner.id))
                    done += 1
                except StoreUnavailable:
                    await asyncio.sleep(0.05)
            await again
            assert (await store.tasks(owner.id))[0] == 24
    finally:
        own.remove()


async def test_a_lost_connection_is_replaced() -> None:
    async with stores(1) as (store,):
        owner = await store.add_project(project())
        async with connected(store.url) as other:
            await other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await asyncio.sleep(0.05)
            assert await store.project(owner.id) == owner


async def test_what_was_in_doubt_and_did_not_happen() -> None:
    async with stores(1) as (store,):
        owner = await store.add_project(project())
        task, _ = await store.submit(new_task(owner.id))
        async with connected(store.url) as other:
            async with other.transaction():
                await other.execute("SELECT 1 FROM tasks FOR UPDATE")
                killing = asyncio.create_task(store.apply(task.id, lifecycle.cancel(5.0)))
                while not await other.fetchval(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE wait_event_type = 'Lock' AND datname = current_database()"
                ):
                    await asyncio.sleep(0.01)
            with pytest.raises(StoreUnavailable, match="nothing was accepted"):
                await killing
            assert await store.task(task.id) == task


@pytest.mark.parametrize("lost", ["question", "answer"])
async def test_what_was_in_doubt_is_found_out(lost: str) -> None:
    url = await server().new_database()
    async with (
        Proxy("127.0.0.1", server().port) as proxy,
        stores(1, through(url, proxy), pool=1) as (store,),
    ):
        store._folding.cancel()
        owner = await store.add_project(project())

        async def submit() -> bool:
            new = new_task(owner.id, new={"files": (a_file("input"),)})
            task, replayed = await store.submit(new)
            assert not replayed
            assert await store.task_by_token(new.task.token) == replace(new.task, id=task.id)
            return True

        async def cancel() -> bool:
            after = await store.apply(ids.pop(), lifecycle.cancel(5.0, "enough"))
            return after is not None and after.reason == "enough"

        async def end() -> bool:
            task = held.pop()
            change = lifecycle.fail(task, 6.0, "broken")
            change = replace(change, expect=("task_accept",), files=(a_file(task=task.id),))
            after = await store.apply(task.id, change)
            return after is not None and len(await store.outputs(task.id)) == 1

        async def begin() -> bool:
            task = held.pop()
            begun = await store.begin_purchase(intention(task), (task.lease_owner, task.attempts))
            return begun is not None and await store.purchases(task=task.id) == [begun]

        for _ in range(4):
            await store.submit(new_task(owner.id))
        held = await store.claim("me", [replace(ROOM, places=4)], RunningLimits(), at=1.0, until=99.0)
        ids = [(await store.submit(new_task(owner.id)))[0].id for _ in range(2)]
        for act in (submit, cancel, end, begin):
            # First without trouble: a new connection would ask other things before.
            assert await act()
            proxy.cut_after(0, "to client" if lost == "answer" else "to server")
            if lost == "answer":
                assert await act(), "it was carried out, and that is found out"
            else:
                with pytest.raises(StoreUnavailable, match="nothing was accepted"):
                    await act()
        assert proxy.cuts == 4
        depth = await store.depth()
        assert depth["task_cancel"] == (2 if lost == "answer" else 1)
        assert len(await store.purchases()) == (2 if lost == "answer" else 1)


async def test_a_claim_in_doubt_is_found_out() -> None:
    url = await server().new_database()
    async with (
        Proxy("127.0.0.1", server().port) as proxy,
        stores(1, through(url, proxy), pool=1) as (store,),
        stores(1, url) as (other,),
    ):
        store._folding.cancel()
        owner = await store.add_project(project())
        tasks = [(await store.submit(new_task(owner.id)))[0] for _ in range(3)]
        claims = [await store.claim("me", [ROOM], RunningLimits(), at=1.0, until=99.0)]
        async with connected(url) as blocker:
            # It waits in the middle, so that the cut is in its second half.
            await blocker.execute("BEGIN; LOCK TABLE changes IN EXCLUSIVE MODE")
            claim = asyncio.create_task(store.claim("me", [ROOM], RunningLimits(), at=2.0, until=99.0))
            await asyncio.sleep(0.2)
            proxy.cut_after(0, "to client")
            await blocker.execute("COMMIT")
            claims.append(await claim)
        assert [task.id for each in claims for task in each] == [task.id for task in tasks[:2]]
        assert await other.depth() == {"task_queue": 1, "task_accept": 2}


async def test_a_network_that_swallows_everything(quick: None) -> None:
    url = await server().new_database()
    async with (
        Proxy("127.0.0.1", server().port) as proxy,
        stores(1, through(url, proxy), pool=3) as (store,),
    ):
        owner = await store.add_project(project())
        proxy.stall()
        began = time.monotonic()
        answers = await asyncio.gather(*(store.project(owner.id) for _ in range(12)), return_exceptions=True)
        assert all(isinstance(answer, StoreUnavailable) for answer in answers)
        assert time.monotonic() - began < 8.0
        await proxy.forward()
        assert await store.project(owner.id) == owner


async def test_who_waits_for_a_turn_does_not_wait_for_all_others(quick: None) -> None:
    url = await server().new_database()
    async with Proxy("127.0.0.1", server().port) as proxy, stores(1, through(url, proxy)) as (store,):
        owner = await store.add_project(project())
        proxy.stall()
        began = time.monotonic()
        limited = {"limits": QueueLimits(of_project=100)}
        turns = [store.submit(new_task(owner.id, new=limited)) for _ in range(12)]
        answers = asyncio.gather(*turns, return_exceptions=True)
        await asyncio.sleep(3.0)
        await proxy.forward()
        assert {type(answer) for answer in await answers} <= {StoreUnavailable, Doubtful}
        assert time.monotonic() - began < 6.0
        await store.submit(new_task(owner.id, new=limited))


async def test_connections_go_round(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    url = await server().new_database()
    pool = Connections(url, 2)
    rows = await asyncio.gather(*(pool.fetch("SELECT pg_backend_pid()") for _ in range(20)))
    assert len({row["pg_backend_pid"] for (row,) in rows}) <= 2
    monkeypatch.setattr(connections, "WAIT_SECONDS", 0.1)
    slow = [asyncio.create_task(pool.fetch("SELECT pg_sleep(2)")) for _ in range(2)]
    await asyncio.sleep(0.05)
    with pytest.raises(StoreUnavailable, match="cannot reach its database"):
        await pool.fetch("SELECT 1")
    assert all(
        isinstance(each, StoreUnavailable) for each in await asyncio.gather(*slow, return_exceptions=True)
    )
    monkeypatch.setattr(connections, "WAIT_SECONDS", 5.0)
    broken = [asyncio.create_task(pool.fetch("SELECT 1 / 0")) for _ in range(6)]
    errors = await asyncio.gather(*broken, return_exceptions=True)
    assert {type(each) for each in errors} == {asyncpg.DivisionByZeroError}
    assert len(await pool.fetch("SELECT 1")) == 1
    await pool.close()
    with pytest.raises(StoreUnavailable, match="stopping"):
        await pool.fetch("SELECT 1")


async def test_a_statement_that_takes_too_long_is_ended_by_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(connections._SETTINGS, "statement_timeout", "200ms")
    async with stores(1) as (store,):
        with pytest.raises(StoreUnavailable):
            await store._database.fetch("SELECT pg_sleep(5)")
        await store.ping()


async def test_who_waits_for_a_turn_in_vain_leaves_no_transaction_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As when the process that has its turn stands still."""
    monkeypatch.setitem(connections._SETTINGS, "statement_timeout", "200ms")
    async with stores(1, pool=1) as (store,):
        owner = await store.add_project(project(limits=ProjectLimits(running=1)))
        await store.submit(new_task(owner.id))
        async with connected(store.url) as other:
            await other.execute(TURN)
            for _ in range(2):
                with pytest.raises(StoreUnavailable):
                    await store.claim("me", [ROOM], RunningLimits(), at=1.0, until=61.0)
        await store.ping()
        assert len(await store.claim("me", [ROOM], RunningLimits(), at=1.0, until=61.0)) == 1


async def test_a_connection_in_the_middle_of_a_transaction_is_not_given_to_others() -> None:
    pool = Connections(server().url(), 1)
    async with pool.one() as connection:
        await connection.execute("BEGIN")
    async with pool.one() as another:
        assert not another.is_in_transaction()
    await pool.close()


async def test_who_stops_waiting_takes_nothing_back() -> None:
    async with stores(1) as (store,):
        owner = await store.add_project(project())
        new = new_task(owner.id)
        impatient = asyncio.create_task(store.submit(new))
        await asyncio.sleep(0)
        impatient.cancel()
        await store.ping()
        assert await store.task_by_token(new.task.token) is not None


async def test_after_closing_nothing_is_accepted() -> None:
    async with stores(1) as (store,):
        await store.close()
        with pytest.raises(StoreUnavailable):
            await store.add_project(project())


async def test_texts_that_the_database_cannot_hold_come_back_as_they_were() -> None:
    odd = "a\0b \x1a0000 \ud800 ☂ \udfff\x1a"
    async with stores(1) as (store,):
        owner = await store.add_project(project(name=odd))
        assert await store.project(owner.id) == owner
        new = new_task(
            owner.id,
            values={"prompt": "nul \0 in JSON"},
            notes=odd,
            new={"files": (a_file("input", name=odd),), "idempotency_key": odd, "body_hash": b"\0"},
        )
        task, _ = await store.submit(new)
        assert await store.task(task.id) == replace(new.task, id=task.id)
        assert await store.submit(new) == (task, True)
        ended = await store.apply(task.id, lifecycle.kill(5.0, odd))
        assert ended is not None
        assert ended.reason == odd
        assert await store.statuses([task.id]) == {task.id: ("task_cancel", odd)}
        await store.keep_log(task.id, 0, stdout=odd, stderr="\0" * 5)
        said = await store.task(task.id)
        assert said is not None
        assert (said.stdout, said.stderr) == (odd, "\0" * 5)
        assert await store.tasks(owner.id, model="odd\0") == (0, [])
        assert (await store.files_of(task.id))[0].name == odd
        for nobody in ("\0", "\ud800"):
            assert await store.task_by_token(nobody) is None
            assert await store.file_by_accesskey(nobody) is None
            assert await store.files_by_address(nobody) == []
        assert await store.task(2**80) is None
        assert await store.task(-1) is None


async def test_what_keeps_it_from_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    url = await server().new_database()
    async with connected(url) as owner:
        await owner.execute(
            "DO $$ BEGIN CREATE ROLE guarded LOGIN PASSWORD 'right'; EXCEPTION WHEN duplicate_object THEN END $$"
        )
        guarded = server().url("DATABASE", user="guarded:wr0ng").replace("DATABASE", url.rsplit("/", 1)[1])

        async def said(url: str) -> str:
            with pytest.raises(ConfigurationError) as refused:
                await open_postgres(url)
            assert "wr0ng" not in str(refused.value)
            assert "right" not in str(refused.value)
            return str(refused.value)

        assert "refuses this user or password" in await said(guarded)
        assert "no database of that name" in await said(server().url("nowhere"))
        assert "cannot be reached" in await said("postgresql://u:wr0ng@127.0.0.1:1/x")
        assert "looks like postgresql://" in await said("postgresql://u:wr0ng@host:port/x")
        fresh = await server().new_database(template="template0")
        stranger = fresh.replace("postgres@", "guarded:right@")
        assert "does not let this user make tables" in await said(stranger)

        await owner.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO guarded")
        await owner.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO guarded")
        store = await open_postgres(url.replace("postgres@", "guarded:right@"))
        tenant = await store.add_project(project())
        await store.submit(new_task(tenant.id, new={"limits": QueueLimits(of_project=5)}))
        assert len(await store.claim("me", [ROOM], RunningLimits(of_project=1), at=1.0, until=9.0)) == 1
        assert await store._database.fetch("SELECT fold()")
        await store.close()
        await owner.execute("UPDATE schema_version SET version = 999")
        assert "has schema 999" in await said(url)
        with monkeypatch.context() as patch:
            patch.setattr(connections, "OLDEST", 99)
            assert "needs 99 or newer" in await said(url)
        monkeypatch.setitem(sys.modules, "asyncpg", None)
        assert "pip install 'understudy[postgres]'" in await said(url)


async def test_many_begin_at_once_with_a_new_database() -> None:
    url = await server().new_database(template="template0")
    versions = await asyncio.gather(*(migrate(url) for _ in range(4)))
    latest = len(migrations.scripts())
    assert sorted(versions) == [(0, latest), *[(latest, latest)] * 3]


async def test_no_password_in_logs(caplog: pytest.LogCaptureFixture, quick: None) -> None:
    caplog.set_level(logging.DEBUG, logger="understudy")
    url = (await server().new_database()).replace("postgres@", "postgres:wr0ng@")
    async with Proxy("127.0.0.1", server().port) as proxy, stores(1, through(url, proxy)) as (store,):
        await proxy.refuse()
        with pytest.raises(StoreUnavailable) as refused:
            await store.ping()
        assert "wr0ng" not in f"{refused.value} {refused.value.__cause__}"
        assert "wr0ng" not in repr(store) + repr(store._database.connections)
    assert "wr0ng" not in caplog.text
