"""Several processes on one PostgreSQL at the same time: each store here has connections of its own, as a process has."""

import asyncio
import random
from collections import Counter
from decimal import Decimal

import asyncpg
from msgspec.structs import replace

from tests.postgres import connected, stores
from tests.tasks.examples import new_task, project
from tests.tasks.store.contract import a_file
from understudy.errors import ConcurrencyLimit
from understudy.tasks import lifecycle
from understudy.tasks.lifecycle import Status
from understudy.tasks.records import Charge, QueueLimits, Room, RunningLimits, Task
from understudy.tasks.store.postgres.store import PostgresStore

ROOM = Room(models=("acme/clip",), places=1)


async def claim(store: PostgresStore, owner: str, places: int = 1) -> list[Task]:
    return await store.claim(owner, [replace(ROOM, places=places)], RunningLimits(), at=1.0, until=61.0)


async def running(store: PostgresStore, project: int, **fields: object) -> Task:
    await store.submit(new_task(project, **fields))
    (task,) = await claim(store, "me")
    after = await store.apply(task.id, lifecycle.advance(task, Status.START, 2.0))
    assert after is not None
    return after


async def test_a_task_is_given_to_one_of_many() -> None:
    async with stores(4, pool=4) as crew:
        owner = await crew[0].add_project(project())
        await asyncio.gather(*(crew[0].submit(new_task(owner.id)) for _ in range(120)))
        taken: list[Task] = []

        async def work(number: int) -> None:
            store = crew[number % 4]
            while tasks := await claim(store, f"w{number}", places=1 + number % 5):
                assert {task.lease_owner for task in tasks} == {f"w{number}"}
                taken.extend(tasks)

        await asyncio.gather(*(work(number) for number in range(16)))
        assert len(taken) == len({task.id for task in taken}) == 120
        assert await crew[1].depth() == {"task_accept": 120}


async def test_who_is_late_gets_nothing_and_writes_nothing() -> None:
    """What PostgreSQL does when a statement waits for another one's row: it looks again, with that row as it is now."""
    async with stores(1) as (store,):
        owner = await store.add_project(project())
        task = await running(store, owner.id, callback_url="https://example.com/hook")
        async with connected(store.url) as other:
            async with other.transaction():
                await other.execute(
                    "UPDATE tasks SET status = 'task_cancel', lease_owner = '' WHERE id = $1", task.id
                )
                change = lifecycle.finish(
                    task, 9.0, pexit="0", files=(a_file(task=task.id),), charge=Charge(amount=Decimal(1))
                )
                late = asyncio.create_task(store.apply(task.id, change))
                done, _ = await asyncio.wait({late}, timeout=0.3)
                assert not done, "it waits for the row"
            assert await late is None
            assert (
                await store.outputs(task.id),
                await store.ledger(owner.id),
                await store.deliveries(task.id),
            ) == (
                [],
                [],
                [],
            )


async def test_a_claim_passes_over_what_somebody_else_is_about_to_change() -> None:
    async with stores(1) as (store,):
        owner = await store.add_project(project())
        first, second = [(await store.submit(new_task(owner.id)))[0] for _ in range(2)]
        async with connected(store.url) as other:
            async with other.transaction():
                await other.execute("SELECT 1 FROM tasks WHERE id = $1 FOR UPDATE", first.id)
                assert [task.id for task in await claim(store, "me")] == [second.id]
            assert [task.id for task in await claim(store, "me")] == [first.id]


async def test_a_kill_and_an_end_at_the_same_moment() -> None:
    async with stores(2) as (dispatcher, api):
        owner = await dispatcher.add_project(project())
        tasks = [await running(dispatcher, owner.id, callback_url="https://x/") for _ in range(40)]

        async def meet(task: Task) -> str:
            end = lifecycle.finish(
                task, 9.0, pexit="0", files=(a_file(task=task.id),), charge=Charge(amount=Decimal(1))
            )
            both = [dispatcher.apply(task.id, end), api.apply(task.id, lifecycle.kill(9.0))]
            random.shuffle(both)
            won = [after.status for after in await asyncio.gather(*both) if after is not None]
            assert len(won) == 1
            return won[0]

        ends = Counter(await asyncio.gather(*map(meet, tasks)))
        delivered = ends["task_postprocess_end"]
        assert await api.depth() == dict(ends)
        assert len(await api.ledger(owner.id, 1000)) == delivered
        assert (
            sum(len(files) for files in (await api.outputs_of([task.id for task in tasks])).values())
            == delivered
        )
        assert await api.spent(owner.id, 0.0) == delivered
        assert await api.waiting_deliveries() == (40, 9.0)


