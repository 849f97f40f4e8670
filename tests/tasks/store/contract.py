"""What every store must do: subclass `StoreContract` and give it a `store` fixture."""

import asyncio
from decimal import Decimal

import pytest
from msgspec.structs import replace

from tests.tasks.examples import new_task, project
from understudy.catalogue.checked import Sample, Stored, Url
from understudy.errors import ConcurrencyLimit, InsufficientBalance, InvalidInput
from understudy.tasks import lifecycle
from understudy.tasks.file_records import new_address, new_file
from understudy.tasks.lifecycle import Status
from understudy.tasks.records import (
    Charge,
    File,
    Room,
    RunningLimits,
    Task,
)
from understudy.tasks.store.store import Store


def a_file(role: str = "output", **fields: object) -> File:
    file = new_file(role, project=1, name="0.mp4", content_type="video/mp4", size=7, at=5.0)  # type: ignore[arg-type]
    return replace(file, **fields)


async def submitted(store: Store, project: int, **fields: object) -> Task:
    task, replayed = await store.submit(new_task(project, **fields))
    assert not replayed
    return task


async def claim(
    store: Store,
    owner: str = "me",
    *models: str,
    places: int = 1,
    limits: RunningLimits = RunningLimits(),  # noqa: B008 - frozen
    at: float = 10.0,
    until: float = 20.0,
) -> list[Task]:
    rooms = [Room(models=models or ("acme/clip",), places=places)]
    return await store.claim(owner, rooms, limits, at=at, until=until)


async def claimed(store: Store, project: int, **fields: object) -> Task:
    await submitted(store, project, **fields)
    (task,) = await claim(store)
    return task


async def ended(store: Store, task: Task, **fields: object) -> Task:
    after = await store.apply(
        task.id, lifecycle.finish(await started(store, task), 16.0, pexit="0", **fields)
    )  # type: ignore[arg-type]
    assert after is not None
    return after


async def started(store: Store, task: Task) -> Task:
    after = await store.apply(task.id, lifecycle.advance(task, Status.START, 11.0))
    assert after is not None
    return after


