import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.tasks.examples import new_task, project
from understudy.errors import NotFound
from understudy.tasks import lifecycle
from understudy.tasks.events import Event, Events
from understudy.tasks.lifecycle import PATH, Change, Status
from understudy.tasks.records import Task
from understudy.tasks.store.sqlite.store import SqliteStore, open_sqlite
from understudy.tasks.watch import watch


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = await open_sqlite(tmp_path / "tasks.db")
    yield store
    await store.close()


async def submitted(store: SqliteStore) -> Task:
    owner = await store.add_project(project())
    return (await store.submit(new_task(owner.id)))[0]


async def written(store: SqliteStore, events: Events, task: Task, change: Change) -> Task:
    """As a run does it: first on disk, then told."""
    after = await store.apply(task.id, change)
    assert after is not None
    for status in lifecycle.steps(task.status, after.status):
        events.publish(task.id, Event(status, (after.reason or None) if change.ends else None, status=True))
    return after


async def heard(store: SqliteStore, events: Events, token: str) -> list[Event]:
    return [event async for _, event in watch(store, events, token)]


async def test_nobody(store: SqliteStore) -> None:
    events = Events()
    with pytest.raises(NotFound, match=r"There is no task yet\."):
        await heard(store, events, "nobody")
    assert len(events) == 0


async def test_a_task_that_is_over_tells_its_end_and_why(store: SqliteStore) -> None:
    task, events = await submitted(store), Events()
    await store.apply(task.id, lifecycle.refuse(task, 2.0, "The picture is damaged."))
    assert await heard(store, events, task.token) == [
        Event("task_error", "The picture is damaged.", status=True)
    ]
    assert len(events) == 0


async def test_who_leaves_is_forgotten(store: SqliteStore) -> None:
    task, events = await submitted(store), Events()
    watching = watch(store, events, task.token)
    assert (await anext(watching))[1] == Event("task_queue", status=True)
    assert len(events) == 1
    await watching.aclose()
    assert len(events) == 0


async def test_each_event_comes_with_the_task(store: SqliteStore) -> None:
    task, events = await submitted(store), Events()
    watching = watch(store, events, task.token)
    assert (await anext(watching))[0] == task
    await watching.aclose()


@pytest.mark.parametrize("seed", range(20))
async def test_whenever_a_watcher_comes_it_hears_all_once_and_in_order(store: SqliteStore, seed: int) -> None:
    """A run that writes and tells, and ten watchers that come at any moment of it."""
    chance = random.Random(seed)
    task, events = await submitted(store), Events()

    async def run() -> None:
        now = task
        for status in PATH[1:-1]:
            now = await written(store, events, now, lifecycle.advance(now, status, 2.0))
            for number in range(chance.randrange(3)):
                events.publish(task.id, Event("task_output", f"{status} {number}"))
            for _ in range(chance.randrange(3)):
                await asyncio.sleep(0)
        await written(store, events, now, lifecycle.finish(now, 3.0, pexit="0"))

    async def come(after: int) -> list[Event]:
        for _ in range(after):
            await asyncio.sleep(0)
        return await heard(store, events, task.token)

    everything = asyncio.create_task(heard(store, events, task.token))
    await asyncio.sleep(0)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        watching = [group.create_task(come(chance.randrange(60))) for _ in range(10)]
        group.create_task(run())
    whole = await everything
    assert [event.type for event in whole if event.status] == [status.value for status in PATH]
    for each in watching:
        events_heard = each.result()
        statuses = [event.type for event in events_heard if event.status]
        assert statuses == [status.value for status in PATH[PATH.index(Status(statuses[0])) :]]
        if len(statuses) > 1:
            lines = [event.message for event in events_heard if not event.status]
            assert lines == [event.message for event in whole if not event.status]


async def test_a_task_that_returns_to_the_queue_is_followed_to_its_end(store: SqliteStore) -> None:
    task, events = await submitted(store), Events()
    listening = asyncio.create_task(heard(store, events, task.token))
    await asyncio.sleep(0.01)
    running = await written(store, events, task, lifecycle.advance(task, Status.START, 2.0))
    again = await written(store, events, running, lifecycle.give_back(running))
    running = await written(store, events, again, lifecycle.advance(again, Status.START, 3.0))
    await written(store, events, running, lifecycle.kill(4.0, "It was stopped."))
    types = [event.type for event in await listening]
    assert types.count("task_queue") == 2
    assert types.count("task_start") == 2
    assert types[-1] == "task_cancel"
