import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

from tests.tasks.examples import project
from understudy.errors import ReplicaLost, StorageFailed, StoreUnavailable
from understudy.files.folder import FolderStorage
from understudy.files.storage import Storage
from understudy.tasks.file_records import new_file
from understudy.tasks.records import File
from understudy.tasks.shelf import FolderNotes, Shelf
from understudy.tasks.store.sqlite.store import SqliteStore, open_sqlite


class Room(msgspec.Struct):
    """A shelf and what it stands on."""

    shelf: Shelf
    store: SqliteStore
    storage: FolderStorage
    folder: Path

    def file(self, content: bytes = b"clip") -> tuple[File, Path]:
        file = new_file("upload", project=1, name="a.mp4", content_type="video/mp4", size=4, at=1.0)
        path = self.folder / file.id
        path.write_bytes(content)
        return file, path

    def notes(self) -> list[Path]:
        return list((self.folder / "notes").iterdir())

    def stored(self) -> set[str]:
        root = self.folder / "files"
        return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    notes = tmp_path / "notes"
    notes.mkdir()
    store = await open_sqlite(tmp_path / "tasks.db")
    await store.add_project(project())
    storage = FolderStorage(tmp_path / "files")
    yield Room(Shelf(store=store, storage=storage, notes=FolderNotes(notes)), store, storage, tmp_path)
    await store.close()


async def test_files_are_there_before_their_records_and_the_note_goes_after_them(room: Room) -> None:
    (one, path), (two, other) = room.file(), room.file()
    async with room.shelf.holding({one: path, two: other}):
        assert room.stored() == {one.key, two.key}
        (note,) = room.notes()
        assert json.loads(note.read_bytes()) == {one.id: one.key, two.id: two.key}
        await room.store.add_file(one)
        await room.store.add_file(two)
    assert room.stored() == {one.key, two.key}
    await room.shelf.close()
    assert room.notes() == []
    assert await room.shelf.sweep(1.0) == 0
    assert room.stored() == {one.key, two.key}


async def test_without_files_nothing_happens(room: Room) -> None:
    async with room.shelf.holding({}):
        assert room.notes() == []


@pytest.mark.parametrize("failure", [RuntimeError, asyncio.CancelledError])
async def test_what_fails_takes_the_files_down(room: Room, failure: type[BaseException]) -> None:
    file, path = room.file()
    with pytest.raises(failure):
        async with room.shelf.holding({file: path}):
            raise failure
    assert room.stored() == set()
    assert room.notes() == []
    assert path.exists(), "the caller's own file is the caller's"


async def test_a_file_that_cannot_be_put_takes_the_others_down(room: Room) -> None:
    (one, path), (two, _) = room.file(), room.file()
    with pytest.raises(StorageFailed):
        async with room.shelf.holding({one: path, two: room.folder / "missing"}):
            raise AssertionError("it was not put")
    assert room.stored() == set()
    assert room.notes() == []


async def test_records_that_are_not_written_after_all(room: Room) -> None:
    file, path = room.file()
    async with room.shelf.holding({file: path}):
        await room.shelf.take_down({file: path})
    assert room.stored() == set()


async def test_the_next_start_takes_down_what_a_crash_left_without_a_record(room: Room) -> None:
    (kept, path), (lost, other) = room.file(), room.file()
    for file, content in ((kept, path), (lost, other)):
        await room.storage.put(file.key, content)
    await room.store.add_file(kept)
    notes = room.folder / "notes"
    (notes / "a").write_bytes(msgspec.json.encode({kept.id: kept.key, lost.id: lost.key}))
    (notes / "b").write_bytes(msgspec.json.encode({"never put": "uploads/aa/never"}))
    (notes / "c").write_bytes(b'{"half a no')
    (notes / "d").touch()
    assert await room.shelf.sweep(1.0) == 2
    assert room.stored() == {kept.key}
    await room.shelf.close()
    assert room.notes() == []
    assert await room.shelf.sweep(1.0) == 0


async def test_who_is_cancelled_while_the_record_is_written_loses_no_file(room: Room) -> None:
    file, path = room.file()

    async def hold() -> None:
        async with room.shelf.holding({file: path}):
            writing = asyncio.create_task(room.store.add_file(file))
            await asyncio.sleep(0)
            writing.cancel()
            await writing

    with pytest.raises(asyncio.CancelledError):
        await hold()
    assert await room.store.file(file.id) == file
    assert room.stored() == {file.key}
    assert room.notes() == []


async def test_without_a_store_the_next_start_decides(room: Room) -> None:
    file, path = room.file()

    async def hold() -> None:
        async with room.shelf.holding({file: path}):
            await room.store.close()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await hold()
    assert room.stored() == {file.key}
    assert len(room.notes()) == 1


