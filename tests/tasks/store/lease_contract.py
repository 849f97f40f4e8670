"""Who holds which task, and for how long: subclass `LeaseContract`, give it a `store` fixture."""

from tests.tasks.examples import project
from tests.tasks.store.contract import claim, claimed, started, submitted
from understudy.tasks import lifecycle
from understudy.tasks.lifecycle import Status
from understudy.tasks.store.store import Store


async def lost(store: Store, at: float) -> set[int]:
    """The tasks that anybody may take up then."""
    return {task.id for task in await store.expired(at)}


class LeaseContract:
    async def test_leases(self, store: Store) -> None:
        owner = await store.add_project(project())
        mine = await claimed(store, owner.id)
        await submitted(store, owner.id)
        (theirs,) = await claim(store, "other")
        assert await store.expired(19.0) == []
        assert await store.renew("me", at=10.0, until=50.0) == {mine.id}
        assert [task.id for task in await store.expired(21.0)] == [theirs.id]
        assert [task.id for task in await store.expired(21.0, but_not="other")] == [mine.id]
        assert await lost(store, 51.0) == {mine.id, theirs.id}
        await store.apply(mine.id, lifecycle.kill(22.0))
        assert await store.renew("me", at=10.0, until=60.0) == set()

    async def test_one_renewal_keeps_all_and_writes_no_task(self, store: Store) -> None:
        owner = await store.add_project(project())
        for _ in range(5):
            await submitted(store, owner.id)
        first = {task.id for task in await claim(store, places=4)}
        tasks = [await store.task(id) for id in first]
        assert await store.renew("me", at=15.0, until=30.0) == first
        assert await store.renew("me", at=25.0, until=40.0) == first
        assert [await store.task(id) for id in first] == tasks
        (later,) = await claim(store, at=38.0, until=53.0)
        assert await lost(store, 39.0) == set()
        assert await lost(store, 41.0) == first, "its claim keeps the last one"
        assert await store.renew("me", at=43.0, until=58.0) == {*first, later.id}
        assert await lost(store, 57.0) == set()
        assert await lost(store, 59.0) == {*first, later.id}

    async def test_nobody_is_kept_by_the_lease_of_another(self, store: Store) -> None:
        owner = await store.add_project(project())
        for _ in range(3):
            await submitted(store, owner.id)
        held = {name: (await claim(store, name))[0].id for name in ("a", "ab", "b")}
        await store.renew("ab", at=15.0, until=30.0)
        await store.renew("c", at=15.0, until=30.0)
        assert await lost(store, 25.0) == {held["a"], held["b"]}
        assert {task.id for task in await store.expired(0.0, but_not="b")} == {held["a"], held["ab"]}

    async def test_who_stood_still_keeps_what_nobody_took(self, store: Store) -> None:
        owner = await store.add_project(project())
        task = await claimed(store, owner.id)
        assert await lost(store, 25.0) == {task.id}
        assert await store.renew("me", at=26.0, until=41.0) == {task.id}
        assert await lost(store, 40.0) == set()
        await started(store, task)

    async def test_who_stood_still_does_not_get_back_what_was_taken(self, store: Store) -> None:
        owner = await store.add_project(project())
        task = await claimed(store, owner.id)
        (found,) = await store.expired(25.0)
        # Between the look and the change its owner is back: the change wins, and wins all of it.
        assert await store.renew("me", at=26.0, until=41.0) == {task.id}
        after = await store.apply(found.id, lifecycle.recover(found, 26.0, 3, "Lost."))
        assert after is not None
        assert (after.status, after.lease_owner, after.attempts) == ("task_queue", "", 1)
        assert await store.renew("me", at=27.0, until=42.0) == set()
        assert await store.apply(task.id, lifecycle.advance(task, Status.START, 27.0)) is None
        (again,) = await claim(store, "other", at=28.0, until=43.0)
        assert (again.id, again.attempts) == (task.id, 2)
        assert await store.renew("me", at=29.0, until=90.0) == set()
        assert await store.apply(task.id, lifecycle.refuse(task, 29.0, "too late")) is None
        assert await lost(store, 44.0) == {task.id}, "the one who lost it does not keep it for the other"
        assert await store.apply(task.id, lifecycle.advance(again, Status.START, 30.0)) is not None

    async def test_a_second_one_who_takes_it_up_changes_nothing(self, store: Store) -> None:
        owner = await store.add_project(project())
        await claimed(store, owner.id)
        (found,) = await store.expired(25.0)
        assert await store.apply(found.id, lifecycle.recover(found, 26.0, 3, "Lost.")) is not None
        await claim(store, "other", at=27.0, until=42.0)
        assert await store.apply(found.id, lifecycle.recover(found, 28.0, 3, "Lost.")) is None
        assert await lost(store, 41.0) == set()

    async def test_an_owner_comes_back_under_its_name(self, store: Store) -> None:
        owner = await store.add_project(project())
        before = await claimed(store, owner.id)
        await store.renew("me", at=15.0, until=30.0)
        assert await lost(store, 31.0) == {before.id}
        await submitted(store, owner.id)
        (after,) = await claim(store, at=31.0, until=46.0)
        assert await lost(store, 32.0) == {before.id}, "a claim keeps what it took, and nothing else"
        assert await store.renew("me", at=33.0, until=48.0) == {before.id, after.id}
        assert await lost(store, 47.0) == set(), (
            "it hears that it holds both, and gives back what it does not run"
        )

    async def test_what_is_forgotten_had_run_out(self, store: Store) -> None:
        owner = await store.add_project(project())
        task = await claimed(store, owner.id)
        await store.renew("me", at=10_000.0, until=10_015.0)
        await store.forget_leases(10_014.0)
        assert await lost(store, 10_014.0) == set()
        await store.forget_leases(20_000.0)
        assert await lost(store, 20_000.0) == {task.id}
        assert await store.renew("me", at=20_001.0, until=20_016.0) == {task.id}
        assert await lost(store, 20_015.0) == set()
