"""The front desk on its own: nothing takes tasks up here. What it does with runs is in test_dispatcher."""

import re
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.api.served import picture
from tests.tasks.examples import project
from tests.tasks.house import CLIP
from understudy.catalogue.checked import Checked, Sample, Source, Stored, Upload, Url
from understudy.errors import AddressRefused, InsufficientBalance, InvalidInput, NotAllowed, NotFound
from understudy.files.folder import FolderStorage
from understudy.tasks import lifecycle
from understudy.tasks.desk import Desk
from understudy.tasks.events import Event, Events
from understudy.tasks.lifecycle import Status
from understudy.tasks.records import Project, Task
from understudy.tasks.shelf import FolderNotes, Shelf
from understudy.tasks.store.sqlite.store import SqliteStore, open_sqlite

NOW = 1_734_513_807.25
PROMPT = {"prompt": "A road."}


async def vet(url: str) -> None:
    if "private" in url:
        raise AddressRefused("It leads inside.")


class Front(msgspec.Struct):
    """A desk, and what it said to the dispatcher."""

    desk: Desk
    store: SqliteStore
    events: Events
    folder: Path
    said: list[Any]
    me: Project
    other: Project

    async def submit(self, values: dict[str, Any] | None = None, **given: Any) -> Task:
        sources = given.pop("sources", {})
        checked = Checked(values=values or PROMPT, sources=sources, ignored=given.pop("ignored", ()))
        return await self.desk.submit(given.pop("project", self.me), CLIP, checked, **given)

    def upload(self, name: str = "in.png") -> Upload:
        path = self.folder / name
        path.write_bytes(picture())
        return Upload(path=str(path), name=name, content_type="image/png", size=path.stat().st_size)

    def stored(self) -> set[str]:
        root = self.folder / "files"
        return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}

    async def total(self) -> int:
        return (await self.store.tasks(self.me.id))[0]


@pytest.fixture
async def front(tmp_path: Path) -> AsyncIterator[Front]:
    store = await open_sqlite(tmp_path / "tasks.db")
    yield await assembled(tmp_path, store)
    await store.close()


async def assembled(folder: Path, store: SqliteStore, **given: Any) -> Front:
    storage, events, said = FolderStorage(folder / "files"), Events(), []
    notes = folder / "notes"
    notes.mkdir(exist_ok=True)
    desk = Desk(
        store=store,
        shelf=Shelf(store=store, storage=storage, notes=FolderNotes(notes)),
        events=events,
        vet=vet,
        wake=lambda _: said.append("wake"),
        stop=said.append,
        clock=lambda: NOW,
        **given,
    )
    owners = [await store.add_project(project()) for _ in range(2)]
    return Front(desk, store, events, folder, said, *owners)


async def test_a_submission_is_on_disk_and_the_dispatcher_hears_of_it(front: Front) -> None:
    task = await front.submit(ignored=("b", "a"), callback_url="https://example.com/hook")
    assert await front.store.task(task.id) == task
    assert (task.status, task.project, task.model) == ("task_queue", front.me.id, "acme/clip")
    assert (task.created, task.notes) == (NOW, "Ignored: a, b.")
    assert (task.callback_url, task.cps) == ("https://example.com/hook", "0.000585000000")
    assert re.fullmatch(r"[A-Za-z0-9]{30}", task.token)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", task.uuid)
    assert front.said == ["wake"]
    assert (await front.submit()).token != task.token


@pytest.mark.parametrize(
    ("given", "seed"),
    [(7, 7), ("7", 7), (2**31, None), (2**31 + 5, 5), (-1, 2**31 - 1), (0, None), ("0", None), ("", None)],
)
async def test_seeds(front: Front, given: object, seed: int | None) -> None:
    found = (await front.submit({**PROMPT, "seed": given})).seed
    assert 0 < found < 2**31
    if seed is not None:
        assert found == seed


async def test_any_text_is_a_seed(front: Front) -> None:
    seeds = [(await front.submit({**PROMPT, "seed": text})).seed for text in ("tea", "tea", "coffee")]
    assert seeds[0] == seeds[1] != seeds[2]


async def test_without_a_seed_each_run_is_another(front: Front) -> None:
    assert len({(await front.submit()).seed for _ in range(5)}) > 1


