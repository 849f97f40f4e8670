"""What every store must find: subclass `BrowsingContract`, give it a `store` fixture."""

import pytest
from msgspec.structs import replace

from tests.tasks.examples import new_task, project
from tests.tasks.store.contract import claim, started
from understudy.tasks import lifecycle
from understudy.tasks.records import Task
from understudy.tasks.store import browsing
from understudy.tasks.store.browsing import TaskFilter
from understudy.tasks.store.store import Store


async def asked(
    store: Store, owner: int, prompt: str = "A road.", *, at: float = 5.0, **fields: object
) -> Task:
    new = new_task(owner)
    task = replace(new.task, values={"prompt": prompt}, created=at, **fields)  # type: ignore[arg-type]
    return (await store.submit(replace(new, task=task)))[0]


async def found(store: Store, **wanted: object) -> list[int]:
    look = await store.browsing.look(TaskFilter(**wanted))  # type: ignore[arg-type]
    return [task.id for task in look.tasks]


class BrowsingContract:
    async def test_pages_begin_with_the_newest(self, store: Store) -> None:
        owner = await store.add_project(project())
        ids = [(await asked(store, owner.id)).id for _ in range(5)]
        first = await store.browsing.look(TaskFilter(), limit=2)
        second = await store.browsing.look(TaskFilter(), beyond=first.beyond, limit=2)
        third = await store.browsing.look(TaskFilter(), beyond=second.beyond, limit=2)
        assert [task.id for look in (first, second, third) for task in look.tasks] == ids[::-1]
        assert third.beyond == 0

    async def test_what_a_task_was_given_and_who_asked(self, store: Store) -> None:
        mine, other = await store.add_project(project()), await store.add_project(project())
        road = await asked(store, mine.id, 'A "narrow" 100% dirt_road; Ünder')
        clip = await asked(store, other.id, "A koala.", model="acme/other", at=50.0)
        assert await found(store, project=mine.id) == [road.id]
        assert await found(store, model="acme/other") == [clip.id]
        assert await found(store, since=50.0) == [clip.id]
        assert await found(store, until=50.0) == [road.id]
        for text in ('"narrow"', "100%", "DIRT_ROAD", "Ünder", str(road.id), road.token):
            assert await found(store, text=text) == [road.id], text
        for text in ("dirt-road", "100_", "%narrow%", "\0", "\ud800", "'"):
            assert await found(store, text=text) == [], text

    async def test_how_far_a_task_is(self, store: Store) -> None:
        owner = await store.add_project(project())
        tasks = [await asked(store, owner.id) for _ in range(5)]
        running, done, failed = await claim(store, places=3)
        assert [running.id, done.id, failed.id] == [task.id for task in tasks[:3]]
        engine = {"name": "animatic", "version": "1", "preview": True}
        done = await started(store, done)
        ended = lifecycle.finish(done, 9.0, pexit="0", engine=engine, stdout="a log")
        assert await store.apply(done.id, ended)
        assert await store.apply(failed.id, lifecycle.fail(failed, 9.0, "no luck"))
        assert await store.apply(tasks[3].id, lifecycle.cancel(9.0))
        stages = {
            stage: await found(store, stage=stage)
            for stage in ("waiting", "running", "done", "failed", "cancelled")
        }
        assert stages == {
            "waiting": [tasks[4].id],
            "running": [running.id],
            "done": [done.id],
            "failed": [failed.id],
            "cancelled": [tasks[3].id],
        }
        assert await found(store, engine="animatic") == [done.id]
        assert await found(store, engine="anim") == []
        (shown,) = (await store.browsing.look(TaskFilter(stage="done"))).tasks
        assert (shown.stdout, shown.engine) == ("", engine)

    async def test_a_look_goes_so_far_and_no_further(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(browsing, "LOOKED_THROUGH", 3)
        owner = await store.add_project(project())
        old = await asked(store, owner.id, "old")
        for _ in range(4):
            await asked(store, owner.id)
        first = await store.browsing.look(TaskFilter(text="old"))
        assert (first.tasks, first.beyond) == ([], old.id + 2)
        second = await store.browsing.look(TaskFilter(text="old"), beyond=first.beyond)
        assert ([task.id for task in second.tasks], second.beyond) == ([old.id], 0)
