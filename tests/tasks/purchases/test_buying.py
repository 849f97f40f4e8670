"""One purchase, whatever goes wrong at the partner: what becomes of the task, and of the money."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from tests.tasks.purchases.shop import ENGINE, PRICE, end_of, order, partner, settled, shop
from understudy.tasks.purchases.counter import SUBMIT_SECONDS
from understudy.tasks.records import Outcome, Purchase
from understudy.testing.partners.faults import Fault

DELIVERED = [
    (),
    (Fault("create", "busy", times=2),),
    (Fault("create", "drop after"),),
    (Fault("create", "error after"),),
    (Fault("check", "drop before", times=3),),
    (Fault("check", "error before", times=2), Fault("check", "busy")),
    (Fault("content", "truncated", times=2),),
    (Fault("content", "damaged"), Fault("content", "drop after")),
    (Fault("content", "wrong type"), Fault("content", "slow")),
]


@pytest.mark.parametrize("faults", DELIVERED, ids=lambda faults: "+".join(each.kind for each in faults))
async def test_what_passes_is_waited_for(tmp_path: Path, faults: tuple[Fault, ...]) -> None:
    with partner(*faults) as there:
        async with shop(tmp_path / "house", there) as house:
            task = await order(house)
            over = await end_of(house, task)
            assert (over.pexit, over.reason) == ("0", "")
            assert over.engine is not None
            assert (over.engine["name"], over.engine["preview"]) == (ENGINE, False)
            purchase = await settled(house, task)
            assert (purchase.outcome, purchase.charged) == ("delivered", Decimal(PRICE))
            (line,) = await house.store.operator_ledger()
            assert line.amount == -Decimal(PRICE)
            (output,) = await house.store.outputs(task.id)
            assert output.content_type == "video/mp4"
    assert there.fake.paid == 1


ENDED: list[tuple[Fault, Outcome, str | None, int, str]] = [
    (Fault("create", "refused content"), "declined", "0", 0, "rules"),
    (Fault("create", "refused"), "refused", "0", 0, ""),
    (Fault("create", "no account"), "refused", "0", 0, "key"),
    (Fault("create", "busy", times=99), "refused", "0", 0, "busy"),
    (Fault("create", "drop before"), "unknown", None, 0, "not sent again"),
    (Fault("create", "error before"), "unknown", None, 0, "not sent again"),
    (Fault("create", "fails"), "failed", None, 1, "could not make"),
    (Fault("create", "filtered"), "declined", None, 1, ""),
    (Fault("create", "forgotten"), "lost", PRICE, 1, "no such job"),
    (Fault("content", "expired", times=99), "lost", PRICE, 1, ""),
    (Fault("content", "truncated", times=99), "lost", PRICE, 1, ""),
    (Fault("content", "damaged", times=99), "lost", PRICE, 1, ""),
]


@pytest.mark.parametrize(
    ("fault", "outcome", "charged", "paid", "words"),
    ENDED,
    ids=[f"{each[0].step} {each[0].kind}" for each in ENDED],
)
async def test_what_does_not_pass_ends_the_task_and_says_so(
    tmp_path: Path, fault: Fault, outcome: Outcome, charged: str | None, paid: int, words: str
) -> None:
    with partner(fault) as there:
        async with shop(tmp_path / "house", there) as house:
            task = await order(house)
            over = await end_of(house, task)
            assert over.pexit == "1"
            assert words in over.reason
            purchase = await settled(house, task)
            assert purchase.outcome == outcome
            assert purchase.charged == (None if charged is None else Decimal(charged))
            assert over.cost == "0"
            lines = await house.store.operator_ledger()
            assert [line.amount for line in lines] == (
                [-Decimal(charged)] if charged and charged != "0" else []
            )
    assert there.fake.paid == paid


async def test_what_nobody_can_tell_names_where_to_look(tmp_path: Path) -> None:
    with partner(Fault("create", "drop before")) as there:
        async with shop(tmp_path / "house", there) as house:
            task = await order(house)
            over = await end_of(house, task)
            purchase = await settled(house, task)
            assert purchase.key in over.reason
            assert await house.store.purchase_counts() == {(ENGINE, "unknown"): 1}
    assert len([each for each in there.fake.requests if each.step == "create"]) == 1


async def test_two_equal_requests_that_broke_find_a_job_each(tmp_path: Path) -> None:
    with partner(Fault("create", "drop after", times=2)) as there:
        async with shop(tmp_path / "house", there) as house:
            tasks = [await order(house) for _ in range(2)]
            overs = [await end_of(house, task) for task in tasks]
            assert [over.pexit for over in overs] == ["0", "0"]
            jobs = {(await settled(house, task)).remote_id for task in tasks}
    assert there.fake.paid == 2
    assert jobs == set(there.fake.jobs)


async def test_a_partner_that_is_not_done_in_time(tmp_path: Path) -> None:
    with partner(seconds=500) as there:
        async with shop(tmp_path / "house", there, options={"deadline_seconds": 60}) as house:
            task = await order(house)
            over = await end_of(house, task)
            assert over.pexit == "1"
            assert "was not done with the job after 60 s" in over.reason
            # It goes on there, and costs what it costs: that is the operator's to know.
            purchase = await settled(house, task)
            assert (purchase.outcome, purchase.charged) == ("abandoned", Decimal(PRICE))


async def test_what_is_lost_on_the_way_is_told(tmp_path: Path) -> None:
    with partner() as there:
        async with shop(tmp_path / "house", there) as house:
            over = await end_of(house, await order(house))
            assert over.engine is not None
            assert "notes" not in over.engine or over.engine["notes"]


async def test_nothing_is_left_in_the_storage_but_the_clip(tmp_path: Path) -> None:
    with partner() as there:
        async with shop(tmp_path / "house", there) as house:
            task = await order(house)
            await end_of(house, task)
            await settled(house, task)
            while await house.store.leftovers():
                house.crew.counter.over.set()
                await house.crew.counter.sleep(0.01)
    kept = [path.name for path in (tmp_path / "house" / "files").rglob("*") if path.is_file()]
    assert sorted(name.rpartition(".")[2] for name in kept) == ["jpg", "mp4"]


async def test_a_process_that_stood_still_before_its_request_does_not_send_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with partner() as there:
        async with shop(tmp_path / "house", there) as house:
            begin, begun = house.store.begin_purchase, []

            async def stand_still(purchase: Purchase, held: tuple[str, int]) -> Purchase | None:
                placed = await begin(purchase, held)
                begun.append(placed)
                # Long enough for another process to look for the job in vain, and to buy it.
                await there.clock.sleep(SUBMIT_SECONDS + 60)
                return placed

            monkeypatch.setattr(house.store, "begin_purchase", stand_still)
            task = await order(house)
            async with asyncio.timeout(20):
                while not begun:
                    await asyncio.sleep(0.01)
                while house.dispatcher.running:
                    await asyncio.sleep(0.01)
            assert there.fake.paid == 0
            (purchase,) = await house.store.purchases(task=task.id)
            assert purchase.state == "intended"