class Away(FolderNotes):
    """Notes that are written, and whose answer is lost, as often as is wanted."""

    lost = 0

    async def note_shelving(self, note: str, owner: str, put: Mapping[str, str]) -> None:
        await super().note_shelving(note, owner, put)
        if self.lost:
            self.lost -= 1
            raise StoreUnavailable("The database was lost in the middle.")


async def test_what_could_not_be_tidied_is_tidied_later_by_the_same_process(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("understudy.tasks.shelf._TIDY_SECONDS", 0.01)
    file, path = room.file()
    delete, refusals = room.storage.delete, [StorageFailed("away"), StorageFailed("still away")]

    async def refuse_twice(keys: Iterable[str]) -> None:
        if refusals:
            raise refusals.pop()
        await delete(keys)

    monkeypatch.setattr(room.storage, "delete", refuse_twice)
    with pytest.raises(RuntimeError):
        async with room.shelf.holding({file: path}):
            raise RuntimeError
    assert room.stored() == {file.key}
    async with asyncio.timeout(5):
        while room.notes():
            await asyncio.sleep(0.01)
    assert room.stored() == set()
    await room.shelf.close()


async def test_files_whose_deletion_broke_off_are_deleted_later(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("understudy.tasks.shelf._TIDY_SECONDS", 0.01)
    file, path = room.file()
    file = msgspec.structs.replace(file, task=7)
    async with room.shelf.holding({file: path}):
        await room.store.add_file(file)
    delete, refusals = room.storage.delete, [StorageFailed("away")]

    async def refuse_once(keys: Iterable[str]) -> None:
        if refusals:
            raise refusals.pop()
        await delete(keys)

    monkeypatch.setattr(room.storage, "delete", refuse_once)
    with pytest.raises(StorageFailed):
        await room.shelf.clear(7)
    async with asyncio.timeout(5):
        while room.notes():
            await asyncio.sleep(0.01)
    assert room.stored() == set()
    await room.shelf.close()


async def test_a_note_that_may_have_been_written_is_not_left_behind(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("understudy.tasks.shelf._TIDY_SECONDS", 0.01)
    notes = Away(room.folder / "notes")
    notes.lost = 1
    shelf = Shelf(store=room.store, storage=room.storage, notes=notes)
    file, path = room.file()
    with pytest.raises(StoreUnavailable):
        async with shelf.holding({file: path}):
            pytest.fail("nothing may be written without a note")
    async with asyncio.timeout(5):
        while room.notes():
            await asyncio.sleep(0.01)
    assert room.stored() == set()
    await shelf.close()


class OnANode:
    """A file that is put from elsewhere: as often as the node lives."""

    def __init__(self, lives: int = 9) -> None:
        self.lives = lives
        self.puts = 0

    async def put(self, storage: Storage, key: str) -> None:
        self.lives -= 1
        if self.lives < 0:
            raise ReplicaLost("Its node is gone.")
        self.puts += 1
        await storage.put_bytes(key, b"clip")


async def test_what_a_lost_node_had_sent_is_taken_down_when_it_has_arrived(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("understudy.tasks.shelf._TIDY_SECONDS", 0.1)
    (one, _), (two, _) = room.file(), room.file()
    node = OnANode(lives=1)
    with pytest.raises(ReplicaLost):
        async with room.shelf.holding({one: node, two: node}):
            pytest.fail("it was not put")
    await room.storage.put_bytes(two.key, b"what was on its way")
    assert len(room.notes()) == 1
    async with asyncio.timeout(5):
        while room.notes():
            await asyncio.sleep(0.01)
    assert room.stored() == set()
    await room.shelf.close()


class Swept(FolderNotes):
    """Notes that another process takes, as those of one that is gone."""

    async def drop_shelvings(self, notes: Sequence[str]) -> set[str]:
        await super().drop_shelvings(notes)
        return set()


@pytest.mark.parametrize("lives", [2, 1])
async def test_what_was_swept_is_put_again_from_where_it_is(
    room: Room, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, lives: int
) -> None:
    monkeypatch.setattr("understudy.tasks.shelf.STALE_SECONDS", 0.0)
    monkeypatch.setattr("understudy.tasks.shelf._RETRY_SECONDS", 0.01)
    shelf = Shelf(store=room.store, storage=room.storage, notes=Swept(room.folder / "notes"))
    (file, _), node = room.file(), OnANode(lives)
    async with shelf.holding({file: node}):
        await room.store.add_file(file)
        await room.storage.delete([file.key])
    assert node.puts == lives
    assert room.stored() == ({file.key} if lives == 2 else set())
    assert ("files may be missing" in caplog.text) == (lives == 1)
    await shelf.close()
