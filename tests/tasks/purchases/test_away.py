"""A store, a storage or a partner that is away for a while costs nobody a clip."""

import asyncio
import shutil
import threading
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.tasks.purchases.puppet import Puppet, after, asked, booth, hang, task_of
from tests.tasks.purchases.shop import end_of, order, settled
from understudy.errors import (
    PartnerAway,
    StorageFailed,
    StoreUnavailable,
    Unclear,
)
from understudy.testing.partners.clock import VirtualClock


async def test_a_store_that_is_away_when_the_partner_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("understudy.tasks.purchases.counter._STORE_RETRY_SECONDS", (0.01, 0.02))
    monkeypatch.setattr("understudy.tasks.held_task._STORE_RETRY_SECONDS", (0.01,))
    puppet, away = Puppet(), [True]
    async with booth(tmp_path, puppet, lease_seconds=0.6) as here:
        run = here.store._writer.run

        async def writing(*given: Any) -> Any:
            if away and puppet.paid:
                raise StoreUnavailable("The disk is full.")
            return await run(*given)

        monkeypatch.setattr(here.store._writer, "run", writing)
        task = await order(here)
        await asked(puppet, "answer")
        await asyncio.sleep(0.5)
        away.clear()
        over = await end_of(here, task)
        assert (over.pexit, over.reason) == ("0", "")
        purchase = await settled(here, task)
        assert (purchase.outcome, purchase.remote_id) == ("delivered", "job-1")
    assert puppet.paid == 1
    caplog.clear()


class _Clock(VirtualClock):
    """Time that passes as it does."""

    def __call__(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def test_a_request_ends_in_time_by_what_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who takes the task over waits as long as the request may be on its way, by when the store has it placed."""
    monkeypatch.setattr("understudy.tasks.purchases.counter.SUBMIT_SECONDS", 1.2)
    monkeypatch.setattr("understudy.tasks.purchases.counter.LOOK_UP_PAUSES", (0.0,))
    monkeypatch.setattr("understudy.tasks.purchases.counter._STORE_RETRY_SECONDS", (0.8,))
    given_up: list[float] = []

    async def looked() -> None:
        given_up.append(time.time())

    puppet = Puppet(submit=[hang], look_up=[looked])
    async with booth(tmp_path, puppet, clock=_Clock()) as here:
        begin, away = here.store.begin_purchase, [True]

        async def beginning(*given: Any) -> Any:
            if away:
                away.clear()
                raise StoreUnavailable("away")
            purchase = await begin(*given)
            await asyncio.sleep(0.5)  # the answer takes its time
            return purchase

        monkeypatch.setattr(here.store, "begin_purchase", beginning)
        began = time.time()
        purchase = await settled(here, await order(here))
    assert purchase.placed - began > 0.7
    assert given_up[0] - purchase.placed < 1.5


async def test_who_stood_still_does_not_end_what_another_has_placed_again(tmp_path: Path) -> None:
    """The partner refused, which is stored; then the store was away, and another process went on with the purchase."""
    gate = asyncio.Event()
    puppet = Puppet(submit=[after(gate)])
    async with booth(tmp_path, puppet) as here:
        task = await order(here)
        await asked(puppet, "submit")
        (known,) = await here.store.purchases(task=task.id)
        await here.store.step_purchase(known.id, ("intended",), placed=0.0)
        now = await task_of(here, task)
        again = replace(known, placed=known.placed + 20)
        assert await here.store.begin_purchase(again, (now.lease_owner, now.attempts))
        assert await here.crew.counter.settle(known, "refused", Decimal(0), "busy") == again
        gate.set()
        assert (await settled(here, task)).outcome == "delivered"


async def test_a_task_that_was_left_is_taken_up_although_others_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("understudy.tasks.held_task._STORE_RETRY_SECONDS", (0.01,))
    gate, away = asyncio.Event(), [True]
    puppet = Puppet(check=[after(gate), hang])
    async with booth(tmp_path, puppet, lease_seconds=0.6) as here:
        run = here.store._writer.run

        async def writing(operation: Any, *then: Any) -> Any:
            if away and "apply" in operation.__qualname__:
                raise StoreUnavailable("The disk is full.")
            return await run(operation, *then)

        task = await order(here)
        await asked(puppet, "check")
        other = await order(here)
        await asked(puppet, "check", 2)
        while (await task_of(here, other)).status != "task_start":
            await asyncio.sleep(0.002)
        monkeypatch.setattr(here.store._writer, "run", writing)
        gate.set()
        async with asyncio.timeout(10):
            while here.dispatcher.running == 2:
                await asyncio.sleep(0.01)
        away.clear()
        over = await end_of(here, task)
        assert over.pexit == "0"
        assert (await task_of(here, other)).pexit == ""
    assert puppet.paid == 2
    caplog.clear()


async def test_a_storage_that_is_away_for_a_while_does_not_cost_the_clip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    puppet, clock = Puppet(), VirtualClock()
    async with booth(tmp_path, puppet, clock=clock) as here:
        put, back = here.storage.put, clock() + 30

        async def putting(key: str, source: Path) -> None:
            if clock() < back:
                raise StorageFailed("The disk is full.")
            await put(key, source)

        monkeypatch.setattr(here.storage, "put", putting)
        over = await end_of(here, task := await order(here))
        assert (over.pexit, over.reason) == ("0", "")
        assert (await settled(here, task)).outcome == "delivered"
    assert puppet.paid == 1


async def test_a_partner_that_is_away_for_minutes_is_asked_until_it_can_tell(tmp_path: Path) -> None:
    puppet = Puppet(answer=[Unclear("The connection broke.")], look_up=[PartnerAway("No connection.")] * 6)
    puppet.listed = True
    async with booth(tmp_path, puppet) as here:
        over = await end_of(here, task := await order(here))
        assert (over.pexit, over.reason) == ("0", "")
        assert (await settled(here, task)).outcome == "delivered"


async def test_a_partner_that_stays_away_is_not_asked_for_ever(tmp_path: Path) -> None:
    puppet = Puppet(answer=[Unclear("The connection broke.")], look_up=[PartnerAway("No connection.")] * 1000)
    async with booth(tmp_path, puppet) as here:
        over = await end_of(here, task := await order(here))
        assert over.pexit == "1"
        assert (await settled(here, task)).outcome == "unknown"
    assert puppet.asked.count("look_up") < 50


async def test_a_task_that_runs_again_before_its_first_run_is_tidied_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tidying, rmtree = threading.Event(), shutil.rmtree

    def slowly(path: Path, **given: Any) -> None:
        if path.name.startswith("1-1"):
            tidying.wait(10)
        rmtree(path, **given)

    monkeypatch.setattr("understudy.tasks.runner.shutil.rmtree", slowly)
    puppet = Puppet(fetch=[StorageFailed("The disk is full."), hang])
    async with booth(tmp_path, puppet) as here:
        task = await order(here)
        while (await task_of(here, task)).status != "task_queue" or not puppet.asked.count("fetch"):
            await asyncio.sleep(0.002)
        here.dispatcher.wake()
        await asked(puppet, "fetch", 2)
        tidying.set()
        await asyncio.sleep(0.1)
        assert here.dispatcher.running == 1
        await here.desk.kill(here.project, id=str(task.id))
        async with asyncio.timeout(5):
            while here.dispatcher.running:
                await asyncio.sleep(0.002)
