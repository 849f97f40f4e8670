"""What is done now and then, by processes that share a store; minutes and days pass in virtual time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.fire.simulation.loop import VirtualLoop
from tests.fire.simulation.writer import OnTheLoop, open_on_the_loop
from tests.tasks.examples import new_task, project
from understudy.errors import StoreUnavailable
from understudy.files.folder import FolderStorage
from understudy.tasks import lifecycle
from understudy.tasks.file_records import new_file
from understudy.tasks.housekeeping import BEAT_SECONDS, GONE_SECONDS, Housekeeping
from understudy.tasks.records import File, Project, ProjectLimits
from understudy.tasks.shelf import Shelf
from understudy.tasks.store.sqlite.store import SqliteStore

MINUTES = 60.0
A_DAY = 24 * 60 * MINUTES
EPOCH = 1_800_000_000.0


class Common(SqliteStore):
    """The embedded store with what several processes need to agree: leases and notes."""

    shared = True

    def __init__(self, writer: OnTheLoop, of: SqliteStore) -> None:
        super().__init__(writer, of._reading)
        self.away = False
        self.held: dict[str, tuple[str, float]] = {}
        self.notes: dict[str, tuple[str, dict[str, str]]] = {}

    async def lead(self, what: str, owner: str, *, at: float, until: float) -> bool:
        if self.away:
            raise StoreUnavailable("away")
        holder, ends = self.held.get(what, (owner, 0.0))
        if holder != owner and ends > at:
            return False
        self.held[what] = (owner, until)
        return True

    async def leave(self, owner: str) -> None:
        self.held = {what: each for what, each in self.held.items() if each[0] != owner}

    async def leases(self, at: float) -> dict[str, str]:
        return {what: owner for what, (owner, until) in self.held.items() if until > at}

    async def forget_leases(self, at: float) -> None:
        self.held = {what: each for what, each in self.held.items() if each[1] > at - 60 * MINUTES}

    async def note_shelving(self, note: str, owner: str, put: Mapping[str, str]) -> None:
        self.notes[note] = (owner, dict(put))

    async def drop_shelvings(self, notes: Sequence[str]) -> set[str]:
        return {note for note in notes if self.notes.pop(note, None)}

    async def take_abandoned_shelvings(
        self, owner: str, at: float, limit: int = 100
    ) -> dict[str, dict[str, str]]:
        leases = await self.leases(at)
        gone = {note: put for note, (of, put) in self.notes.items() if f"process {of}" not in leases}
        for note, put in gone.items():
            del self.notes[note]
            self.notes[f"{note} taken"] = (owner, put)
        return {f"{note} taken": put for note, put in gone.items()}

    async def is_being_swept(self, note: str) -> bool:
        return f"{note} taken" in self.notes


class Site:
    """A store and a storage, and processes that come and go."""

    def __init__(self, folder: Path) -> None:
        of, writer = open_on_the_loop(folder / "tasks.db")
        self.store = Common(writer, of)
        self.storage = FolderStorage(folder / "files")
        self.folder = folder
        self.owner: Project
        self._clip = folder / "clip"
        self._clip.write_bytes(b"clip")

    def now(self) -> float:
        return EPOCH + asyncio.get_running_loop().time()

    def shelf(self, owner: str) -> Shelf:
        return Shelf(store=self.store, storage=self.storage, notes=self.store, owner=owner)

    def house(self, owner: str, keep_minutes: float = 0.0) -> Housekeeping:
        limits = ProjectLimits(keep_days=keep_minutes * MINUTES / A_DAY)
        return Housekeeping(
            store=self.store, shelf=self.shelf(owner), clock=self.now, owner=owner, limits=limits
        )

    @asynccontextmanager
    async def process(self, owner: str, keep_minutes: float = 0.0) -> AsyncIterator[Housekeeping]:
        house = self.house(owner, keep_minutes)
        await house.start()
        try:
            yield house
        finally:
            await house.stop()

    def file(self, owner: Project | None = None) -> File:
        project = (owner or self.owner).id
        return new_file(
            "input", project=project, name="a.png", content_type="image/png", size=4, at=self.now()
        )

    async def task_over(self, owner: Project | None = None) -> tuple[int, File]:
        """A task that is over now, and its file."""
        file = self.file(owner)
        async with self.shelf("who submits").holding({file: self._clip}):
            new = new_task((owner or self.owner).id, new={"files": (file,)}, created=self.now())
            task, _ = await self.store.submit(new)
        assert await self.store.apply(task.id, lifecycle.kill(self.now()))
        return task.id, file

    def has(self, file: File) -> bool:
        path = self.storage.local_path(file.key)
        return path is not None and path.exists()


@pytest.fixture
def at_a_site(tmp_path: Path) -> Callable[[Callable[[Site], Awaitable[None]]], None]:
    """Runs a test in virtual time."""

    def run(test: Callable[[Site], Awaitable[None]]) -> None:
        async def whole() -> None:
            site = Site(tmp_path)
            site.owner = await site.store.add_project(project())
            await test(site)
            await site.store.close()

        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(whole())

    return run


AtASite = Callable[[Callable[[Site], Awaitable[None]]], None]


def test_files_are_deleted_when_they_were_kept_long_enough(at_a_site: AtASite) -> None:
    async def test(site: Site) -> None:
        long = await site.store.add_project(project(limits=ProjectLimits(keep_days=40 * MINUTES / A_DAY)))
        async with site.process("a", keep_minutes=20):
            task, file = await site.task_over()
            kept, kept_file = await site.task_over(long)
            await asyncio.sleep(19 * MINUTES)
            assert site.has(file)
            await asyncio.sleep(3 * MINUTES)
            assert not site.has(file)
            assert await site.store.files_of(task) == []
            assert (found := await site.store.task(task)) is not None
            assert found.files_deleted
            assert site.has(kept_file)
            await asyncio.sleep(20 * MINUTES)
            assert not site.has(kept_file)
            assert await site.store.files_of(kept) == []

    at_a_site(test)


def test_without_a_limit_they_stay(at_a_site: AtASite) -> None:
    async def test(site: Site) -> None:
        _, file = await site.task_over()
        await asyncio.sleep(1000 * A_DAY)
        async with site.process("a"):
            await asyncio.sleep(3 * MINUTES)
            assert site.has(file)

    at_a_site(test)


def test_one_process_keeps_house_and_another_takes_over(at_a_site: AtASite) -> None:
    async def test(site: Site) -> None:
        async with site.process("a") as first, site.process("b") as second:
            await asyncio.sleep(2 * BEAT_SECONDS)
            assert (await first.leads("housekeeping"), await second.leads("housekeeping")) == (
                True,
                False,
            )
            leases = await site.store.leases(site.now())
            assert leases == {"process a": "a", "process b": "b", "housekeeping": "a"}
            await first.stop()
            await asyncio.sleep(2 * BEAT_SECONDS)
            assert await site.store.leases(site.now()) == {"process b": "b", "housekeeping": "b"}

    at_a_site(test)


def test_leases_of_dead_processes_are_forgotten(at_a_site: AtASite) -> None:
    async def test(site: Site) -> None:
        await site.store.lead("process dead", "dead", at=site.now(), until=site.now() + GONE_SECONDS)
        async with site.process("a"), site.process("b"):
            await asyncio.sleep(59 * MINUTES)
            assert "process dead" in site.store.held
            await asyncio.sleep(4 * MINUTES)
            assert {*site.store.held} == {"process a", "process b", "housekeeping"}

    at_a_site(test)


def test_what_a_dead_process_left_is_swept_and_what_a_living_one_is_at_is_not(at_a_site: AtASite) -> None:
    async def test(site: Site) -> None:
        async with site.process("a"), site.process("b"):
            dead = site.house("c")
            await dead.start()
            left, at_hand = site.file(), site.file()
            for owner, file in (("c", left), ("b", at_hand)):
                await site.store.note_shelving(f"note of {owner}", owner, {file.id: file.key})
                await site.storage.put(file.key, site._clip)
            for loop in dead._loops:
                loop.cancel()
            await asyncio.sleep(GONE_SECONDS - 1)
            assert site.has(left)
            await asyncio.sleep(GONE_SECONDS + BEAT_SECONDS)
            assert not site.has(left)
            assert site.has(at_hand)
            assert [*site.store.notes] == ["note of b"]

    at_a_site(test)


def test_who_deletes_for_minutes_is_not_taken_for_gone(at_a_site: AtASite) -> None:
    async def test(site: Site) -> None:
        class Slow(FolderStorage):
            async def delete(self, keys: Sequence[str]) -> None:
                await asyncio.sleep(30)
                await super().delete(keys)

        for _ in range(20):
            await site.task_over()
        site.storage = Slow(site.folder / "files")
        await asyncio.sleep(30 * MINUTES)
        async with site.process("a", keep_minutes=20), site.process("b"):
            for _ in range(30):
                await asyncio.sleep(10)
                leases = await site.store.leases(site.now())
                assert (leases["process a"], leases["housekeeping"]) == ("a", "a")

    at_a_site(test)


def test_after_the_store_was_away_everybody_gets_time_to_give_a_sign_of_life(at_a_site: AtASite) -> None:
    async def test(site: Site) -> None:
        async with site.process("a"):
            await asyncio.sleep(3)
            async with site.process("b"):
                await asyncio.sleep(2 * GONE_SECONDS)
                file = site.file()
                await site.store.note_shelving("note", "b", {file.id: file.key})
                await site.storage.put(file.key, site._clip)
                site.store.away = True
                await asyncio.sleep(2 * GONE_SECONDS)
                site.store.away = False
                await asyncio.sleep(3 * GONE_SECONDS)
                assert site.has(file), "its process lives, and is about to write the record"

    at_a_site(test)


def test_what_fails_is_tried_again(at_a_site: AtASite, caplog: pytest.LogCaptureFixture) -> None:
    async def test(site: Site) -> None:
        _, file = await site.task_over()
        async with site.process("a"):
            site.store.away = True
            await asyncio.sleep(20 * MINUTES)
            site.store.away = False
            await site.store.change_project(
                site.owner.id, limits=replace(site.owner.limits, keep_days=10 * MINUTES / A_DAY)
            )
            await asyncio.sleep(2 * GONE_SECONDS)
            assert not site.has(file)
        assert "housekeeping waits" in caplog.text

    at_a_site(test)
