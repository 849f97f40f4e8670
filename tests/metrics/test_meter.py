import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.examples import claimed_by_an_engine, new_task, project
from understudy.catalogue.checked import Url
from understudy.errors import StoreUnavailable
from understudy.metrics.meter import METHODS, Meter
from understudy.metrics.stages import STAGES
from understudy.tasks import lifecycle
from understudy.tasks.lifecycle import Status
from understudy.tasks.records import Task
from understudy.tasks.store.sqlite.store import SqliteStore, open_sqlite
from understudy.tasks.store.store import Store

ENGINE = {"engine": {"name": "ovi"}}


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = await open_sqlite(tmp_path / "understudy.db")
    yield store
    await store.close()


@pytest.fixture
def meter() -> Meter:
    return Meter()


@pytest.fixture
def store(opened: SqliteStore, meter: Meter) -> Store:
    return meter.metered(opened)


async def submitted(store: Store, **fields: Any) -> Task:
    owner = await store.add_project(project())
    task, _ = await store.submit(new_task(owner.id, created=10.0, **fields))
    return task


async def claimed(store: Store, **fields: Any) -> Task:
    await submitted(store, **fields)
    return await claimed_by_an_engine(store, "acme/clip", 12.0)


def counted(meter: Meter) -> dict[tuple[str, str], tuple[int, float]]:
    """How many and how many seconds, by stage and engine."""
    return {(stage, engine): (each.count, each.sum) for (stage, engine), each in meter.stages.items()}


async def test_a_delivered_task_is_counted_with_all_its_stages(store: Store, meter: Meter) -> None:
    sources = {"image": (Url("http://example.org/a.png"),)}
    task: Task | None = await claimed(store, sources=sources)
    for status, at in (
        (Status.PREPROCESS_START, 13.0),
        (Status.PREPROCESS_END, 15.0),
        (Status.ASSIGN, 15.5),
        (Status.START, 18.5),
        (Status.END, 24.5),
        (Status.POSTPROCESS_START, 24.5),
    ):
        assert task is not None
        task = await store.apply(task.id, lifecycle.advance(task, status, at, **ENGINE))
    assert task is not None
    assert not meter.ended
    await store.apply(task.id, lifecycle.finish(task, 26.0, pexit="0"))
    assert meter.ended == {("acme/clip", "ovi", "succeeded"): 1}
    assert counted(meter) == {
        ("queue", "ovi"): (1, 2.0),
        ("preprocess", "ovi"): (1, 2.0),
        ("load", "ovi"): (1, 3.0),
        ("run", "ovi"): (1, 6.0),
        ("postprocess", "ovi"): (1, 1.5),
        ("total", "ovi"): (1, 16.0),
    }
    assert tuple(stage for stage, _ in counted(meter)) == STAGES


async def test_a_task_without_input_files_has_no_preprocessing(store: Store, meter: Meter) -> None:
    task = await claimed(store)
    begun = await store.apply(task.id, lifecycle.advance(task, Status.START, 13.0))
    assert begun is not None
    await store.apply(task.id, lifecycle.finish(begun, 14.0, pexit="0"))
    # All that lies on its way is reached with it, at the same time.
    assert begun.preprocess_ended == 13.0
    assert ("run", "none") in counted(meter)
    assert ("preprocess", "none") not in counted(meter)


async def test_one_that_failed_is_counted_and_tells_nothing_of_stages(store: Store, meter: Meter) -> None:
    task = await claimed(store)
    await store.apply(task.id, lifecycle.fail(task, 13.0, "No engine can play it."))
    assert meter.ended == {("acme/clip", "none", "failed"): 1}
    assert not meter.stages


async def test_one_that_failed_while_it_ran(store: Store, meter: Meter) -> None:
    task = await claimed(store)
    begun = await store.apply(task.id, lifecycle.advance(task, Status.START, 13.0, **ENGINE))
    assert begun is not None
    await store.apply(task.id, lifecycle.fail(begun, 14.0, "It broke."))
    assert meter.ended == {("acme/clip", "ovi", "failed"): 1}


async def test_who_loses_the_race_for_the_end_does_not_count_it(store: Store, meter: Meter) -> None:
    task = await claimed(store)
    assert await store.apply(task.id, lifecycle.kill(13.0)) is not None
    assert await store.apply(task.id, lifecycle.fail(task, 14.0, "It broke.")) is None
    assert meter.ended == {("acme/clip", "none", "cancelled"): 1}


async def test_every_call_is_measured_those_that_fail_too(store: Store, meter: Meter) -> None:
    task = await submitted(store)
    assert await store.task(task.id) == task
    await store.task(id=task.id + 1)
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.ping()
    calls = {name: calls.count for name, calls in meter.calls.items() if calls.count}
    assert calls == {"add_project": 1, "submit": 1, "task": 2, "close": 1, "ping": 1}
    assert all(calls.sum < 5.0 for calls in meter.calls.values())
    assert meter.calls["submit"].sum > 0


async def test_a_store_has_nothing_but_what_is_measured(opened: SqliteStore, store: Store) -> None:
    assert store.shared is opened.shared
    assert {name for name in vars(SqliteStore) if not name.startswith("_")} == {*METHODS, "shared"}
    assert all(asyncio.iscoroutinefunction(getattr(SqliteStore, name)) for name in METHODS)
