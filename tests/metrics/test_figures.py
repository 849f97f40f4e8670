import asyncio
import re
import time
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests import postgres
from tests.tasks.examples import claimed_by_an_engine, new_task, project
from tests.tasks.store.purchase_contract import PurchaseContract, end, intention
from understudy.engines.retirement import Ending
from understudy.errors import StoreUnavailable
from understudy.executors.card_memory import CardMemory, Memory
from understudy.executors.executor import ReplicaState
from understudy.metrics import figures as gathering
from understudy.metrics.figures import figures
from understudy.metrics.loop import LoopLag
from understudy.metrics.meter import Meter
from understudy.metrics.sight import Sight
from understudy.metrics.table import METRICS
from understudy.tasks import lifecycle
from understudy.tasks.lifecycle import Status
from understudy.tasks.store.postgres.store import open_postgres
from understudy.tasks.store.sqlite.store import SqliteStore, open_sqlite


class Cards(CardMemory):
    async def read(self) -> dict[str, Memory]:
        return {"0": Memory(used=3, total=8)}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = await open_sqlite(tmp_path / "understudy.db")
    yield store
    await store.close()


def sight(store: Any, meter: Meter | None = None, **more: Any) -> Sight:
    given = {
        "store": store,
        "meter": meter or Meter(),
        "loop": LoopLag(),
        "owner": "me",
        "clock": lambda: 100.0,
    }
    return Sight(**(given | more))


def samples(text: bytes) -> dict[str, float]:
    """What Understudy tells, by name and labels as they are written."""
    found = re.findall(r"^(understudy_\S+?(?:\{.*\})?) (\S+)$", text.decode(), re.MULTILINE)
    return {name: float(value) for name, value in found}


def of(name: str, text: bytes) -> dict[str, float]:
    """The samples of one metric, without its name."""
    return {
        key.removeprefix(name): value
        for key, value in samples(text).items()
        if re.split("[{ ]", key)[0] == name
    }


async def test_what_the_store_knows(store: SqliteStore) -> None:
    contract = PurchaseContract()
    for engine in ("ended", "open"):
        task = await contract.running(store)
        purchase = await store.begin_purchase(
            intention(task, engine=engine), (task.lease_owner, task.attempts)
        )
        assert purchase is not None
        if engine == "ended":
            await store.settle_purchase(end(purchase, "delivered", "1.2"))
    owner = await store.add_project(project())
    for created in (70.0, 90.0):
        await store.submit(new_task(owner.id, model="acme/other", created=created))
    text = await figures(sight(store, models=("acme/clip", "acme/other")))
    tasks = of("understudy_tasks", text)
    assert len(tasks) == len(Status)
    assert (tasks['{status="task_queue"}'], tasks['{status="task_start"}'], sum(tasks.values())) == (2, 2, 4)
    assert of("understudy_queue_depth", text) == {'{model="acme/clip"}': 0, '{model="acme/other"}': 2}
    assert of("understudy_queue_age_seconds", text) == {'{model="acme/clip"}': 0, '{model="acme/other"}': 30}
    assert of("understudy_purchases_total", text) == {'{engine="ended",outcome="delivered"}': 1}
    assert of("understudy_purchases_open", text) == {'{engine="open"}': 1}
    assert of("understudy_webhooks_waiting", text) == {"": 0}
    assert of("understudy_webhook_lag_seconds", text) == {"": 0}
    assert not of("understudy_leader", text)


async def test_how_late_webhooks_are(store: SqliteStore) -> None:
    owner = await store.add_project(project())
    for at in (60.0, 80.0):
        await store.submit(new_task(owner.id, callback_url="http://example.org/hook"))
        task = await claimed_by_an_engine(store, "acme/clip", at)
        await store.apply(task.id, lifecycle.fail(task, at, "It broke."))
    text = await figures(sight(store))
    assert of("understudy_webhooks_waiting", text) == {"": 2}
    assert of("understudy_webhook_lag_seconds", text) == {"": 40}


