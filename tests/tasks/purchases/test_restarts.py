"""Another run goes on with what an earlier one began, in this process or in another; and a server stops soon."""

import asyncio
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.house import house
from tests.tasks.purchases.puppet import Puppet, after, asked, booth, hang, task_of
from tests.tasks.purchases.shop import end_of, order, reached, settled
from understudy.errors import (
    NotAccepted,
    Unclear,
)
from understudy.tasks import lifecycle
from understudy.tasks.records import Purchase, Room, RunningLimits
from understudy.testing.partners.clock import VirtualClock

INTENTION = Purchase(id=0, task=1, project=1, engine="puppet", key="a key", hook="a hook", placed=1.0)


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


async def test_another_run_hears_the_answer_that_an_earlier_one_waited_for(tmp_path: Path) -> None:
    answered = asyncio.Event()
    puppet = Puppet(answer=[after(answered)])
    async with booth(tmp_path, puppet) as here:
        task = await order(here)
        await asked(puppet, "answer")
        here.dispatcher._runs[task.id].task.cancel()
        while here.dispatcher.running:
            await asyncio.sleep(0.002)
        await here.store.apply(task.id, lifecycle.give_back(await task_of(here, task)))
        here.dispatcher.wake()
        await asked(puppet, "prepare", 2)
        await asyncio.sleep(0.05)
        answered.set()
        over = await end_of(here, task)
        assert (over.pexit, over.reason) == ("0", "")
    assert puppet.paid == 1


async def test_two_runs_of_a_task_never_place_it_both(tmp_path: Path) -> None:
    async with booth(tmp_path, Puppet(), started=False) as here:
        task = await order(here)
        for owner in ("first", "second"):
            room = Room(models=(task.model,), places=1)
            (claimed,) = await here.store.claim(owner, [room], RunningLimits(), at=1.0, until=2.0)
            held = (owner, claimed.attempts)
            if owner == "first":
                placed = await here.store.begin_purchase(INTENTION, held)
                assert placed is not None
                assert await here.store.begin_purchase(placed, held) is None, "it is on its way"
                await here.crew.counter.held_back(placed)
                await here.store.apply(task.id, lifecycle.give_back(claimed))
                assert await here.store.begin_purchase(placed, held) is None, "it is held by nobody"
            else:
                assert await here.store.begin_purchase(placed, ("first", 1)) is None
                assert await here.store.begin_purchase(placed, held) == placed
                assert await here.store.begin_purchase(placed, held) is None


async def test_another_process_takes_over_while_the_request_is_on_its_way(tmp_path: Path) -> None:
    arrived, clock = asyncio.Event(), VirtualClock()
    puppet = Puppet(answer=[after(arrived)])
    puppet.listed = True
    second_folder = tmp_path / "second"
    second_folder.mkdir()
    for shared in ("tasks.db", "files"):
        (second_folder / shared).symlink_to(tmp_path / "first" / shared)
    async with booth(tmp_path / "first", puppet, clock=clock, sole=False, lease_seconds=0.6) as first:
        task = await order(first)
        await asked(puppet, "answer")
        # It falls silent: nothing is renewed any more.
        first.dispatcher._loops[1].cancel()
        await asyncio.sleep(0.7)
        puppet.does["check"] = [hang] * 2
        async with booth(second_folder, puppet, clock=clock, sole=False, lease_seconds=0.6) as second:
            await asked(puppet, "check")
            arrived.set()
            await asyncio.sleep(0.3)
            (purchase,) = await second.store.purchases(task=task.id)
            assert (purchase.state, purchase.outcome) == ("submitted", "")
        first.crashed = True
    puppet.does.clear()
    async with booth(tmp_path / "first", puppet, clock=clock) as third:
        assert (await end_of(third, task)).pexit == "0"
        assert (await settled(third, task)).outcome == "delivered"
    assert puppet.paid == 1
