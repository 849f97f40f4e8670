"""A process that stands still for so long that it counts as gone, and then writes the record of what it had put up."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable
from pathlib import Path

import msgspec
import pytest

from tests.postgres import stores
from tests.tasks.examples import project
from understudy.errors import StorageFailed
from understudy.files.folder import FolderStorage
from understudy.tasks import shelf
from understudy.tasks.file_records import new_file
from understudy.tasks.housekeeping import Housekeeping
from understudy.tasks.records import File, ProjectLimits
from understudy.tasks.shelf import Shelf
from understudy.tasks.store.postgres.store import PostgresStore


class Slow(FolderStorage):
    """Deletes when it is allowed to."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.may_delete = asyncio.Event()
        self.is_deleting = asyncio.Event()
        self.may_delete.set()
        self.is_away = False

    async def delete(self, keys: Iterable[str]) -> None:
        if self.is_away:
            raise StorageFailed("away")
        self.is_deleting.set()
        await self.may_delete.wait()
        await super().delete(keys)


class Two(msgspec.Struct):
    """Two processes, one of which has given no sign of life."""

    writer: Shelf
    sweeper: Shelf
    store: PostgresStore
    storage: Slow
    file: File
    path: Path

    async def is_there(self) -> bool:
        return await self.storage.head(self.file.key) is not None

    async def notes(self) -> list[str]:
        return list(await self.store.take_abandoned_shelvings("nobody", 1.0))


@pytest.fixture
async def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Two]:
    monkeypatch.setattr(shelf, "STALE_SECONDS", 0.0)
    monkeypatch.setattr(shelf, "_RETRY_SECONDS", 0.05)
    storage = Slow(tmp_path / "files")
    async with stores(2) as (one, other):
        tenant = await one.add_project(project())
        file = new_file("upload", project=tenant.id, name="a.mp4", content_type="video/mp4", size=4, at=1.0)
        (tmp_path / "a.mp4").write_bytes(b"clip")
        yield Two(
            writer=Shelf(store=one, storage=storage, notes=one, owner="writer"),
            sweeper=Shelf(store=other, storage=storage, notes=other, owner="sweeper"),
            store=one,
            storage=storage,
            file=file,
            path=tmp_path / "a.mp4",
        )


async def test_what_was_swept_under_it_is_there_again(two: Two) -> None:
    async with two.writer.holding({two.file: two.path}):
        assert await two.sweeper.sweep(1.0) == 1
        assert not await two.is_there()
        await two.store.add_file(two.file)
    assert await two.is_there()
    assert await two.notes() == []


async def test_what_is_just_being_swept_is_there_in_the_end(two: Two) -> None:
    two.storage.may_delete.clear()
    async with two.writer.holding({two.file: two.path}):
        sweeping = asyncio.create_task(two.sweeper.sweep(1.0))
        await two.storage.is_deleting.wait()  # it has looked: there was no record
        await two.store.add_file(two.file)
        asyncio.get_running_loop().call_later(0.3, two.storage.may_delete.set)
    assert await two.is_there()
    assert await sweeping == 1
    assert await two.notes() == []


async def test_a_sweep_that_broke_off_is_finished_by_who_began_it(two: Two) -> None:
    assert await two.store.lead("process sweeper", "sweeper", at=0.0, until=60.0)
    async with asyncio.timeout(10), two.writer.holding({two.file: two.path}):
        two.storage.is_away = True
        with pytest.raises(StorageFailed):
            await two.sweeper.sweep(1.0)
        await two.store.add_file(two.file)
        two.storage.is_away = False
        later = asyncio.create_task(_in_a_moment(two.sweeper.sweep(1.0)))
    await later
    assert await two.is_there()
    assert await two.notes() == []


async def test_what_nobody_swept_is_left_alone(two: Two) -> None:
    async with two.writer.holding({two.file: two.path}):
        await two.store.add_file(two.file)
    assert await two.is_there()
    assert await two.sweeper.sweep(1.0) == 0
    assert await two.is_there()


async def test_who_deletes_files_for_minutes_is_alive_all_the_same(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("understudy.tasks.housekeeping.BEAT_SECONDS", 0.1)
    monkeypatch.setattr("understudy.tasks.housekeeping.GONE_SECONDS", 0.6)
    two.storage.may_delete.clear()
    await two.writer._noted({two.file.id: two.file.key})  # of one that is gone: there is something to sweep
    busy = Housekeeping(
        store=two.store, shelf=two.sweeper, clock=lambda: 1.0, owner="busy", limits=ProjectLimits()
    )
    await busy.start()
    await two.storage.is_deleting.wait()
    await asyncio.sleep(1.0)
    assert (await two.store.leases(1.0)).get("process busy") == "busy"
    two.storage.may_delete.set()
    await busy.stop()


async def _in_a_moment(work: Awaitable[object]) -> None:
    await asyncio.sleep(0.2)
    await work
