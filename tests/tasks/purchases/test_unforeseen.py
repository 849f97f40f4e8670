"""What nobody foresaw: adapters with mistakes, engines that are gone, ends that are written while a caller stops the task."""

import asyncio
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.house import house
from tests.tasks.purchases.puppet import PRICE, Puppet, after, answer, asked, booth, hang, task_of
from tests.tasks.purchases.shop import end_of, order, reached, settled
from understudy.engines.partner import Standing
from understudy.errors import (
    EngineUnavailable,
)
from understudy.testing.partners.clock import VirtualClock

MISTAKE = AttributeError("a mistake in an adapter")
RUNNING = Standing(state="running")


@pytest.mark.parametrize("step", ["check", "fetch"])
async def test_a_mistake_after_buying_is_not_called_free(tmp_path: Path, step: str) -> None:
    puppet = Puppet(**{step: [MISTAKE]})
    async with booth(tmp_path, puppet) as house:
        over = await end_of(house, task := await order(house))
        assert over.pexit == "1"
        assert (
            over.reason
            == "The server made a mistake; its log has the details. Nothing is charged to the project."
        )
        purchase = await settled(house, task)
        assert (purchase.outcome, purchase.charged) == ("abandoned", PRICE)


async def test_a_mistake_while_buying_is_unclear(tmp_path: Path) -> None:
    puppet = Puppet(answer=[MISTAKE])
    puppet.listed = True
    async with booth(tmp_path, puppet) as house:
        over = await end_of(house, await order(house))
    assert (over.pexit, puppet.paid) == ("0", 1)


@pytest.mark.parametrize("step", ["check", "fetch"])
@pytest.mark.parametrize("cast", [("puppet", "instant"), ("puppet",)])
async def test_nobody_stands_in_for_what_is_bought(tmp_path: Path, step: str, cast: tuple[str, ...]) -> None:
    puppet = Puppet(**{step: [EngineUnavailable("The key was taken away.")]})
    async with booth(tmp_path, puppet, cast=cast) as house:
        over = await end_of(house, task := await order(house))
        assert (over.pexit, over.reason) == ("1", "The key was taken away.")
        assert (await settled(house, task)).outcome == "abandoned"


async def test_aftercare_gives_up_a_job_that_it_can_never_ask_about(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = VirtualClock()
    puppet = Puppet(check=[MISTAKE], cancel=[MISTAKE] * 1000)
    async with booth(tmp_path, puppet, clock=clock) as house:
        await end_of(house, task := await order(house))
        await asked(puppet, "cancel")
        clock.advance(25 * 3600)
        house.crew.counter.over.set()
        purchase = await settled(house, task)
        assert (purchase.outcome, purchase.charged) == ("lost", PRICE)
    caplog.clear()


async def test_aftercare_outlives_a_storage_with_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with booth(tmp_path, Puppet()) as house:
        delete, fail = house.storage.delete, [True]

        async def failing(keys: Any) -> None:
            if fail:
                fail.pop()
                raise RuntimeError("a mistake in a storage")
            await delete(keys)

        monkeypatch.setattr(house.storage, "delete", failing)
        await end_of(house, await order(house))
        async with asyncio.timeout(10):
            while fail or await house.store.leftovers():
                house.crew.counter.over.set()
                await asyncio.sleep(0.005)
    caplog.clear()


async def test_an_engine_that_is_gone_before_it_answered(tmp_path: Path) -> None:
    puppet = Puppet(submit=[hang])
    async with booth(tmp_path / "house", puppet) as here:
        task = await order(here)
        await asked(puppet, "submit")
        here.crashed = True
    async with house(tmp_path / "house", engine="instant") as here:
        over = await end_of(here, task)
        assert over.pexit == "1"
        assert "had taken" not in over.reason
        purchase = await settled(here, task)
        assert (purchase.outcome, purchase.charged) == ("unknown", None)


async def test_what_one_engine_took_no_other_of_its_name_plays(tmp_path: Path) -> None:
    async with booth(tmp_path / "house", Puppet(check=[hang])) as here:
        task = await order(here)
        await reached(here, task, "submitted")
    options: dict[str, dict[str, object]] = {"puppet": {"kind": "instant"}}
    async with house(tmp_path / "house", casting={"*": ("puppet",)}, all_options=options) as here:
        over = await end_of(here, task)
        assert over.pexit == "1"
        assert "is not set up here any more" in over.reason
        assert (await settled(here, task)).outcome == "lost"


async def test_what_a_partner_said_it_charged_outlives_a_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    puppet = Puppet(check=[answer(Standing(state="done", cost=Decimal("0.25")))])
    async with booth(tmp_path, puppet) as here:
        crash = asyncio.Event()

        async def stuck(*given: Any) -> Any:
            crash.set()
            await hang()

        monkeypatch.setattr(here.crew.postprocess, "process", stuck)
        task = await order(here)
        await crash.wait()
        here.crashed = True
    monkeypatch.undo()
    async with booth(tmp_path, puppet) as here:
        assert (await end_of(here, task)).pexit == "0"
        assert (await settled(here, task)).charged == Decimal("0.25")


async def test_no_address_is_kept_for_a_job_that_is_over(tmp_path: Path) -> None:
    puppet = Puppet(check=[answer(RUNNING)])
    async with booth(tmp_path, puppet) as here:
        task = await order(here)
        await end_of(here, task)
        (purchase,) = await here.store.purchases(task=task.id)
        assert not here.crew.counter.called(purchase.hook)


@pytest.mark.parametrize("first", ["kill", "end"])
@pytest.mark.parametrize(
    ("charged", "said"), [(False, "which charges nothing for it"), (None, "may charge the operator for it")]
)
async def test_a_kill_during_the_last_write_of_a_purchase_tells_what_came_of_it(
    tmp_path: Path, first: str, charged: bool | None, said: str
) -> None:
    gate, writing = asyncio.Event(), threading.Event()
    filtered = Standing(state="failed", fault="content", reason="Refused.", charged=charged)
    puppet = Puppet(check=[after(gate, filtered)])
    async with booth(tmp_path, puppet) as here:
        task = await order(here)
        await asked(puppet, "check")
        # What is written from now on waits in line, in the order in which it was asked for.
        blocked = asyncio.create_task(here.store._writer.run(lambda _: writing.wait()))
        await asyncio.sleep(0)
        if first == "end":
            gate.set()
            await asyncio.sleep(0.05)
        killing = asyncio.create_task(here.desk.kill(here.project, id=str(task.id)))
        await asyncio.sleep(0.05)
        gate.set()
        await asyncio.sleep(0.05)
        writing.set()
        await blocked
        await killing
        purchase = await settled(here, task)
        assert purchase.outcome == "declined"
        assert said in (await task_of(here, task)).reason