class StoreContract:
    async def test_a_task_comes_back_as_it_was_written(self, store: Store) -> None:
        owner = await store.add_project(project())
        new = new_task(
            owner.id,
            priority=3,
            values={"prompt": "Straße ☂ \"quoted\" 'text'", "steps": 30, "strength": 0.5},
            sources={"inputImage": (Url("https://example.com/a.png"), Sample("a.jpg"), Stored("k/a", "a"))},
            media={"inputImage": ("https://example.com/a.png", "/uploads/a.jpg")},
            seed=2**31 - 1,
            callback_url="https://example.com/hook",
            notes="Ignored: x.",
            engine={"name": "animatic", "preview": True, "tried": [{"engine": "ovi", "reason": "no GPU"}]},
            cps="0.000585000000",
        )
        task, _ = await store.submit(new)
        assert task == replace(new.task, id=task.id)
        assert await store.task(task.id) == task
        assert await store.task_by_token(task.token) == task
        assert await store.task(task.id + 1) is None
        assert await store.task_by_token("nobody") is None

    async def test_ids_rise(self, store: Store) -> None:
        owner = await store.add_project(project())
        tasks = await asyncio.gather(*(submitted(store, owner.id) for _ in range(20)))
        assert len({task.id for task in tasks}) == 20
        assert (await submitted(store, owner.id)).id > max(task.id for task in tasks)

    async def test_uploads_are_written_with_their_task(self, store: Store) -> None:
        owner = await store.add_project(project())
        file = a_file("input")
        task, _ = await store.submit(new_task(owner.id, new={"files": (file,)}))
        assert await store.file(file.id) == replace(file, task=task.id)
        assert await store.file_by_accesskey(file.accesskey) == replace(file, task=task.id)

    async def test_the_same_idempotency_key_gives_the_same_task(self, store: Store) -> None:
        owner, other = await store.add_project(project()), await store.add_project(project())
        key = {"idempotency_key": "once", "body_hash": b"1"}
        first, replayed = await store.submit(new_task(owner.id, new=key))
        assert not replayed
        assert await store.submit(new_task(owner.id, new=key)) == (first, True)
        with pytest.raises(InvalidInput, match="Idempotency-Key was used with other parameters"):
            await store.submit(new_task(owner.id, new={**key, "body_hash": b"2"}))
        assert (await store.submit(new_task(other.id, new=key)))[0].id != first.id
        next_day = new_task(owner.id, new={**key, "body_hash": b"2"}, created=1.0 + 24 * 3600 + 1)
        assert (await store.submit(next_day))[1] is False
        assert (await store.tasks(owner.id))[0] == 2

    async def test_concurrent_submissions_with_one_key_make_one_task(self, store: Store) -> None:
        owner = await store.add_project(project())
        key = {"idempotency_key": "once", "body_hash": b"1"}
        answers = await asyncio.gather(*(store.submit(new_task(owner.id, new=key)) for _ in range(10)))
        assert len({task.id for task, _ in answers}) == 1
        assert [replayed for _, replayed in answers].count(False) == 1

    async def test_prepaid_tasks_need_money(self, store: Store) -> None:
        owner = await store.add_project(project())
        with pytest.raises(InsufficientBalance, match="Insufficient balance"):
            await store.submit(new_task(owner.id, new={"prepaid": True}))
        await store.deposit(owner.id, Decimal("25"), "paid in", 1.0)
        for _ in range(2):
            await store.submit(new_task(owner.id, new={"prepaid": True}))
        with pytest.raises(ConcurrencyLimit, match=r"balance of \$25\.00, you can run up to 2 tasks"):
            await store.submit(new_task(owner.id, new={"prepaid": True}))
        (task,) = await claim(store)
        await store.apply(task.id, lifecycle.kill(14.0))
        await store.submit(new_task(owner.id, new={"prepaid": True}))
        await store.deposit(owner.id, Decimal("226"), "paid in", 5.0)
        for _ in range(40):
            await store.submit(new_task(owner.id, new={"prepaid": True}))

    async def test_claims_go_by_priority_then_age(self, store: Store) -> None:
        owner = await store.add_project(project())
        low = await submitted(store, owner.id)
        other = await submitted(store, owner.id, model="acme/other")
        high = await submitted(store, owner.id, priority=5)
        later = await submitted(store, owner.id)
        unwanted = await submitted(store, owner.id, model="acme/unwanted")
        order = [await claim(store, "me", "acme/clip", "acme/other") for _ in range(5)]
        assert [[task.id for task in tasks] for tasks in order] == [
            [high.id],
            [low.id],
            [other.id],
            [later.id],
            [],
        ]
        assert await store.waiting_models() == [unwanted.model]

    async def test_a_task_is_claimed_once(self, store: Store) -> None:
        owner = await store.add_project(project())
        for _ in range(10):
            await submitted(store, owner.id)
        claims = [claim(store, f"w{n}") for n in range(30)]
        taken = [task for tasks in await asyncio.gather(*claims) for task in tasks]
        assert len({task.id for task in taken}) == len(taken) == 10
        assert {task.attempts for task in taken} == {1}

    async def test_waiting_models_are_named_once_each(self, store: Store) -> None:
        owner = await store.add_project(project())
        assert await store.waiting_models() == []
        for model in ("b/b", "a/a", "b/b", "c/c"):
            await submitted(store, owner.id, model=model)
        assert sorted(await store.waiting_models()) == ["a/a", "b/b", "c/c"]

    async def test_a_change_that_does_not_fit_changes_nothing(self, store: Store) -> None:
        owner = await store.add_project(project())
        task = await claimed(store, owner.id)
        killed = await store.apply(task.id, lifecycle.kill(12.0, "enough"))
        assert killed is not None
        late = lifecycle.advance(task, Status.START, 13.0)
        assert await store.apply(task.id, replace(late, files=(a_file(),))) is None
        assert await store.task(task.id) == killed
        assert await store.outputs(task.id) == []

    async def test_an_older_attempt_cannot_write(self, store: Store) -> None:
        owner = await store.add_project(project())
        first = await claimed(store, owner.id)
        await store.apply(first.id, lifecycle.give_back(first, counts=True))
        (second,) = await claim(store)
        assert (second.id, second.attempts) == (first.id, 2)
        assert await store.apply(first.id, lifecycle.advance(first, Status.START, 31.0)) is None
        assert await store.apply(first.id, lifecycle.advance(second, Status.START, 31.0)) is not None

    async def test_the_end_writes_all_that_follows_from_it(self, store: Store) -> None:
        owner = await store.add_project(project())
        await store.deposit(owner.id, Decimal("10"), "paid in", 1.0)
        task = await claimed(store, owner.id, callback_url="https://example.com/hook")
        clip = a_file(task=task.id, project=owner.id, address=new_address())
        charge = Charge(amount=Decimal("0.003510000000"), note="acme/clip", prepaid=True)
        after = await ended(store, task, files=(clip,), charge=charge, cost="0.003510000000", stdout="done")
        assert (after.status, after.pexit, after.cost, after.stdout) == (
            "task_postprocess_end",
            "0",
            "0.003510000000",
            "done",
        )
        assert (after.lease_owner, after.lease_until) == ("", 0.0)
        assert await store.outputs(task.id) == [clip]
        assert await store.outputs_of([task.id, 999]) == {task.id: [clip], 999: []}
        assert await store.files_by_address(clip.address) == [clip]
        lines = await store.ledger(owner.id)
        assert [(line.task, line.amount, line.note) for line in lines] == [
            (task.id, Decimal("-0.003510000000"), "acme/clip"),
            (0, Decimal(10), "paid in"),
        ]
        left = await store.project(owner.id)
        assert left is not None
        assert left.balance == Decimal("9.996490000000")
        (delivery,) = await store.deliveries(task.id)
        assert (delivery.url, delivery.attempts, delivery.state) == ("https://example.com/hook", 0, "waiting")
        statistics = (await store.statistics())["acme/clip"]
        assert (statistics.runs, statistics.successes, statistics.errors) == (1, 1, 0)
        assert statistics.mean_elapsed == 6.0

    async def test_without_prepaid_billing_the_balance_stays(self, store: Store) -> None:
        owner = await store.add_project(project())
        task = await claimed(store, owner.id)
        await ended(store, task, charge=Charge(amount=Decimal(1)))
        left = await store.project(owner.id)
        assert left is not None
        assert left.balance == 0
        assert [line.amount for line in await store.ledger(owner.id)] == [Decimal(-1)]

    async def test_failed_and_killed_runs_are_counted_apart(self, store: Store) -> None:
        owner = await store.add_project(project())
        failing = await claimed(store, owner.id)
        await store.apply(failing.id, lifecycle.fail(await started(store, failing), 12.0, "broken"))
        killed = await claimed(store, owner.id)
        await store.apply(killed.id, lifecycle.kill(12.0))
        refused = await claimed(store, owner.id)
        await store.apply(refused.id, lifecycle.refuse(refused, 12.0, "no picture"))
        counts = (await store.statistics())["acme/clip"]
        assert (counts.runs, counts.successes, counts.errors, counts.elapsed) == (3, 0, 2, 0.0)
        assert await store.ledger(owner.id) == []

    async def test_pages_and_totals(self, store: Store) -> None:
        owner, other = await store.add_project(project()), await store.add_project(project())
        ids = [(await submitted(store, owner.id)).id for _ in range(5)]
        last = (await submitted(store, owner.id, model="acme/other")).id
        await submitted(store, other.id)
        await store.apply(ids[0], lifecycle.cancel(5.0))

        async def page(**filters: object) -> tuple[int, list[int]]:
            total, tasks = await store.tasks(owner.id, **filters)  # type: ignore[arg-type]
            return total, [task.id for task in tasks]

        assert await page() == (6, [last, *reversed(ids)])
        assert await page(ascending=True, start=1, limit=2) == (6, ids[1:3])
        assert await page(model="acme/clip", limit=2) == (5, [ids[4], ids[3]])
        assert await page(status="task_cancel") == (1, [ids[0]])
        assert await page(status="task_queue", model="acme/clip") == (4, [*reversed(ids[1:])])
        assert await page(model="nobody/nothing") == (0, [])
        assert await page(beyond=ids[3], limit=2) == (6, [ids[2], ids[1]])
        assert await page(beyond=ids[3], ascending=True) == (6, [ids[4], last])
        assert await page(beyond=ids[3], model="acme/clip", status="task_queue") == (4, [ids[2], ids[1]])
        assert await store.depth() == {"task_queue": 6, "task_cancel": 1}

    async def test_deleting_files_leaves_the_record(self, store: Store) -> None:
        owner = await store.add_project(project())
        upload, clip = a_file("input"), a_file()
        task, _ = await store.submit(new_task(owner.id, new={"files": (upload,)}))
        (held,) = await claim(store)
        await ended(store, held, files=(replace(clip, task=task.id),))
        assert {file.id for file in await store.files_of(task.id)} == {upload.id, clip.id}
        assert sorted(await store.delete_files(task.id)) == sorted([upload.key, clip.key])
        assert await store.delete_files(task.id) == []
        assert await store.outputs(task.id) == []
        after = await store.task(task.id)
        assert after is not None
        assert after.files_deleted

    async def test_files_without_a_task(self, store: Store) -> None:
        owner = await store.add_project(project())
        upload = a_file("upload", project=owner.id)
        await store.add_file(upload)
        assert await store.file(upload.id) == upload
        assert await store.delete_files(0) == []
        assert await store.outputs(0) == []
        assert await store.files_by_address("") == []
        assert await store.file(upload.id) == upload

    async def test_deliveries_are_due_until_they_are_settled(self, store: Store) -> None:
        owner = await store.add_project(project())
        assert await store.next_delivery() is None
        task = await claimed(store, owner.id, callback_url="https://example.com/hook")
        await store.apply(task.id, lifecycle.kill(12.0))
        assert await store.next_delivery() == 12.0
        assert await store.claim_deliveries(11.0, 30.0) == []
        assert await store.claim_deliveries(12.0, 30.0, but_not=["example.com"]) == []
        (delivery,) = await store.claim_deliveries(12.0, 30.0, but_not=["example.org"])
        assert delivery.receiver == "example.com"
        assert await store.waiting_deliveries() == (1, 12.0)
        await store.settle_delivery(replace(delivery, attempts=1, due=99.0, status=503, error="busy"))
        assert await store.claim_deliveries(12.0, 30.0) == []
        assert await store.next_delivery() == 99.0
        (again,) = await store.claim_deliveries(99.0, 120.0)
        assert (again.message_id, again.attempts, again.status) == (delivery.message_id, 1, 503)
        await store.settle_delivery(replace(again, state="delivered", status=204))
        assert await store.next_delivery() is None
        assert await store.waiting_deliveries() == (0, None)
        assert (await store.deliveries(task.id))[0].state == "delivered"
        await store.settle_delivery(replace(again, attempts=2, due=150.0, error="too late"))
        assert await store.next_delivery() is None
        assert (await store.deliveries(task.id))[0].state == "delivered"

    async def test_projects(self, store: Store) -> None:
        made = await store.add_project(project(allow=("10.0.0.0/8", "::1")))
        assert await store.project(made.id) == made
        assert await store.project_by_key(made.key_hash) == made
        assert await store.project_by_key(b"nobody") is None
        changed = await store.change_project(made.id, enabled=False, allow=())
        assert changed == replace(made, enabled=False, allow=())
        assert await store.change_project(999, enabled=False) is None
        assert await store.deposit(999, Decimal(1), "", 1.0) is None
        richer = await store.deposit(made.id, Decimal("0.000000000001"), "", 1.0)
        assert richer is not None
        assert richer.balance == Decimal("0.000000000001")
        assert await store.projects() == [richer]

    async def test_one_failure_takes_nobody_with_it(self, store: Store) -> None:
        owner = await store.add_project(project())
        twin = new_task(owner.id)
        results = await asyncio.gather(
            submitted(store, owner.id),
            store.submit(twin),
            store.submit(
                replace(new_task(owner.id), task=replace(new_task(owner.id).task, token=twin.task.token))
            ),
            submitted(store, owner.id),
            return_exceptions=True,
        )
        assert [isinstance(result, Exception) for result in results] == [False, False, True, False]
        assert (await store.tasks(owner.id))[0] == 3

    async def test_ping(self, store: Store) -> None:
        await store.ping()

    async def test_what_a_killed_run_had_printed_is_kept(self, store: Store) -> None:
        owner = await store.add_project(project())
        task = await claimed(store, owner.id)
        said = {"stdout": "working", "stderr": "oh"}
        await store.keep_log(task.id, 1, **said)
        assert await store.task(task.id) == task, "it still runs"
        killed = await store.apply(task.id, lifecycle.kill(12.0))
        await store.keep_log(task.id, 2, stdout="another run", stderr="")
        assert await store.task(task.id) == killed
        await store.keep_log(task.id, 1, **said)
        assert killed is not None
        assert await store.task(task.id) == replace(killed, stdout="working", stderr="oh")