async def test_what_a_process_knows_of_itself(store: SqliteStore) -> None:
    meter = Meter()
    metered = meter.metered(store)
    owner = await metered.add_project(project())
    await metered.submit(new_task(owner.id))
    task = await claimed_by_an_engine(metered, "acme/clip", 12.0)
    begun = await metered.apply(task.id, lifecycle.advance(task, Status.START, 13.0, engine={"name": "ovi"}))
    assert begun is not None
    await metered.apply(begun.id, lifecycle.finish(begun, 15.0, pexit="0"))
    retired = Ending(what="model", name='a "quoted" name', ends=date(2026, 1, 31), days=-3)
    replicas = [ReplicaState(engine="ovi", pid=n, state="busy") for n in (1, 2)]
    text = await figures(
        sight(
            metered,
            meter,
            endings=lambda: [retired],
            limited=lambda: {7: 3},
            running=lambda: {"ovi": 2, "animatic": 0, "": 1},
            replicas=lambda: replicas,
            cards=Cards(),
            news=lambda: 0.5,
        )
    )
    assert of("understudy_running", text) == {
        '{engine="animatic"}': 0,
        '{engine="none"}': 1,
        '{engine="ovi"}': 2,
    }
    states = of("understudy_replicas", text)
    assert (states['{engine="ovi",state="busy"}'], states['{engine="ovi",state="idle"}'], len(states)) == (
        2,
        0,
        6,
    )
    ended = of("understudy_tasks_ended_total", text)
    assert ended == {'{engine="ovi",model="acme/clip",status="succeeded"}': 1}
    assert of("understudy_gpu_memory_bytes", text) == {
        '{card="0",kind="total"}': 8,
        '{card="0",kind="used"}': 3,
    }
    assert of("understudy_rate_limited_total", text) == {'{project="7"}': 3}
    assert of("understudy_bus_lag_seconds", text) == {"": 0.5}
    assert of("understudy_days_until_end", text) == {'{kind="model",name="a \\"quoted\\" name"}': -3}
    run = {key: value for key, value in samples(text).items() if 'stage="run"' in key}
    assert run['understudy_stage_seconds_sum{engine="ovi",stage="run"}'] == 2
    assert run['understudy_stage_seconds_bucket{engine="ovi",le="1",stage="run"}'] == 0
    assert run['understudy_stage_seconds_bucket{engine="ovi",le="2.5",stage="run"}'] == 1
    assert samples(text)['understudy_store_seconds_count{method="apply"}'] == 2
    assert not [key for key in samples(text) if 'method="ledger"' in key]
    assert b"process_resident_memory_bytes" in text


async def test_every_metric_of_the_table_is_told_and_no_other(store: SqliteStore) -> None:
    text = await everything(store)
    told = {
        family.name: (family.type, {name for each in family.samples for name in each.labels} - {"le"})
        for family in text_string_to_metric_families(text.decode())
        if family.name.startswith("understudy_")
    }
    missing = {"understudy_leader"}  # of a store for several processes, below
    assert told == {
        metric.name.removesuffix("_total"): (metric.kind, set(metric.labels))
        for metric in METRICS
        if metric.name not in missing
    }


async def everything(store: SqliteStore) -> bytes:
    """A scrape in which no metric is without a sample."""
    contract, meter = PurchaseContract(), Meter()
    for outcome in ("delivered", ""):
        task = await contract.running(store)
        purchase = await store.begin_purchase(intention(task), (task.lease_owner, task.attempts))
        assert purchase is not None
        if outcome:
            await store.settle_purchase(end(purchase))
    await meter.metered(store).ping()
    delivered = msgspec.structs.replace(
        task, status="task_postprocess_end", pexit="0", created=1.0, postprocess_ended=3.0
    )
    meter.task_ended(delivered)
    return await figures(
        sight(
            store,
            meter,
            models=("acme/clip",),
            endings=lambda: [Ending(what="model", name="a", ends=date(2026, 1, 31), days=3)],
            limited=lambda: {7: 3},
            running=lambda: {"ovi": 2},
            replicas=lambda: [ReplicaState(engine="ovi", pid=1, state="busy")],
            cards=Cards(),
            news=lambda: 0.5,
        )
    )


async def test_while_the_store_is_away_a_process_tells_of_itself(store: SqliteStore) -> None:
    class Away:
        shared = False

        def __getattr__(self, name: str) -> Any:
            async def refuse(*_: object) -> None:
                raise StoreUnavailable("The server cannot read its database now.")

            return refuse

    text = await figures(sight(Away(), running=lambda: {"ovi": 1}))
    assert text.startswith(b"# The store does not answer")
    assert of("understudy_running", text) == {'{engine="ovi"}': 1}
    assert of("understudy_loop_lag_seconds", text) == {"": 0}
    assert not of("understudy_tasks", text)
    assert list(text_string_to_metric_families(text.decode()))


async def test_a_store_that_does_not_answer_is_not_waited_for(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never() -> dict[str, int]:
        await asyncio.sleep(60)
        return {}

    monkeypatch.setattr(gathering, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(store, "depth", never)
    began = time.monotonic()
    text = await figures(sight(store))
    assert time.monotonic() - began < 5
    assert text.startswith(b"# The store does not answer")


async def test_who_leads_among_several_processes() -> None:
    store = await open_postgres(await postgres.server().new_database())
    try:
        now = time.time()
        assert await store.lead("aftercare", "me", at=now, until=now + 60)
        assert await store.lead("housekeeping", "another", at=now, until=now + 60)
        assert await store.lead("process me", "me", at=now, until=now + 60)
        mine = await figures(sight(store, clock=time.time))
        theirs = await figures(sight(store, clock=time.time, owner="another"))
    finally:
        await store.close()
    assert of("understudy_leader", mine) == {'{what="aftercare"}': 1, '{what="housekeeping"}': 0}
    assert of("understudy_leader", theirs) == {'{what="aftercare"}': 0, '{what="housekeeping"}': 1}
    assert len(of("understudy_tasks", mine)) == len(Status)