async def test_inputs_are_stored_and_shown_by_address(front: Front) -> None:
    upload = front.upload()
    sources: dict[str, tuple[Source, ...]] = {
        "image": (upload, Url("https://example.com/a.png")),
        "last": (Sample("koala.jpg"),),
    }
    task = await front.submit(sources=sources)
    (key,) = front.stored()
    assert task.sources == {
        "image": (Stored(key, "in.png"), Url("https://example.com/a.png")),
        "last": (Sample("koala.jpg"),),
    }
    shown, url = task.media["image"]
    file = await front.store.file_by_accesskey(shown.split("/")[3])
    assert file is not None
    assert (file.path, file.task, file.role, file.key) == (shown, task.id, "input", key)
    assert url == "https://example.com/a.png"
    assert task.media["last"] == ("/uploads/sampleinputs/koala.jpg",)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"callback_url": "https://private/hook"}, "[callbackUrl] It leads inside."),
        ({"sources": {"image": (Url("https://private/a.png"),)}}, "[image] It leads inside."),
    ],
)
async def test_a_refused_address_leaves_nothing(front: Front, given: dict[str, Any], named: str) -> None:
    sources = {"other": (front.upload(),), **given.pop("sources", {})}
    with pytest.raises(InvalidInput, match=r"Request parameters are invalid\.") as refused:
        await front.submit(sources=sources, **given)
    assert refused.value.details == (named,)
    assert await front.total() == 0
    assert front.stored() == set()
    assert front.said == []


async def test_a_replay_makes_nothing_and_wakes_nobody(front: Front) -> None:
    once = {"idempotency_key": "once", "body_hash": b"1"}
    first = await front.submit(sources={"image": (front.upload(),)}, **once)
    before = front.stored()
    again = await front.submit(sources={"image": (front.upload(),)}, **once)
    assert again == first
    assert front.stored() == before
    assert front.said == ["wake"]
    with pytest.raises(InvalidInput, match="used with other parameters"):
        await front.submit(sources={"image": (front.upload(),)}, **once | {"body_hash": b"2"})
    assert front.stored() == before
    assert (await front.submit(project=front.other, **once)).id != first.id


async def test_a_submission_that_is_refused_for_money_leaves_no_file(front: Front, tmp_path: Path) -> None:
    paid = await assembled(tmp_path, front.store, prepaid=True)
    with pytest.raises(InsufficientBalance):
        await paid.submit(sources={"image": (paid.upload(),)})
    assert paid.stored() == set()
    await front.store.deposit(paid.me.id, Decimal(1), "", NOW)
    await paid.submit()


async def test_tasks_are_found_by_id_and_by_token_and_only_by_their_project(front: Front) -> None:
    task = await front.submit()
    assert await front.desk.find(front.me, id=str(task.id)) == task
    assert await front.desk.find(front.me, token=task.token) == task
    foreign: list[dict[str, str]] = [{"id": str(task.id)}, {"token": task.token}]
    for named in foreign:
        for ask in (front.desk.find, front.desk.kill, front.desk.cancel):
            with pytest.raises(NotFound, match=r"There is no task yet\."):
                await ask(front.other, **named)
    with pytest.raises(NotFound, match="task-not-exist"):
        await front.desk.delete_files(front.other, token=task.token)
    assert await front.store.task(task.id) == task


@pytest.mark.parametrize("id", ["", "0", "-1", "+1", "1.0", " 1", "١", "1" * 19, "9" * 18, "x", "1; --"])
async def test_ids_of_nothing(front: Front, id: str) -> None:
    await front.submit()
    with pytest.raises(NotFound):
        await front.desk.find(front.me, id=id)


async def test_a_token_goes_before_an_id(front: Front) -> None:
    first, second = await front.submit(), await front.submit()
    assert await front.desk.find(front.me, id=str(first.id), token=second.token) == second


async def test_cancel_and_kill_tell_watchers_and_the_dispatcher(front: Front) -> None:
    for stop in (front.desk.cancel, front.desk.kill):
        task = await front.submit()
        watching = front.events.subscribe(task.id)
        stopped = await stop(front.me, id=str(task.id))
        assert (stopped.status, stopped.cancelled, stopped.cost) == ("task_cancel", NOW, "0")
        assert await watching.next() == Event("task_cancel", None, status=True)
        assert front.said[-1] == task.id


async def test_what_is_over_cannot_be_stopped(front: Front) -> None:
    task = await front.submit()
    await front.store.apply(task.id, lifecycle.refuse(task, NOW, "no"))
    said = list(front.said)
    with pytest.raises(NotAllowed, match=r"could not be killed: it is over already \(task_error\)"):
        await front.desk.kill(front.me, id=str(task.id))
    with pytest.raises(NotAllowed, match=r"Task is not in a cancellable state\."):
        await front.desk.cancel(front.me, id=str(task.id))
    assert front.said == said


