"""Kills and restarts at every step: what was bought is bought once, and never forgotten."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from tests.tasks.house import House
from tests.tasks.purchases.shop import PRICE, end_of, order, partner, reached, settled, shop
from understudy.tasks.postprocess import Result
from understudy.tasks.records import Task
from understudy.testing.partners.faults import Fault


async def killed(house: House, task: Task) -> Task:
    return await house.desk.kill(house.project, id=str(task.id))


async def stopped_when_fetched(house: House) -> Task:
    """A task whose run gets as far as having its clip here, and is stopped in order then."""

    async def never(*_: object) -> Result:
        await asyncio.Event().wait()
        raise AssertionError

    house.crew.postprocess.process = never  # type: ignore[method-assign]
    task = await order(house)
    await reached(house, task, "fetched")
    await house.dispatcher.stop(0)
    return task


async def test_a_kill_stops_waiting_at_once_and_says_what_cannot_be_undone(tmp_path: Path) -> None:
    with partner(seconds=300) as there:
        async with shop(tmp_path / "house", there, virtual=False) as house:
            task = await order(house)
            await reached(house, task, "submitted")
            over = await killed(house, task)
            assert "cannot cancel it" in over.reason
            assert "Nothing is charged to the project" in over.reason
            there.clock.advance(300)
            purchase = await settled(house, task)
            assert (purchase.outcome, purchase.charged) == ("abandoned", Decimal(PRICE))
            async with asyncio.timeout(10):
                while (
                    "may charge the operator"
                    not in (await house.desk.find(house.project, id=str(task.id))).reason
                ):
                    await asyncio.sleep(0.01)
                while not any(each.step == "delete" for each in there.fake.requests):
                    await asyncio.sleep(0.01)


async def test_a_partner_that_can_cancel_is_asked_to(tmp_path: Path) -> None:
    with partner(profile="vllm-omni", seconds=300) as there:
        async with shop(tmp_path / "house", there, virtual=False) as house:
            task = await order(house)
            await reached(house, task, "submitted")
            await killed(house, task)
            purchase = await settled(house, task)
            assert (purchase.outcome, purchase.charged) == ("cancelled", Decimal(0))
    assert any(each.step == "cancel" for each in there.fake.requests)


@pytest.mark.parametrize("kind", ["slow", "hang after"])
async def test_a_kill_while_the_request_is_on_its_way(tmp_path: Path, kind: str) -> None:
    with partner(Fault("create", kind, seconds=0.5)) as there:  # type: ignore[arg-type]
        async with shop(tmp_path / "house", there) as house:
            task = await order(house)
            await reached(house, task, "intended")
            async with asyncio.timeout(10):
                while not there.fake.requests:
                    await asyncio.sleep(0.005)
            over = await killed(house, task)
            assert "being asked" in over.reason
            purchase = await settled(house, task)
            assert purchase.remote_id in there.fake.jobs
            assert purchase.outcome == "abandoned"
    assert there.fake.paid == 1


async def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    with partner(seconds=60) as there:
        async with shop(tmp_path / "house", there, virtual=False) as house:
            task = await order(house)
            await reached(house, task, "submitted")
        # The server was stopped in order: it did not wait for the partner.
        async with shop(tmp_path / "house", there) as house:
            over = await end_of(house, task)
            assert over.pexit == "0"
            assert (await settled(house, task)).outcome == "delivered"
    assert there.fake.paid == 1


async def test_what_was_fetched_is_not_fetched_again(tmp_path: Path) -> None:
    with partner() as there:
        async with shop(tmp_path / "house", there) as house:
            task = await stopped_when_fetched(house)
        fetched = len([each for each in there.fake.requests if each.step == "content"])
        async with shop(tmp_path / "house", there) as house:
            over = await end_of(house, task)
            assert over.pexit == "0"
            assert (await settled(house, task)).remote_id in there.fake.jobs
    assert len([each for each in there.fake.requests if each.step == "content"]) == fetched
    assert there.fake.paid == 1


async def test_a_kill_is_seen_to_after_a_restart(tmp_path: Path) -> None:
    with partner(seconds=60) as there:
        async with shop(tmp_path / "house", there, virtual=False) as house:
            task = await order(house)
            await reached(house, task, "submitted")
        async with shop(tmp_path / "house", there, started=False) as house:
            await killed(house, task)
        async with shop(tmp_path / "house", there) as house:
            purchase = await settled(house, task)
            assert (purchase.outcome, purchase.charged) == ("abandoned", Decimal(PRICE))


async def test_an_engine_that_is_gone_leaves_its_purchases_to_the_operator(tmp_path: Path) -> None:
    with partner(seconds=60) as there:
        async with shop(tmp_path / "house", there, virtual=False) as house:
            task = await order(house)
            await reached(house, task, "submitted")
            (before,) = await house.store.purchases(task=task.id)
        from tests.tasks.house import house as plain

        async with plain(tmp_path / "house", engine="instant") as house:
            over = await end_of(house, task)
            assert over.pexit == "1"
            assert "is not set up here any more" in over.reason
            purchase = await settled(house, task)
            assert (purchase.outcome, purchase.remote_id) == ("lost", before.remote_id)
            assert (await house.store.operator_ledger())[0].amount == -Decimal(PRICE)


async def test_what_is_kept_here_is_delivered_although_it_could_not_be_asked_for_any_more(
    tmp_path: Path,
) -> None:
    with partner() as there:
        async with shop(tmp_path / "house", there) as house:
            task = await stopped_when_fetched(house)
        # The operator's model for this contract is gone; the clip has been paid and lies here.
        other: dict[str, object] = {"model": {"google/veo3-1": "sora-2"}, "profile": "gateway"}
        async with shop(tmp_path / "house", there, options=other) as house:
            assert (await end_of(house, task)).pexit == "0"
            assert (await settled(house, task)).outcome == "delivered"
