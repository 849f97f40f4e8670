"""What nobody foresaw: adapters with mistakes, a store or a storage that is away, engines that are gone, servers that stop."""

import asyncio
import logging
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.house import House, house
from tests.tasks.purchases.puppet import PRICE, Puppet, after, answer, booth, hang
from tests.tasks.purchases.shop import end_of, order, reached, settled
from understudy.engines.partner import Standing
from understudy.errors import (
    EngineUnavailable,
    NotAccepted,
    PartnerAway,
    StorageFailed,
    StoreUnavailable,
    Unclear,
)
from understudy.tasks.records import Purchase, Task
from understudy.testing.partners.clock import VirtualClock

MISTAKE = AttributeError("a mistake in an adapter")
RUNNING = Standing(state="running")


async def task_of(house: House, task: Task) -> Task:
    return await house.desk.find(house.project, id=str(task.id))


async def asked(puppet: Puppet, step: str, times: int = 1) -> None:
    async with asyncio.timeout(20):
        while puppet.asked.count(step) < times:
            await asyncio.sleep(0.002)


# adapters with mistakes


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


# engines that are gone


async def test_an_engine_that_is_gone_before_it_answered(tmp_path: Path) -> None:
    async with booth(tmp_path / "house", Puppet(submit=[hang])) as here:
        task = await order(here)
        await reached(here, task, "intended")
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


# restarts


async def test_every_engine_that_was_tried_is_in_the_answer_after_a_restart(tmp_path: Path) -> None:
    cast = ("openai_videos", "puppet")
    more: dict[str, Any] = {
        "more_engines": ("tests.tasks.purchases.puppet:engine", "understudy.engines.openai_videos:engine"),
        "casting": {"*": cast},
        "clock": VirtualClock(),
    }
    puppet = Puppet(check=[hang])
    given: dict[str, dict[str, object]] = {"puppet": {"puppet": puppet}}
    async with house(tmp_path / "house", all_options=given, **more) as here:
        task = await order(here)
        await reached(here, task, "submitted")
        before = await task_of(here, task)
    async with house(tmp_path / "house", all_options=given, **more) as here:
        over = await end_of(here, task)
    assert before.engine is not None
    assert over.engine is not None
    assert [each["engine"] for each in before.engine["tried"]] == ["openai_videos"]
    assert (over.pexit, over.engine["tried"]) == ("0", before.engine["tried"])


@pytest.mark.parametrize("how", ["restart", "crash"])
async def test_what_a_busy_partner_has_refused_is_asked_for_again_after_a_restart(
    tmp_path: Path, how: str
) -> None:
    puppet = Puppet(submit=[NotAccepted("Too many requests.", busy=True, retry_after=0.5)])
    terms = {"busy_seconds": 600}
    async with booth(tmp_path, puppet, terms=terms) as here:
        wait = here.crew.counter.sleep

        async def endless(seconds: float) -> None:
            await hang()

        here.crew.counter.sleep = endless
        task = await order(here)
        await asked(puppet, "submit")
        await asyncio.sleep(0.05)
        here.crew.counter.sleep = wait
        here.crashed = how == "crash"
    async with booth(tmp_path, puppet, terms=terms) as here:
        over = await end_of(here, task)
        assert (over.pexit, over.reason) == ("0", "")
        assert (await settled(here, task)).outcome == "delivered"
    assert puppet.paid == 1


async def test_a_kill_while_a_busy_partner_is_waited_for(tmp_path: Path) -> None:
    puppet = Puppet(submit=[NotAccepted("Too many requests.", busy=True)])
    async with booth(tmp_path, puppet) as here:
        wait = here.crew.counter.sleep

        async def endless(seconds: float) -> None:
            await hang()

        here.crew.counter.sleep = endless
        task = await order(here)
        await asked(puppet, "submit")
        await asyncio.sleep(0.05)
        here.crew.counter.sleep = wait
        await here.desk.kill(here.project, id=str(task.id))
        purchase = await settled(here, task)
        assert (purchase.outcome, purchase.charged) == ("refused", Decimal(0))
        assert (await task_of(here, task)).reason.endswith("had not taken the job. Nothing was charged.")


async def test_a_server_that_stops_hears_the_answer_first(tmp_path: Path) -> None:
    answered = asyncio.Event()
    puppet = Puppet(answer=[after(answered)])
    async with booth(tmp_path, puppet) as here:
        task = await order(here)
        await asked(puppet, "answer")
        asyncio.get_running_loop().call_later(0.3, answered.set)
    puppet.does.clear()
    async with booth(tmp_path, puppet) as here:
        over = await end_of(here, task)
        assert (over.pexit, over.reason) == ("0", "")
    assert puppet.paid == 1


