"""What every store must do with purchases at partners: subclass `PurchaseContract` and give it a `store` fixture."""

import asyncio
import itertools
from decimal import Decimal

from msgspec.structs import replace

from tests.tasks.examples import project
from tests.tasks.store.contract import a_file, claimed, started
from understudy.tasks import lifecycle
from understudy.tasks.records import Outcome, Purchase, Settlement, Task
from understudy.tasks.store.store import Store

_numbers = itertools.count(1)


def intention(task: Task, **fields: object) -> Purchase:
    number = next(_numbers)
    purchase = Purchase(
        id=0,
        task=task.id,
        project=task.project,
        engine="partner",
        key=f"key-{number}",
        hook=f"hook-{number}",
        placed=12.0,
        estimate=Decimal("1.2"),
    )
    return replace(purchase, **fields)


def held(task: Task) -> tuple[str, int]:
    return task.lease_owner, task.attempts


def end(purchase: Purchase, outcome: Outcome = "delivered", charged: str | None = "1.2") -> Settlement:
    amount = None if charged is None else Decimal(charged)
    return Settlement(purchase=purchase.id, outcome=outcome, at=20.0, charged=amount, note="so it went")


class PurchaseContract:
    async def running(self, store: Store) -> Task:
        return await started(store, await claimed(store, (await store.add_project(project())).id))

    async def begun(self, store: Store, task: Task, **fields: object) -> Purchase:
        purchase = await store.begin_purchase(intention(task, **fields), held(task))
        assert purchase is not None
        return purchase

    async def test_an_intention_comes_back_as_it_was_written(self, store: Store) -> None:
        task = await self.running(store)
        purchase = await self.begun(store, task)
        assert purchase.id > 0
        assert await store.purchases(task=task.id) == [purchase]
        assert await store.purchases(task=task.id, only_open=True) == [purchase]

    async def test_who_knows_an_older_placing_ends_nothing(self, store: Store) -> None:
        task = await self.running(store)
        purchase = await self.begun(store, task)
        older = replace(end(purchase, "refused", "0"), placed=purchase.placed)
        await store.step_purchase(purchase.id, ("intended",), placed=0.0)
        again = await store.begin_purchase(replace(purchase, placed=30.0), held(task))
        assert again is not None
        assert await store.settle_purchase(older) is None
        assert await store.purchases(task=task.id) == [again]
        after = await store.step_purchase(again.id, ("intended",), state="submitted", remote_id="job 7")
        assert await store.settle_purchase(replace(older, placed=30.0)) is None
        assert await store.purchases(task=task.id) == [after]
        assert await store.operator_ledger() == []

    async def test_only_who_holds_the_task_may_intend(self, store: Store) -> None:
        task = await self.running(store)
        assert await store.begin_purchase(intention(task), ("somebody else", task.attempts)) is None
        assert await store.begin_purchase(intention(task), (task.lease_owner, task.attempts + 1)) is None
        await store.apply(task.id, lifecycle.kill(13.0))
        assert await store.begin_purchase(intention(task), held(task)) is None
        assert await store.purchases(task=task.id) == []

    async def test_a_task_has_one_open_purchase_at_most(self, store: Store) -> None:
        task = await self.running(store)
        both = await asyncio.gather(*(store.begin_purchase(intention(task), held(task)) for _ in range(2)))
        first = next(each for each in both if each is not None)
        assert both.count(None) == 1
        await store.settle_purchase(end(first, "refused", "0"))
        second = await self.begun(store, task, engine="other")
        assert await store.purchases(task=task.id) == [
            replace(
                first, state="settled", outcome="refused", charged=Decimal(0), settled=20.0, note="so it went"
            ),
            second,
        ]

    async def test_what_never_left_may_be_placed_again_once(self, store: Store) -> None:
        task = await self.running(store)
        purchase = await self.begun(store, task)
        again = replace(purchase, placed=15.0)
        assert await store.begin_purchase(again, held(task)) is None
        assert await store.step_purchase(purchase.id, ("intended",), placed=0.0) is not None
        both = await asyncio.gather(*(store.begin_purchase(again, held(task)) for _ in range(2)))
        assert sorted(both, key=str) == sorted([again, None], key=str)
        assert await store.purchases(task=task.id) == [again]

    async def test_steps_happen_in_their_order_only(self, store: Store) -> None:
        task = await self.running(store)
        purchase = await self.begun(store, task)
        submitted = {"state": "submitted", "remote_id": "job-1", "submitted": 13.0}
        assert await store.step_purchase(purchase.id, ("submitted",), state="fetched") is None
        after = await store.step_purchase(purchase.id, ("intended",), **submitted)
        assert after == replace(purchase, state="submitted", remote_id="job-1", submitted=13.0)
        assert await store.step_purchase(purchase.id, ("intended",), **submitted) is None

    async def test_two_purchases_never_take_the_same_job(self, store: Store) -> None:
        mine = await self.begun(store, await self.running(store))
        other = await self.begun(store, await self.running(store))
        elsewhere = await self.begun(store, await self.running(store), engine="other")
        took = [
            await store.step_purchase(each.id, ("intended",), state="submitted", remote_id="job-1")
            for each in (mine, other, elsewhere)
        ]
        assert [each is not None for each in took] == [True, False, True]

    async def test_what_was_fetched_is_kept_until_the_purchase_is_settled(self, store: Store) -> None:
        task = await self.running(store)
        purchase = await self.begun(store, task)
        await store.step_purchase(purchase.id, ("intended",), state="submitted", remote_id="job-1")
        file = a_file("fetched", task=task.id, project=task.project)
        assert await store.step_purchase(purchase.id, ("intended",), files=(file,), state="fetched") is None
        assert await store.fetched(task.id) == []
        assert await store.step_purchase(purchase.id, ("submitted",), files=(file,), state="fetched")
        assert await store.fetched(task.id) == [file]
        assert await store.outputs(task.id) == []
        assert await store.leftovers() == []
        await store.settle_purchase(end(purchase))
        assert await store.leftovers() == [file]
        await store.forget_files([file.id])
        assert await store.leftovers() == []

    async def test_a_settlement_writes_one_line_for_the_operator(self, store: Store) -> None:
        task = await self.running(store)
        purchase = await self.begun(store, task)
        assert await store.purchase_counts() == {("partner", ""): 1}
        settled = await store.settle_purchase(end(purchase, "lost"))
        assert settled is not None
        assert (settled.state, settled.outcome, settled.charged) == ("settled", "lost", Decimal("1.2"))
        assert await store.settle_purchase(end(purchase, "cancelled", "0")) is None
        (line,) = await store.operator_ledger()
        assert (line.purchase, line.task, line.engine) == (purchase.id, task.id, "partner")
        assert (line.amount, line.note, line.at) == (Decimal("-1.2"), "lost", 20.0)
        assert await store.ledger(task.project) == []
        assert await store.purchase_counts() == {("partner", "lost"): 1}

    async def test_what_cost_nothing_or_nobody_knows_has_no_line(self, store: Store) -> None:
        for outcome, charged in (("refused", "0"), ("unknown", None)):
            purchase = await self.begun(store, await self.running(store))
            settled = await store.settle_purchase(end(purchase, outcome, charged))  # type: ignore[arg-type]
            assert settled is not None
            assert settled.charged == (None if charged is None else Decimal(charged))
        assert await store.operator_ledger() == []

    async def test_a_purchase_ends_with_its_task_or_not_at_all(self, store: Store) -> None:
        task = await self.running(store)
        purchase = await self.begun(store, task)
        change = lifecycle.finish(task, 16.0, pexit="0", settlement=end(purchase))
        lost = replace(change, held=("somebody else", task.attempts))
        assert await store.apply(task.id, lost) is None
        assert (await store.purchases(task=task.id))[0].state == "intended"
        assert await store.apply(task.id, change) is not None
        assert (await store.purchases(task=task.id))[0].outcome == "delivered"
        assert len(await store.operator_ledger()) == 1

    async def test_orphans_are_those_whose_task_is_over(self, store: Store) -> None:
        kept, over = await self.running(store), await self.running(store)
        await self.begun(store, kept)
        orphan = await self.begun(store, over)
        assert await store.orphaned_purchases() == []
        await store.apply(over.id, lifecycle.kill(13.0, "Stopped."))
        assert await store.orphaned_purchases() == [orphan]
        await store.settle_purchase(end(orphan, "cancelled", "0"), "It was cancelled there, too.")
        assert await store.orphaned_purchases() == []
        after = await store.task(over.id)
        assert after is not None
        assert after.reason == "It was cancelled there, too."

    async def test_a_reason_is_for_tasks_that_were_cancelled(self, store: Store) -> None:
        task = await self.running(store)
        purchase = await self.begun(store, task)
        await store.apply(task.id, lifecycle.fail(task, 16.0, "It took too long."))
        await store.settle_purchase(end(purchase, "abandoned"), "Nobody waited for it.")
        after = await store.task(task.id)
        assert after is not None
        assert after.reason == "It took too long."

    async def test_lists_of_purchases(self, store: Store) -> None:
        first = await self.begun(store, await self.running(store))
        second = await self.begun(store, await self.running(store), engine="other")
        await store.settle_purchase(end(first, "unknown", None))
        ids = {
            "all": [each.id for each in await store.purchases()],
            "other": [each.id for each in await store.purchases(engine="other")],
            "unknown": [each.id for each in await store.purchases(outcome="unknown")],
            "open": [each.id for each in await store.purchases(only_open=True)],
            "one": [each.id for each in await store.purchases(limit=1)],
        }
        assert ids == {
            "all": [second.id, first.id],
            "other": [second.id],
            "unknown": [first.id],
            "open": [second.id],
            "one": [second.id],
        }
