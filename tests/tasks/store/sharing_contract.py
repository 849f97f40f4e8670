"""What every store must do for several processes and many projects: subclass `SharingContract`, give it a `store` fixture."""

import asyncio
from decimal import Decimal

import pytest
from msgspec.structs import replace

from tests.tasks.examples import new_task, project
from tests.tasks.store.contract import claim, claimed, started, submitted
from understudy.errors import ConcurrencyLimit, InsufficientBalance
from understudy.tasks import lifecycle
from understudy.tasks.records import (
    Charge,
    NewTask,
    ProjectLimits,
    Queue,
    QueueLimits,
    Room,
    RunningLimits,
)
from understudy.tasks.store.store import Store


class SharingContract:
    async def test_a_claim_is_fair_and_fills_every_place(self, store: Store) -> None:
        busy, idle = await store.add_project(project()), await store.add_project(project())
        many = [(await submitted(store, busy.id)).id for _ in range(6)]
        few = [(await submitted(store, idle.id)).id for _ in range(2)]
        first = await claim(store, places=4)
        assert [task.id for task in first] == [many[0], few[0], many[1], few[1]]
        assert {(task.status, task.lease_owner, task.lease_until, task.attempts) for task in first} == {
            ("task_accept", "me", 20.0, 1)
        }
        assert [task.id for task in await claim(store, "other", places=9)] == many[2:]
        assert await claim(store, places=9) == []

    async def test_a_claim_has_places_by_room(self, store: Store) -> None:
        owner = await store.add_project(project())
        clips = [(await submitted(store, owner.id)).id for _ in range(3)]
        others = [(await submitted(store, owner.id, model="acme/other")).id for _ in range(3)]
        rooms = [Room(models=("acme/clip",), places=2), Room(models=("acme/other", "acme/third"), places=1)]
        taken = await store.claim("me", rooms, RunningLimits(), at=10.0, until=20.0)
        assert [task.id for task in taken] == [*clips[:2], others[0]]

    async def test_running_limits_hold_over_all_who_claim(self, store: Store) -> None:
        own = await store.add_project(project(limits=ProjectLimits(running=2)))
        other = await store.add_project(project())
        for _ in range(4):
            await submitted(store, own.id)
            await submitted(store, other.id)
            await submitted(store, other.id, model="acme/rare")
        limits = RunningLimits(of_project=5, of_model={"acme/rare": 1})
        models = ("acme/clip", "acme/rare")
        claims = [claim(store, f"w{n}", *models, places=3, limits=limits) for n in range(8)]
        taken = [task for tasks in await asyncio.gather(*claims) for task in tasks]
        assert sorted((task.project, task.model) for task in taken) == [
            (own.id, "acme/clip"),
            (own.id, "acme/clip"),
            *[(other.id, "acme/clip")] * 4,
            (other.id, "acme/rare"),
        ]
        rare = next(task for task in taken if task.model == "acme/rare")
        await store.apply(rare.id, lifecycle.kill(12.0))
        (again,) = await claim(store, "me", *models, places=3, limits=limits)
        assert again.model == "acme/rare"

    async def test_queue_limits(self, store: Store) -> None:
        owner, other = await store.add_project(project()), await store.add_project(project())
        limited = {"limits": QueueLimits(of_project=2)}
        answers = await asyncio.gather(
            *(store.submit(new_task(owner.id, new=limited)) for _ in range(6)), return_exceptions=True
        )
        refused = [answer for answer in answers if isinstance(answer, ConcurrencyLimit)]
        assert len(refused) == 4
        assert "queue of this project is full: 2" in refused[0].message
        with pytest.raises(ConcurrencyLimit, match="queue of this model is full: 2"):
            await store.submit(new_task(other.id, new={"limits": QueueLimits(of_model=2)}))
        await claim(store)
        await store.submit(new_task(other.id, new={"limits": QueueLimits(of_model=2, of_project=1)}))

    async def test_budgets(self, store: Store) -> None:
        owner = await store.add_project(project())
        hour = 1_700_000_000.0 // 3600 * 3600
        assert await store.spent(owner.id, hour) == 0
        task = await claimed(store, owner.id)
        running = await started(store, task)
        charge = Charge(amount=Decimal("0.75"))
        await store.apply(task.id, lifecycle.finish(running, hour + 5, pexit="0", charge=charge))
        assert await store.spent(owner.id, hour) == Decimal("0.75")
        assert await store.spent(owner.id, hour + 3600) == 0

        def submission(at: float, **limits: Decimal) -> NewTask:
            return new_task(owner.id, created=at, new={"limits": QueueLimits(**limits)})

        with pytest.raises(InsufficientBalance, match=r"budget of \$0\.75 for this hour is spent"):
            await store.submit(submission(hour + 10, hourly=Decimal("0.75")))
        await store.submit(submission(hour + 10, hourly=Decimal("0.76")))
        await store.submit(submission(hour + 3600, hourly=Decimal("0.75")))
        with pytest.raises(InsufficientBalance, match="for this month is spent"):
            await store.submit(submission(hour + 3600, monthly=Decimal("0.5")))
        await store.submit(submission(hour + 31 * 24 * 3600, monthly=Decimal("0.5")))

    async def test_what_waits(self, store: Store) -> None:
        one, two = await store.add_project(project()), await store.add_project(project())
        assert await store.queue() == {}
        await submitted(store, one.id, created=7.0)
        await submitted(store, two.id, created=5.0, priority=-1)
        await submitted(store, two.id, created=9.0, model="acme/other")
        assert await store.queue() == {
            "acme/clip": Queue(number=2, oldest=5.0),
            "acme/other": Queue(number=1, oldest=9.0),
        }

    async def test_statuses_of_several_tasks(self, store: Store) -> None:
        owner = await store.add_project(project())
        waiting = await submitted(store, owner.id, model="acme/other")
        killed = await claimed(store, owner.id)
        await store.apply(killed.id, lifecycle.kill(12.0, "enough"))
        assert await store.statuses([waiting.id, killed.id, 999_999]) == {
            waiting.id: ("task_queue", ""),
            killed.id: ("task_cancel", "enough"),
        }

    async def test_old_files_are_found(self, store: Store) -> None:
        owner, other = await store.add_project(project()), await store.add_project(project())
        first, second = (
            await claimed(store, owner.id, created=1.0),
            await claimed(store, owner.id, created=2.0),
        )
        elsewhere = await claimed(store, other.id)
        await submitted(store, owner.id, created=1.0)
        for task, at in ((first, 50.0), (second, 30.0), (elsewhere, 30.0)):
            await store.apply(task.id, lifecycle.kill(at))
        assert await store.with_old_files(owner.id, 40.0) == [second.id]
        assert await store.with_old_files(owner.id, 60.0) == [first.id, second.id]
        assert await store.with_old_files(owner.id, 60.0, limit=1) == [first.id]
        await store.delete_files(first.id)
        assert await store.with_old_files(owner.id, 60.0) == [second.id]

    async def test_limits_of_a_project_come_back(self, store: Store) -> None:
        limits = ProjectLimits(running=1, queued=2, rate=0.5, burst=3, hourly=Decimal("1.25"), keep_days=0.5)
        made = await store.add_project(project(limits=limits))
        assert await store.project(made.id) == made
        changed = await store.change_project(made.id, limits=ProjectLimits())
        assert changed == replace(made, limits=ProjectLimits())

    async def test_tokens_are_drawn_until_the_bucket_is_empty(self, store: Store) -> None:
        async def draw(wanted: float, at: float, bucket: str = "b") -> float:
            return await store.draw(bucket, wanted, rate=2.0, burst=4.0, at=at)

        assert await draw(1.0, 100.0) == 1.0
        assert sum(await asyncio.gather(*(draw(1.0, 100.0) for _ in range(8)))) == 3.0
        assert await draw(1.0, 100.25) == pytest.approx(0.5)
        assert await draw(9.0, 101.25) == pytest.approx(2.0)
        assert await draw(9.0, 99.0) == 0.0, "a clock that was set back fills nothing"
        assert await draw(9.0, 200.0) == pytest.approx(4.0)
        assert await draw(9.0, 200.0, "another") == pytest.approx(4.0)

    async def test_a_bucket_that_nobody_draws_from_is_forgotten(self, store: Store) -> None:
        async def draw(bucket: str, at: float) -> float:
            return await store.draw(bucket, 1.0, rate=1e-9, burst=1.0, at=at)

        week = 7 * 24 * 3600.0
        assert [await draw(name, 100.0) for name in ("left", "used")] == [1.0, 1.0]
        assert await draw("used", 200.0) < 1.0
        await store.forget_leases(150.0 + week)
        assert await draw("left", 150.0 + week) == 1.0
        assert await draw("used", 150.0 + week) < 1.0

    async def test_who_leads_keeps_the_lead(self, store: Store) -> None:
        assert await store.lead("folding", "me", at=10.0, until=20.0)
        assert await store.lead("folding", "me", at=15.0, until=25.0)
        if not store.shared:
            return
        assert not await store.lead("folding", "you", at=24.0, until=34.0)
        assert await store.leases(24.0) == {"folding": "me"}
        assert await store.lead("folding", "you", at=26.0, until=36.0)
        assert await store.lead("other", "me", at=26.0, until=36.0)
        await store.leave("you")
        assert await store.leases(27.0) == {"other": "me"}