async def test_a_running_task_can_be_killed_but_not_cancelled(front: Front) -> None:
    task = await front.submit()
    running = await front.store.apply(task.id, lifecycle.advance(task, Status.START, NOW))
    assert running is not None
    with pytest.raises(NotAllowed):
        await front.desk.cancel(front.me, id=str(task.id))
    assert (await front.desk.kill(front.me, id=str(task.id))).status == "task_cancel"


async def test_files_are_deleted_once_the_task_is_over_and_samples_never(front: Front) -> None:
    task = await front.submit(sources={"image": (front.upload(), Sample("koala.jpg"))})
    with pytest.raises(NotAllowed, match="Task must be completed or cancelled before deleting files"):
        await front.desk.delete_files(front.me, token=task.token)
    assert len(front.stored()) == 1
    await front.desk.cancel(front.me, token=task.token)
    for _ in range(2):
        await front.desk.delete_files(front.me, token=task.token)
        assert front.stored() == set()
    after = await front.desk.find(front.me, token=task.token)
    assert after.files_deleted
    assert after.media == task.media, "the record stays"


async def test_uploads_and_folders(front: Front) -> None:
    folder = await front.desk.make_folder(front.me, "clips_2-a")
    below = await front.desk.make_folder(front.me, "below", folder.id)
    assert (folder.role, folder.parent, below.parent) == ("folder", "", folder.id)
    file = await front.desk.upload(front.me, front.upload(), below.id)
    assert await front.store.file(file.id) == file
    assert (file.role, file.parent, file.name, file.task) == ("upload", below.id, "in.png", 0)
    assert front.stored() == {file.key}
    for wrong in ("nobody", file.id):
        with pytest.raises(NotFound, match=r"Folder does not exist\."):
            await front.desk.upload(front.me, front.upload(), wrong)
    with pytest.raises(NotFound, match=r"Folder does not exist\."):
        await front.desk.upload(front.other, front.upload(), folder.id)
    with pytest.raises(NotFound, match=r"Folder does not exist\."):
        await front.desk.make_folder(front.other, "mine", folder.id)
    assert front.stored() == {file.key}


@pytest.mark.parametrize("name", ["", "a b", "a/b", "..", "ä", "a" * 129, "a\n"])
async def test_names_that_no_folder_has(front: Front, name: str) -> None:
    with pytest.raises(InvalidInput, match=r"Request parameters are invalid\.") as refused:
        await front.desk.make_folder(front.me, name)
    assert "1 to 128 letters, digits" in refused.value.details[0]


async def test_files_of_this_server_are_taken_where_they_lie(front: Front, tmp_path: Path) -> None:
    base = "http://private.example/sub"
    at = await assembled(tmp_path, front.store, base_url=base)
    upload = await at.desk.upload(at.me, at.upload("my road.png"))
    url = f"{base}{upload.path.replace(' ', '%20')}"
    task = await at.submit(sources={"image": (Url(url), Sample("koala.jpg"))})
    assert task.sources["image"] == (Stored(upload.key, "my road.png"), Sample("koala.jpg"))
    assert task.media["image"] == (upload.path, "/uploads/sampleinputs/koala.jpg")
    await at.desk.cancel(at.me, token=task.token)
    await at.desk.delete_files(at.me, token=task.token)
    assert upload.key in at.stored(), "the upload is not the task's"
    film = await at.desk.upload(at.me, msgspec.structs.replace(at.upload("a.mp4"), content_type="video/mp4"))
    with pytest.raises(InvalidInput) as refused:
        await at.submit(sources={"image": (Url(f"{base}{film.path}"),)})
    assert refused.value.details == ("[image] The file is video/mp4; only image files are taken here.",)
    folder = await at.desk.make_folder(at.me, "folder")
    for gone in (
        f"{url}.jpg",
        f"{base}/v1/File/{'x' * 30}/a.png",
        f"{base}/v1/File/{folder.accesskey}/folder",
    ):
        with pytest.raises(InvalidInput) as refused:
            await at.submit(sources={"image": (Url(gone),)})
        assert refused.value.details == ("[image] This server has no such file.",)
    for other in (f"{base}/v1/Task/List", f"{base}x{upload.path}"):
        with pytest.raises(InvalidInput) as refused:
            await at.submit(sources={"image": (Url(other),)})
        assert refused.value.details == ("[image] It leads inside.",)
