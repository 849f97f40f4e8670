"""Engines that are held or unloaded while several processes run tasks, from outside."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests import postgres
from tests.executors.processes import alive, until
from tests.server.caller import Caller
from tests.server.installation import installation
from understudy import data_folder
from understudy.assembly import assembled
from understudy.config import Settings
from understudy.tasks.operations import sampling
from understudy.tasks.operations.records import DecisionKind, ReplicaReport, Sample
from understudy.tasks.store.postgres.store import PostgresStore
from understudy.tasks.store.sqlite.store import open_sqlite
from understudy.testing.live import ENGINES

CONFIG = """
server.drain_seconds = 0
tasks.lease_seconds = 2
engine.trouble.replicas = 1
engine.trouble.replicas_min = 1
engine.trouble.persistent = true
"""
WAITED = 1.5
"""Seconds after which what was to be claimed would have been: processes look for tasks, and for decisions, once a second."""


@pytest.fixture
async def store() -> AsyncIterator[PostgresStore]:
    """Of a process that runs nothing."""
    url = await postgres.server().new_database()
    async with postgres.stores(1, url, pool=2) as (store,):
        yield store


async def test_all_processes_hold_and_unload_an_engine(tmp_path: Path, store: PostgresStore) -> None:
    with installation(tmp_path, store.url, config=CONFIG, answering=1) as several:
        at = several.caller("api1")
        first = await reported(store, lambda loaded: len(loaded) == 2)
        assert all(alive(each.pid) and each.memory > 5 << 20 for each in first)

        await decide(store, "hold", "drained")
        await until(lambda: not any(alive(each.pid) for each in first), within=5)
        await still_waits(at, waiting := at.run()[0])
        await decide(store, "hold", "")
        await ended(at, waiting)

        running = at.run("[say here][sleep 3]")[0]
        at.reached(running, "task_output")
        await decide(store, "hold", "paused")
        await asyncio.sleep(WAITED)
        await still_waits(at, waiting := at.run()[0])
        await ended(at, running)
        await still_waits(at, waiting)
        await decide(store, "hold", "")
        await ended(at, waiting)

        before = {each.pid for each in first}
        loaded = await reported(store, lambda loaded: any(each.pid not in before for each in loaded))
        await decide(store, "unload", "now")
        await until(lambda: not any(alive(each.pid) for each in loaded), within=5)
        await ended(at, at.run()[0])

        assert len(await store.operating.reports(0.0)) == 2
        several.processes["dispatcher1"].stop()
        assert len(await store.operating.reports(0.0)) == 1, "it is withdrawn"


async def test_a_server_that_is_alone_takes_samples_and_writes_no_reports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "SAMPLE_SECONDS", 0.2)
    settings = Settings(data=tmp_path, engines=ENGINES, cast={"*": ("instant",)})
    async with assembled(settings, tmp_path, "http://127.0.0.1:9"):
        await asyncio.sleep(1.0)
    store = await open_sqlite(tmp_path / data_folder.DATABASE)
    samples = await store.operating.samples(0.0)
    assert len(samples) >= 3
    assert samples[0] == Sample(at=samples[0].at)
    assert await store.operating.reports(0.0) == []
    await store.close()


async def decide(store: PostgresStore, kind: DecisionKind, value: str) -> None:
    """As an operator of whatever process does."""
    await store.operating.decide(kind, "trouble", value, "Ada", time.time())


async def reported(
    store: PostgresStore, accept: Callable[[list[ReplicaReport]], bool]
) -> list[ReplicaReport]:
    """The loaded replicas of all processes, once they are as they should be."""
    deadline = time.monotonic() + 30
    while True:
        reports = await store.operating.reports(0.0)
        loaded = [each for report in reports for each in report.replicas if each.pid]
        if accept(loaded):
            return loaded
        assert time.monotonic() < deadline, reports
        await asyncio.sleep(0.1)


async def still_waits(at: Caller, task: str) -> None:
    await asyncio.sleep(WAITED)
    assert at.task(task)["status"] == "task_queue"


async def ended(at: Caller, task: str) -> None:
    assert (await asyncio.to_thread(at.end_of, task))["pexit"] == "0"