async def test_one_idempotency_key_in_several_processes() -> None:
    async with stores(3, pool=3) as crew:
        owner = await crew[0].add_project(project())
        key = {"idempotency_key": "once", "body_hash": b"1"}
        limited = {**key, "limits": QueueLimits(of_project=1)}
        answers = await asyncio.gather(
            *(crew[n % 3].submit(new_task(owner.id, new=limited if n % 2 else key)) for n in range(18))
        )
        assert len({task.id for task, _ in answers}) == 1
        assert [replayed for _, replayed in answers].count(False) == 1
        assert await crew[0].depth() == {"task_queue": 1}


async def test_the_last_place_of_a_balance() -> None:
    async with stores(3, pool=3) as crew:
        owner = await crew[0].add_project(project())
        await crew[0].deposit(owner.id, Decimal(50), "", 1.0)
        answers = await asyncio.gather(
            *(crew[n % 3].submit(new_task(owner.id, new={"prepaid": True})) for n in range(24)),
            return_exceptions=True,
        )
        refused = [answer for answer in answers if isinstance(answer, ConcurrencyLimit)]
        assert len(answers) - len(refused) == 5
        assert "balance of $50.00, you can run up to 5 tasks" in str(refused[0])


async def test_queue_limits_hold_strictly() -> None:
    async with stores(3, pool=3) as crew:
        owners = [await crew[0].add_project(project()) for _ in range(2)]
        limits = QueueLimits(of_project=7, of_model=10)
        answers = await asyncio.gather(
            *(crew[n % 3].submit(new_task(owners[n // 3 % 2].id, new={"limits": limits})) for n in range(48)),
            return_exceptions=True,
        )
        taken = [answer[0].project for answer in answers if isinstance(answer, tuple)]
        assert len(taken) == 10
        assert max(Counter(taken).values()) <= 7
        assert all(isinstance(answer, tuple | ConcurrencyLimit) for answer in answers)


async def test_a_delivery_is_given_to_one_of_many_and_wakes_nobody_meanwhile() -> None:
    async with stores(2) as (one, other):
        owner = await one.add_project(project())
        for _ in range(30):
            task, _ = await one.submit(new_task(owner.id, callback_url="https://example.com/hook"))
            await one.apply(task.id, lifecycle.cancel(5.0))
        claims = [store.claim_deliveries(6.0, 66.0, limit=3) for store in (one, other) for _ in range(4)]
        taken = [delivery.id for each in await asyncio.gather(*claims) for delivery in each]
        taken += [each.id for each in await one.claim_deliveries(6.0, 6.2)]
        assert len(taken) == len(set(taken)) == 30
        due = await other.next_delivery()
        assert due is not None
        assert due > 1e9, "by the clock of the database, long after 5.0"
        await asyncio.sleep(0.25)
        again = await other.claim_deliveries(6.0, 66.0)
        assert {each.id for each in again} == set(taken[-len(again) :]), "who took them for 0.2 s is gone"


async def test_leases_go_by_the_clock_of_the_database() -> None:
    async with stores(2) as (one, other):
        assert await one.lead("sweeping", "a", at=0.0, until=0.3)
        assert not await other.lead("sweeping", "b", at=9e9, until=9e9 + 5)
        assert await other.leases(9e9) == {"sweeping": "a"}
        owner = await one.add_project(project())
        await one.submit(new_task(owner.id))
        (task,) = await one.claim("a", [ROOM], RunningLimits(), at=0.0, until=0.3)
        assert await other.expired(9e9) == []
        await asyncio.sleep(0.35)
        assert await other.lead("sweeping", "b", at=0.0, until=5.0)
        assert [each.id for each in await other.expired(0.0)] == [task.id]
        assert await one.renew("a", at=0.0, until=60.0) == {task.id}
        assert await other.expired(9e9) == []


async def test_tokens_are_drawn_once() -> None:
    async with stores(2) as crew:
        draws = await asyncio.gather(
            *(crew[n % 2].draw("p", 3.0, rate=0.001, burst=10.0, at=0.0) for n in range(8))
        )
        assert 10.0 <= sum(draws) < 10.1


async def counted(store: PostgresStore) -> dict[tuple[int, str, str], int]:
    rows = await asked(store, "SELECT project, model, phase, count(*) FROM tasks GROUP BY 1, 2, 3")
    return {tuple(row)[:3]: row[3] for row in rows}  # type: ignore[misc]


async def kept(store: PostgresStore) -> dict[tuple[int, str, str], int]:
    phases = ("queued", "running", "delivered", "cancelled", "failed")
    rows = await asked(
        store,
        f"SELECT project, model, {', '.join(f'sum({name})::int' for name in phases)} FROM tallies GROUP BY 1, 2",
    )
    return {
        (row[0], row[1], phase): row[number]
        for row in rows
        for number, phase in enumerate(phases, 2)
        if row[number]
    }


async def asked(store: PostgresStore, sql: str) -> list[asyncpg.Record]:
    return await store._database.connections.fetch(sql)


async def fold_all(store: PostgresStore) -> None:
    """Until nothing is left; a store may be folding by itself, and the server be at work on something older."""
    async with asyncio.timeout(20):
        while await asked(store, "SELECT 1 FROM changes"):
            await asked(store, "SELECT fold()")


async def test_counts_are_right_while_they_are_folded() -> None:
    async with stores(2) as crew:
        owners = [await crew[0].add_project(project()) for _ in range(3)]

        async def live(number: int) -> None:
            store = crew[number % 2]
            await store.submit(new_task(owners[number % 3].id, model=f"acme/m{number % 2}"))
            for task in await claim_any(store):
                if number % 4 == 0:
                    await store.apply(task.id, lifecycle.give_back(task))
                elif number % 4 == 1:
                    await store.apply(task.id, lifecycle.kill(3.0))
                else:
                    after = await store.apply(task.id, lifecycle.advance(task, Status.START, 2.0))
                    assert after is not None
                    end = lifecycle.finish(
                        after, 4.0, pexit="0", charge=Charge(amount=Decimal(2), prepaid=True)
                    )
                    await store.apply(task.id, end)

        async def claim_any(store: PostgresStore) -> list[Task]:
            room = Room(models=("acme/m0", "acme/m1"), places=1)
            return await store.claim("me", [room], RunningLimits(), at=1.0, until=61.0)

        async def fold() -> None:
            while True:
                await asked(crew[0], "SELECT fold()")
                await asyncio.sleep(0.01)

        folding = asyncio.create_task(fold())
        await asyncio.gather(*(live(number) for number in range(80)))
        assert await kept(crew[0]) == await counted(crew[0])
        folding.cancel()
        await asyncio.gather(folding, return_exceptions=True)
        await fold_all(crew[0])
        assert await kept(crew[0]) == await counted(crew[0])
        lines = [line for owner in owners for line in await crew[0].ledger(owner.id, 1000)]
        assert sum(owner.balance for owner in await crew[0].projects()) == sum(line.amount for line in lines)
        assert sum([await crew[0].spent(owner.id, 0.0) for owner in owners]) == 2 * len(lines)


async def test_what_is_not_committed_yet_is_folded_later() -> None:
    async with stores(1) as (store,):
        owner = await store.add_project(project())
        async with connected(store.url) as slow:
            async with slow.transaction():
                await slow.execute(
                    "INSERT INTO changes (project, model, queued) VALUES ($1, 'acme/clip', 1)", owner.id
                )
                await store.submit(new_task(owner.id))
                await asked(store, "SELECT fold()")
                assert (await store.tasks(owner.id))[0] == 1
            assert (await store.tasks(owner.id))[0] == 2
            await fold_all(store)
            assert (await store.tasks(owner.id))[0] == 2


async def test_much_that_has_come_together_is_folded_in_parts() -> None:
    """After a transaction that stayed open for hours: all at once would take longer than a statement may."""
    async with stores(1) as (store,), connected(store.url) as other:
        store._folding.cancel()
        owner = await store.add_project(project())
        for _ in range(4):
            await other.execute(
                "INSERT INTO changes (project, model, queued, hour, spent)"
                " SELECT $1, 'acme/clip', 1, 7, 2 FROM generate_series(1, 40000)",
                owner.id,
            )
        assert await asked(store, "SELECT fold()") == [(120_000,)]
        assert (await store.tasks(owner.id))[0] == 160_000
        assert await asked(store, "SELECT fold()") == [(40_000,)]
        assert (await store.tasks(owner.id))[0] == 160_000
        assert await store.spent(owner.id, 0.0) * 10**12 == 320_000
        assert await asked(store, "SELECT count(*) FROM changes") == [(0,)]


async def test_counts_outlive_a_move_to_another_server() -> None:
    """A dump brings along numbers of transactions that the new server has not come to yet."""
    async with stores(1) as (store,):
        owner = await store.add_project(project())
        await store.submit(new_task(owner.id))
        await store._database.settled()
        await asked(store, "UPDATE changes SET xid = '9000000000'")
        await asked(store, "UPDATE folding SET upto = '9000000000'")
        await store.close()
        async with stores(1, store.url) as (moved,):
            await moved.submit(new_task(owner.id))
            assert (await moved.tasks(owner.id))[0] == 2
            await fold_all(moved)
            assert (await moved.tasks(owner.id))[0] == 2


async def test_what_another_process_wrote_is_read_at_once_and_the_rest_not_again() -> None:
    async with stores(2) as (one, other):
        owner = await one.add_project(project())
        task, _ = await one.submit(new_task(owner.id))
        read = await other.task(task.id)
        assert await other.task(task.id) is read, (
            "unchanged: the same record, so what was made of it can be kept"
        )
        assert await one.apply(task.id, lifecycle.cancel(5.0, "enough")) is not None
        changed = await other.task(task.id)
        assert changed is not None
        assert (changed.status, changed.reason) == ("task_cancel", "enough")
        assert await other.task_by_token(task.token) == changed


async def test_what_is_asked_for_together_shares_round_trips() -> None:
    async with stores(1) as (store,):
        owner = await store.add_project(project())
        sent: list[str] = []
        fetch = store._database.connections.fetch

        async def counting(sql: str, *cells: object) -> list[asyncpg.Record]:
            sent.append(sql)
            return await fetch(sql, *cells)

        store._database.connections.fetch = counting  # type: ignore[method-assign]
        tasks = [
            task for task, _ in await asyncio.gather(*(store.submit(new_task(owner.id)) for _ in range(100)))
        ]
        assert len(sent) <= 3
        sent.clear()
        assert await asyncio.gather(*(store.task(task.id) for task in tasks)) == tasks
        assert len(sent) <= 2
        sent.clear()
        await asyncio.gather(*(store.apply(task.id, lifecycle.cancel(5.0)) for task in tasks))
        assert len(sent) <= 3


async def test_one_task_takes_few_round_trips() -> None:
    async with stores(1, pool=1) as (store,):
        owner = await store.add_project(project())

        async def live() -> None:
            task = await running(store, owner.id, callback_url="https://example.com/hook")
            after = await store.apply(task.id, lifecycle.advance(task, Status.POSTPROCESS_START, 3.0))
            assert after is not None
            charge = Charge(amount=Decimal(1), prepaid=True)
            end = lifecycle.finish(after, 4.0, pexit="0", files=(a_file(task=task.id),), charge=charge)
            assert await store.apply(task.id, end) is not None

        await live()  # a connection asks once about the types of what it sends
        sent: list[str] = []
        async with store._database.connections.one() as connection:
            connection.add_query_logger(lambda query: sent.append(query.query))
        await live()
        # Submit, what waits, claim, start, made, end.
        assert len([sql for sql in sent if "fold()" not in sql]) == 6


async def test_a_claim_that_fills_a_room_does_not_look_again_for_another() -> None:
    async with stores(1, pool=1) as (store,):
        owner = await store.add_project(project())
        for _ in range(30):
            await store.submit(new_task(owner.id))
        rooms = [Room(models=ROOM.models, places=2), Room(models=("nobody/waits",), places=1)]

        async def claim() -> int:
            return len(await store.claim("me", rooms, RunningLimits(), at=1.0, until=9e9))

        assert await claim() == 2
        sent: list[str] = []
        async with store._database.connections.one() as connection:
            connection.add_query_logger(lambda query: sent.append(query.query))
        assert await claim() == 2
        # What waits, claim.
        assert len([sql for sql in sent if "fold()" not in sql]) == 2