@pytest.mark.parametrize("step", ["prepare", "submit", "answer", "look_up", "check", "fetch"])
async def test_a_server_stops_soon_whatever_its_partner_does(
    tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("understudy.tasks.purchases.counter.LAST_WORD_SECONDS", 0.5, raising=False)
    deeds: dict[str, Any] = {step: [hang]}
    if step == "look_up":
        deeds["answer"] = [Unclear("The connection broke.")]
    puppet = Puppet(**deeds)
    async with booth(tmp_path, puppet) as here:
        await order(here)
        await asked(puppet, step)
        began = time.monotonic()
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("step", ["look_up", "cancel", "check", "delete"])
async def test_a_server_stops_soon_while_it_looks_after_a_job(tmp_path: Path, step: str) -> None:
    gate = asyncio.Event()
    puppet = Puppet(check=[after(gate)], **({} if step == "check" else {step: [hang]}))
    if step == "look_up":
        puppet.does["answer"] = [after(gate), Unclear("The connection broke.")]
    async with booth(tmp_path, puppet) as here:
        task = await order(here)
        await asked(puppet, "answer" if step == "look_up" else "check")
        await here.desk.kill(here.project, id=str(task.id))
        if step == "look_up":
            puppet.does["answer"].clear()
        gate.set()
        if step != "look_up":
            await asked(puppet, step, 2 if step == "check" else 1)
        began = time.monotonic()
    assert time.monotonic() - began < 2


# a store or a storage that is away


async def test_a_store_that_is_away_when_the_partner_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("understudy.tasks.purchases.counter._STORE_RETRY_SECONDS", (0.01, 0.02))
    monkeypatch.setattr("understudy.tasks.runner._STORE_RETRY_SECONDS", (0.01,))
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


async def test_a_task_that_was_left_is_taken_up_although_others_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("understudy.tasks.runner._STORE_RETRY_SECONDS", (0.01,))
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
    puppet, failures = Puppet(), 5
    async with booth(tmp_path, puppet) as here:
        put = here.storage.put

        async def putting(key: str, source: Path) -> None:
            nonlocal failures
            if failures:
                failures -= 1
                raise StorageFailed("The disk is full.")
            await put(key, source)

        monkeypatch.setattr(here.storage, "put", putting)
        began = here.crew.counter.clock()
        over = await end_of(here, task := await order(here))
        assert (over.pexit, over.reason) == ("0", "")
        assert here.crew.counter.clock() - began > 5
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


# money and memory


async def test_what_a_partner_said_it_charged_outlives_a_crash(tmp_path: Path) -> None:
    puppet = Puppet(check=[answer(Standing(state="done", cost=Decimal("0.25")))])
    async with booth(tmp_path, puppet) as here:
        crash = asyncio.Event()

        async def stuck(*given: Any) -> Any:
            crash.set()
            await hang()

        here.crew.postprocess.process = stuck  # type: ignore[method-assign]
        task = await order(here)
        await crash.wait()
        here.crashed = True
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


@pytest.mark.parametrize("charged", [False, None])
async def test_a_kill_during_the_last_write_of_a_purchase_tells_what_came_of_it(
    tmp_path: Path, charged: bool | None
) -> None:
    filtered = Standing(state="failed", fault="content", reason="Refused.", charged=charged)
    async with booth(tmp_path, Puppet(check=[answer(filtered)])) as here:
        settle = here.store.settle_purchase
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def slowly(*given: Any) -> Purchase | None:
            begun.set()
            await go_on.wait()
            return await settle(*given)

        here.store.settle_purchase = slowly  # type: ignore[method-assign]
        task = await order(here)
        await begun.wait()
        await here.desk.kill(here.project, id=str(task.id))
        go_on.set()
        await settled(here, task)
        over = await task_of(here, task)
        said = "which charges nothing for it" if charged is False else "may charge the operator for it"
        assert said in over.reason


# two processes


async def test_another_process_takes_over_while_the_request_is_on_its_way(tmp_path: Path) -> None:
    arrived, clock = asyncio.Event(), VirtualClock()
    puppet = Puppet(answer=[after(arrived)])
    puppet.listed = True
    log = logging.getLogger("understudy")
    assert log
    async with (
        booth(tmp_path, puppet, clock=clock, sole=False, lease_seconds=0.6) as first,
    ):
        task = await order(first)
        await asked(puppet, "answer")
        # It falls silent: nothing is renewed any more.
        first.dispatcher._loops[1].cancel()
        await asyncio.sleep(0.7)
        puppet.does["check"] = [hang] * 2
        async with booth(tmp_path, puppet, clock=clock, sole=False, lease_seconds=0.6) as second:
            await asked(puppet, "check")
            arrived.set()
            await asyncio.sleep(0.3)
            (purchase,) = await second.store.purchases(task=task.id)
            assert (purchase.state, purchase.outcome) == ("submitted", "")
        first.crashed = True
    puppet.does.clear()
    async with booth(tmp_path, puppet, clock=clock) as third:
        assert (await end_of(third, task)).pexit == "0"
        assert (await settled(third, task)).outcome == "delivered"
    assert puppet.paid == 1
