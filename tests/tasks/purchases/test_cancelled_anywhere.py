"""A run is broken off at every point at which it waits, one after the other: the money is accounted for each time."""

import asyncio
import types
from collections.abc import Callable, Coroutine, Generator
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.house import House
from tests.tasks.purchases.puppet import PRICE, Puppet, booth
from tests.tasks.purchases.shop import end_of, order, settled
from understudy.errors import NotAccepted
from understudy.tasks import lifecycle
from understudy.tasks.purchases.buying import Buyer
from understudy.tasks.records import Task

MOST = 200


@pytest.mark.parametrize("listed", [True, False], ids=["listed", "not listed"])
@pytest.mark.parametrize("then", ["kill", "another run"])
@pytest.mark.parametrize("busy", [False, True], ids=["taken", "busy first"])
async def test_broken_off_anywhere(
    tmp_path: Path, then: str, listed: bool, busy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    puppet = Puppet()
    puppet.listed = listed
    async with booth(tmp_path, puppet) as here:
        points = 0
        while await broken_off(here, puppet, points + 1, then, busy, monkeypatch):
            points += 1
            assert points < MOST
    assert points > 10


async def broken_off(
    here: House, puppet: Puppet, point: int, then: str, busy: bool, monkeypatch: pytest.MonkeyPatch
) -> bool:
    """Whether the run waited that often; if so, it was broken off there, and all that followed was as it should be."""
    left = point

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            breaking = asyncio.current_task()
            assert breaking is not None
            breaking.cancel()

    buy, begun = Buyer.buy, asyncio.Event()

    async def counted(self: Buyer, *given: Any) -> Any:
        monkeypatch.undo()
        begun.set()
        return await stepped(buy(self, *given), count)

    monkeypatch.setattr(Buyer, "buy", counted)
    puppet.asked.clear()
    puppet.does["submit"] = [NotAccepted("Too many requests.", busy=True)] if busy else []
    before = puppet.paid
    task = await order(here)
    async with asyncio.timeout(10):
        await begun.wait()
        while here.dispatcher.running:
            await asyncio.sleep(0.001)
    if left > 0:
        assert (await end_of(here, task)).pexit == "0"
        return False
    if then == "kill":
        await here.desk.kill(here.project, id=str(task.id))
        await ended_well(here, task, puppet, before)
    else:
        await here.store.apply(task.id, lifecycle.give_back(await now(here, task)))
        here.dispatcher.wake()
        over = await end_of(here, task)
        unknown = await ended_well(here, task, puppet, before) == "unknown"
        assert over.pexit == ("1" if unknown else "0"), over.reason
    return True


async def ended_well(here: House, task: Task, puppet: Puppet, before: int) -> str:
    """How its purchase ended, if there was one; checked against what the partner has."""
    purchases = await here.store.purchases(task=task.id)
    if not purchases:
        assert puppet.paid == before
        return ""
    purchase = await settled(here, task)
    bought = [id for id, key in puppet.jobs.items() if key == purchase.key]
    assert puppet.paid - before == len(bought) <= 1
    if purchase.outcome == "unknown":
        # Only where a request was on its way that nobody heard of again.
        assert "submit" in puppet.asked
        assert not puppet.listed
    elif bought:
        assert (purchase.remote_id, purchase.charged) == (bought[0], PRICE)
    else:
        assert (purchase.outcome, purchase.charged) == ("refused", 0)
    return purchase.outcome


async def now(here: House, task: Task) -> Task:
    return await here.desk.find(here.project, id=str(task.id))


@types.coroutine
def stepped(work: Coroutine[Any, Any, Any], step: Callable[[], None]) -> Generator[Any, Any, Any]:
    """Await `work`, and call `step` whenever it waits."""
    go_on: Callable[[Any], Any] = work.send
    value: Any = None
    while True:
        try:
            waiting = go_on(value)
        except StopIteration as over:
            return over.value
        step()
        try:
            value, go_on = (yield waiting), work.send
        except BaseException as error:  # noqa: BLE001 - a cancellation is passed on, too
            value, go_on = error, work.throw
