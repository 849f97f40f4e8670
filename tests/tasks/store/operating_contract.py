"""What every store must keep for operators: subclass `OperatingContract`, give it a `store` fixture."""

from decimal import Decimal

from msgspec.structs import replace

from tests.tasks.examples import new_task, project
from tests.tasks.store.contract import claim, claimed, ended, submitted
from understudy.tasks.operations.records import (
    CardReport,
    EngineReport,
    ReplicaReport,
    Report,
    Sample,
    Spent,
)
from understudy.tasks.records import Charge
from understudy.tasks.store.browsing import TaskFilter
from understudy.tasks.store.store import Store

REPORT = Report(
    owner="gpu-1:7:ab",
    at=100.0,
    host="gpu-1",
    version="1.0",
    running={"ovi": 2, "": 1},
    replicas=(ReplicaReport(engine="ovi", state="busy", pid=7, job="41", since=90.0, runs=3, memory=10**11),),
    engines=(EngineReport(name="veo", available=False, reason="No key.", remedy='Set "key".'),),
    cards=(CardReport(name="0", used=1, total=2**40),),
)


class OperatingContract:
    async def test_decisions_stay_in_their_order(self, store: Store) -> None:
        first = await store.operating.decide("cast", "acme/clip", '["ovi"]', "Ada", 5.0)
        second = await store.operating.decide("hold", "ovi", "paused", "Ünal 'x'", 6.0)
        third = await store.operating.decide("cast", "acme/clip", "", "Ada", 7.0)
        assert first.id < second.id < third.id
        assert await store.operating.decisions() == [first, second, third]
        assert await store.operating.decisions(second.id) == [third]
        assert (third.kind, third.name, third.value, third.by, third.at) == (
            "cast",
            "acme/clip",
            "",
            "Ada",
            7.0,
        )

    async def test_a_report_takes_the_place_of_the_one_before(self, store: Store) -> None:
        await store.operating.report(replace(REPORT, running={}))
        await store.operating.report(REPORT)
        await store.operating.report(replace(REPORT, owner="a", at=50.0))
        assert await store.operating.reports(0.0) == [replace(REPORT, owner="a", at=50.0), REPORT]
        assert await store.operating.reports(60.0) == [REPORT]
        await store.operating.forget_reports(60.0)
        await store.operating.withdraw(REPORT.owner)
        assert await store.operating.reports(0.0) == []

    async def test_samples_are_kept_for_a_while(self, store: Store) -> None:
        samples = [
            Sample(at=60.0 * n, queued=n, oldest=0.5, running=2, memory=10**12, succeeded=n, failed=1)
            for n in range(1, 5)
        ]
        for each in samples:
            await store.operating.add_sample(each, forget_before=100.0)
        await store.operating.add_sample(replace(samples[-1], queued=99), forget_before=100.0)
        assert await store.operating.samples(0.0) == samples[1:]
        assert await store.operating.samples(180.0) == samples[2:]

    async def test_spending_by_hours(self, store: Store) -> None:
        one, other = await store.add_project(project()), await store.add_project(project())
        for owner, amount in ((one, "0.25"), (one, "0.000000000001"), (other, "2")):
            task = await claimed(store, owner.id)
            await ended(store, task, charge=Charge(amount=Decimal(amount)))
        ((hour, everything),) = [
            (each.hour, each.amount) for each in await store.operating.spending(since_hour=0)
        ]
        assert everything == Decimal("2.250000000001")
        assert await store.operating.spending(0, one.id) == [
            Spent(hour=hour, amount=Decimal("0.250000000001"))
        ]
        assert await store.operating.spending(hour + 1) == []

    async def test_lines_of_a_task_and_of_a_project(self, store: Store) -> None:
        owner = await store.add_project(project())
        await store.deposit(owner.id, Decimal(3), "paid in", 1.0)
        task = await claimed(store, owner.id)
        await ended(store, task, charge=Charge(amount=Decimal("0.5"), note="acme/clip"))
        line = await store.operating.line_of(task.id)
        assert line is not None
        assert (line.task, line.amount, line.note) == (task.id, Decimal("-0.5"), "acme/clip")
        assert await store.operating.line_of(task.id + 1) is None
        assert await store.operating.line_of(0) is None  # what was paid in belongs to no task
        newest, oldest = await store.operating.lines(owner.id)
        assert (newest, oldest.amount) == (line, Decimal(3))
        assert await store.operating.lines(owner.id, limit=1) == [newest]
        assert await store.operating.lines(owner.id, beyond=newest.id) == [oldest]
        assert await store.operating.operator_lines(task.id) == []

    async def test_a_webhook_is_sent_again(self, store: Store) -> None:
        owner = await store.add_project(project())
        task = await claimed(store, owner.id, callback_url="https://example.com/hook")
        await ended(store, task)
        (made,) = await store.deliveries(task.id)
        (delivery,) = await store.claim_deliveries(made.due, made.due + 20.0)
        await store.settle_delivery(
            replace(delivery, attempts=9, state="given-up", status=503, error="Too busy.")
        )
        assert await store.next_delivery() is None
        assert await store.operating.send_again(delivery.id, 500.0)
        (again,) = await store.deliveries(task.id)
        assert (again.state, again.attempts, again.due, again.created) == ("waiting", 0, 500.0, 500.0)
        assert again.message_id == delivery.message_id
        (due,) = await store.claim_deliveries(500.0, 520.0)
        await store.settle_delivery(replace(due, attempts=1, due=900.0, status=500))
        # One that waits for its next attempt does not wait any longer, and that is not its first.
        assert await store.operating.send_again(delivery.id, 600.0)
        (sooner,) = await store.deliveries(task.id)
        assert (sooner.attempts, sooner.due, sooner.created) == (1, 600.0, 500.0)
        assert not await store.operating.send_again(delivery.id + 1, 600.0)

    async def test_who_comes_before(self, store: Store) -> None:
        one, other = await store.add_project(project()), await store.add_project(project())
        first = await submitted(store, one.id)
        await submitted(store, one.id, model="acme/other")
        last = await submitted(store, other.id)
        urgent = await submitted(store, other.id, priority=5)
        assert [await store.operating.ahead(task.id) for task in (urgent, first, last)] == [0, 1, 2]
        await claim(store)
        assert await store.operating.ahead(last.id) == 1

    async def test_what_runs_is_counted_by_model(self, store: Store) -> None:
        one, other = await store.add_project(project()), await store.add_project(project())
        assert await store.operating.running() == {}
        task = await claimed(store, one.id)
        await claimed(store, other.id)
        await submitted(store, one.id)
        assert await store.operating.running() == {task.model: 2}
        await ended(store, task)
        assert await store.operating.running() == {task.model: 1}

    async def test_what_is_open_is_counted_and_found(self, store: Store) -> None:
        one, other = await store.add_project(project()), await store.add_project(project())
        done = await claimed(store, one.id)
        await ended(store, done)
        running = await claimed(store, one.id)
        new = new_task(one.id)
        road, _ = await store.submit(replace(new, task=replace(new.task, values={"prompt": "A long road."})))
        foreign = await submitted(store, other.id, model="acme/other")

        async def counted(**wanted: object) -> tuple[int, int]:
            found = await store.browsing.count_open(TaskFilter(**wanted))  # type: ignore[arg-type]
            return found["waiting"], found["running"]

        assert await counted() == (2, 1)
        assert await counted(project=one.id) == (1, 1)
        assert await counted(model="acme/other") == (1, 0)
        assert await counted(stage="running") == (0, 1)
        assert await counted(stage="done") == (0, 0)
        assert await counted(text="long road") == (1, 0)
        found = await store.browsing.oldest_open(TaskFilter(), limit=2)
        assert [task.id for task in found] == [running.id, road.id]
        found = await store.browsing.oldest_open(TaskFilter(project=other.id), limit=9)
        assert [task.id for task in found] == [foreign.id]
