"""Backups: made while a server runs, brought back whole or not at all."""

import asyncio
import gzip
import sqlite3
import stat
import tarfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from tests.postgres import server as postgres
from tests.remembered import as_if_stopped, everything, fill, running
from tests.server.caller import Caller, caller, understudy
from tests.tasks.examples import project
from tests.tasks.store.contract import a_file, claim, ended, submitted
from understudy import data_folder
from understudy.config import Settings, load_settings
from understudy.errors import ConfigurationError, StorageFailed
from understudy.files.bucket import open_bucket
from understudy.files.storage import Storage, open_storage
from understudy.moving import archive, backup_files, postgres_end
from understudy.moving import backup as backups
from understudy.moving import restore as restores
from understudy.moving.archive import ArchiveWriter, Contents, Gone, Manifest
from understudy.moving.backup import backup
from understudy.moving.refusals import NotWhole
from understudy.moving.restore import restore
from understudy.moving.sqlite_end import opened, reading_sqlite
from understudy.moving.stored_files import files_of
from understudy.stores import open_projects, store_of
from understudy.tasks.records import File
from understudy.tasks.store.sqlite.migrations import scripts, statements
from understudy.testing.live import Live, live

KEY = "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg="


def settings_of(data: Path, **given: str) -> Settings:
    return load_settings(None, {}, {"data": data, **given})


async def known(settings: Settings) -> dict[str, object]:
    async with store_of(settings, settings.data) as store:
        return await everything(store)


@pytest.fixture
async def source(tmp_path: Path) -> Settings:
    """A data folder with a project, a task with its clip, and something of everything."""
    settings = settings_of(tmp_path / "data")
    async with open_projects(settings, make=True) as projects:
        await projects.create("first")
    async with store_of(settings, settings.data) as store:
        await fill(store)
    async with reading_sqlite(settings.data / "understudy.db") as reader:
        async for file in files_of(reader):
            await storage_of(settings).put_bytes(file.key, b"7 bytes")
    data_folder.write_credentials(settings.data, url="http://127.0.0.1:1", api_key="k", api_secret="s")
    return settings


def storage_of(settings: Settings) -> Storage:
    return open_storage(settings.storage or settings.data / "files")


async def keys_in(storage: Storage) -> list[str]:
    return sorted([kept.key async for kept in storage.keys("")])


def contents_of(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {"lock"}


async def test_everything_comes_back(source: Settings, tmp_path: Path) -> None:
    file = tmp_path / "u.tar"
    contents = await backup(source, file, files=True)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (contents.missing, contents.deleted) == ((), ())
    before = await known(source)
    target = settings_of(tmp_path / "again")
    restored = await restore(target, file)
    assert (restored.returned, restored.open_purchases, restored.waiting_webhooks) == (1, 1, 2)
    assert as_if_stopped(await known(target)) == as_if_stopped(before)
    assert contents_of(target.data) == contents_of(source.data) - {"understudy.db-wal", "understudy.db-shm"}
    for name in ("secret.key", "credentials.json"):
        assert (target.data / name).read_text() == (source.data / name).read_text()
        assert stat.S_IMODE((target.data / name).stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "data", "u.tar"]


async def test_without_files_only_their_records_come(source: Settings, tmp_path: Path) -> None:
    contents = await backup(source, tmp_path / "u.tar", files=False)
    assert (contents.files, contents.rows["files"]) == (0, 10)
    target = settings_of(tmp_path / "again")
    await restore(target, tmp_path / "u.tar")
    assert contents_of(target.data) == {"understudy.db", "secret.key", "credentials.json"}


async def test_it_can_be_read_with_what_every_machine_has(source: Settings, tmp_path: Path) -> None:
    await backup(source, tmp_path / "u.tar", files=True)
    with tarfile.open(tmp_path / "u.tar") as tar:
        tar.extractall(tmp_path / "by hand", filter="data")
    by_hand = tmp_path / "by hand"
    check = await asyncio.create_subprocess_exec("sha256sum", "--check", "--quiet", "SHA256SUMS", cwd=by_hand)
    assert await check.wait() == 0
    assert gzip.decompress((by_hand / "understudy.db.gz").read_bytes()).startswith(b"SQLite format 3")


async def test_from_postgresql_and_into_it(source: Settings, tmp_path: Path) -> None:
    """A backup does not know where it came from: each kind of store can be restored into the other."""
    before = as_if_stopped(await known(source))
    url = await postgres().new_database("template0")
    shared = settings_of(tmp_path / "node", database=url)
    await backup(source, tmp_path / "one.tar", files=True)
    restored = await restore(shared, tmp_path / "one.tar")
    assert restored.returned == 1
    assert as_if_stopped(await known(shared)) == before
    with pytest.raises(ConfigurationError, match="rows in the table projects already"):
        await restore(shared, tmp_path / "one.tar")
    async with store_of(shared, shared.data) as store:
        held = await running(store, 1)
    await backup(shared, tmp_path / "two.tar", files=False)
    embedded = settings_of(tmp_path / "again")
    assert (await restore(embedded, tmp_path / "two.tar")).returned == 1
    assert as_if_stopped(await known(embedded)) == as_if_stopped(await known(shared))
    assert held.id in (await known(embedded))["tasks"]  # type: ignore[operator]


async def test_what_is_there_is_not_undone_by_what_comes_after_it(
    source: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when another process has taken the last connection that the server gives."""
    url = await postgres().new_database("template0")
    shared = settings_of(tmp_path / "node", database=url)
    await backup(source, tmp_path / "one.tar", files=True)
    opened, connections = postgres_end.first_connection, list[str]()

    async def few(url: str) -> object:
        connections.append(url)
        return await opened(url if len(connections) < 3 else f"{url}_gone")

    monkeypatch.setattr(postgres_end, "first_connection", few)
    await restore(shared, tmp_path / "one.tar")
    assert len(connections) == 3
    monkeypatch.undo()
    assert as_if_stopped(await known(shared)) == as_if_stopped(await known(source))
    assert await keys_in(storage_of(shared)) == await keys_in(storage_of(source))


async def test_a_key_from_the_environment_is_kept_and_compared(source: Settings, tmp_path: Path) -> None:
    key = (source.data / "secret.key").read_text().strip()
    (source.data / "secret.key").unlink()
    with pytest.raises(ConfigurationError, match="There is no secret key: neither UNDERSTUDY_SECRET_KEY nor"):
        await backup(source, tmp_path / "u.tar", files=False)
    with pytest.raises(ConfigurationError, match="sealed with another secret key"):
        await backup(settings_of(source.data, secret_key=KEY), tmp_path / "u.tar", files=False)
    assert not (tmp_path / "u.tar").exists()
    await backup(settings_of(source.data, secret_key=key), tmp_path / "u.tar", files=False)
    with pytest.raises(ConfigurationError, match="another one than that of the settings") as told:
        await restore(settings_of(tmp_path / "again", secret_key=KEY), tmp_path / "u.tar")
    assert KEY not in str(told.value)
    assert key not in str(told.value)
    await restore(settings_of(tmp_path / "again", secret_key=key), tmp_path / "u.tar")
    assert not (tmp_path / "again" / "secret.key").exists()


async def test_only_what_is_empty_is_filled(source: Settings, tmp_path: Path) -> None:
    await backup(source, tmp_path / "u.tar", files=True)
    with pytest.raises(ConfigurationError, match=r"has understudy\.db already"):
        await restore(source, tmp_path / "u.tar")
    target = settings_of(data_folder.make(tmp_path / "again"))
    with data_folder.locked(target.data), pytest.raises(ConfigurationError, match="in use by a server"):
        await restore(target, tmp_path / "u.tar")
    (target.data / "secret.key").write_text(KEY)
    with pytest.raises(ConfigurationError, match=r"has another secret\.key already"):
        await restore(target, tmp_path / "u.tar")
    assert contents_of(target.data) == {"secret.key"}


async def test_what_is_damaged_is_noticed_and_leaves_nothing(source: Settings, tmp_path: Path) -> None:
    file = tmp_path / "u.tar"
    await backup(source, file, files=True)
    whole = file.read_bytes()
    with tarfile.open(file) as tar:
        places = [(member.name, member.offset_data, member.offset) for member in tar]
    damaged = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for _, at, _ in places]
    cut = [whole[:at] for _, data, start in places for at in (start, data, data + 1)]
    other = tmp_path / "other.tar"
    with tarfile.open(other, "w") as tar:
        tar.add(__file__, "manifest.json")
    target = settings_of(tmp_path / "again")
    for content in (*damaged, *cut, b"", b"no tar at all", other.read_bytes()):
        file.write_bytes(content)
        with pytest.raises(NotWhole, match=r"u\.tar"):
            await restore(target, file)
        assert contents_of(target.data) == set()
    with pytest.raises(NotWhole, match="There is no backup"):
        await restore(target, tmp_path / "missing.tar")
    file.write_bytes(whole)
    await restore(target, file)


@pytest.mark.parametrize("newer", [{"format": archive.FORMAT + 1}, {"schema": len(scripts()) + 1}])
async def test_a_newer_versions_is_refused(tmp_path: Path, newer: dict[str, int]) -> None:
    manifest = Manifest(format=archive.FORMAT, program="99.1", schema=len(scripts()), made=1.0, files=False)
    writing = ArchiveWriter(tmp_path / "u.tar")
    writing.add_bytes(archive.MANIFEST, msgspec.json.encode(replace(manifest, **newer)))
    writing.finish()
    writing.close()
    with pytest.raises(ConfigurationError, match=r"was written by Understudy 99\.1, which is newer"):
        await restore(settings_of(tmp_path / "again"), tmp_path / "u.tar")


async def test_an_older_versions_is_brought_up_to_date(source: Settings, tmp_path: Path) -> None:
    """The oldest schema there was, as its migration left it."""
    old = settings_of(tmp_path / "old")
    data_folder.make(old.data)
    (old.data / "secret.key").write_text(KEY)
    with closing(sqlite3.connect(old.data / "understudy.db", isolation_level=None)) as connection:
        for statement in statements(scripts()[0][1]):
            connection.execute(statement)
        connection.execute("PRAGMA user_version = 1")
    contents = await backup(old, tmp_path / "u.tar", files=True)
    assert contents.rows["projects"] == 0
    with opened(old.data / "understudy.db") as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    await restore(settings_of(tmp_path / "again"), tmp_path / "u.tar")


async def one_more(settings: Settings) -> tuple[File, File]:
    """A finished task with a clip and a thumbnail; what is stored of them."""
    async with store_of(settings, settings.data) as store:
        await submitted(store, (await store.add_project(project())).id, model="acme/new")
        (task,) = await claim(store, "me", "acme/new")
        files = (
            a_file(task=task.id, project=task.project),
            a_file("thumbnail", task=task.id, project=task.project),
        )
        await ended(store, task, files=files)
    for file in files:
        await storage_of(settings).put_bytes(file.key, b"7 bytes")
    return files


async def test_what_is_deleted_meanwhile_is_in_neither_part(
    source: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip, thumbnail = await one_more(source)
    snapshot: Callable[..., Awaitable[None]] = backups._snapshot

    async def then_deleted(*given: object) -> None:
        await snapshot(*given)
        async with store_of(source, source.data) as store:
            await store.delete_files(clip.task)
        # The thumbnail's turn comes when the backup has it already.
        await storage_of(source).delete([clip.key])

    monkeypatch.setattr(backups, "_snapshot", then_deleted)
    contents = await backup(source, tmp_path / "u.tar", files=True)
    gone = {Gone(key=file.key, task=clip.task) for file in (clip, thumbnail)}
    assert (set(contents.deleted), contents.missing) == (gone, ())
    target = settings_of(tmp_path / "again")
    await restore(target, tmp_path / "u.tar")
    async with store_of(target, target.data) as store:
        assert await store.files_of(clip.task) == []
        task = await store.task(clip.task)
        assert task is not None
        assert task.files_deleted
    assert not {clip.key, thumbnail.key} & {*await keys_in(storage_of(target))}


async def test_what_the_storage_has_lost_is_told(source: Settings, tmp_path: Path) -> None:
    clip, thumbnail = await one_more(source)
    await storage_of(source).delete([clip.key])
    await storage_of(source).put_bytes(thumbnail.key, b"cut")
    contents = await backup(source, tmp_path / "u.tar", files=True)
    assert {gone.key for gone in contents.missing} == {clip.key, thumbnail.key}
    target = settings_of(tmp_path / "again")
    assert (await restore(target, tmp_path / "u.tar")).contents.missing == contents.missing
    async with store_of(target, target.data) as store:
        assert len(await store.files_of(clip.task)) == 2


async def test_files_of_a_bucket(source: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = open_bucket("memory:///")
    for key in await keys_in(storage_of(source)):
        await bucket.put_bytes(key, b"7 bytes")
    before = await keys_in(bucket)
    for part in (backup_files, restores):
        monkeypatch.setattr(part, "open_storage", lambda _: bucket)
    contents = await backup(source, tmp_path / "u.tar", files=True)
    assert (contents.files, contents.missing) == (len(before), ())
    await bucket.delete(before[2:])
    # What is there already stays, whatever becomes of the rest.
    whole = (tmp_path / "u.tar").read_bytes()
    (tmp_path / "u.tar").write_bytes(whole[: len(whole) // 4 * 3])
    with pytest.raises(NotWhole):
        await restore(settings_of(tmp_path / "again"), tmp_path / "u.tar")
    assert await keys_in(bucket) == before[:2]
    (tmp_path / "u.tar").write_bytes(whole)
    await restore(settings_of(tmp_path / "again"), tmp_path / "u.tar")
    assert await keys_in(bucket) == before


async def test_an_earlier_backup_stays_until_there_is_another(
    source: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "u.tar"
    await backup(source, file, files=False)
    first = file.read_bytes()
    (tmp_path / ".u.tar.draft").mkdir()
    (tmp_path / ".u.tar.draft" / "archive").write_bytes(b"of one that was killed")

    async def fails(*_: object) -> Contents:
        raise StorageFailed("the bucket is away")

    with monkeypatch.context() as broken:
        broken.setattr(backups, "write_files", fails)
        with pytest.raises(StorageFailed):
            await backup(source, file, files=True)
    assert file.read_bytes() == first
    with backups._drafts(file), pytest.raises(ConfigurationError, match="Another backup is being written"):
        await backup(source, file, files=True)
    await backup(source, file, files=True)
    assert file.read_bytes() != first
    for wrong in (tmp_path, tmp_path / "missing" / "u.tar"):
        with pytest.raises(ConfigurationError, match="is no place for a backup"):
            await backup(source, wrong, files=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "u.tar"]


def outputs(me: Caller, id: str) -> list[bytes]:
    return [me.http.get(output["url"]).content for output in me.task(id)["outputs"]]


QUICK = "server.drain_seconds = 0\nreplicas.kill_grace_seconds = 0.1\nengine.trouble.replicas = 2\n"


@contextmanager
def busy_elsewhere(server: Live) -> Iterator[None]:
    """Others ask for clips, and get them, all the time."""
    over = threading.Event()

    def ask() -> None:
        with caller(server) as other:
            while not over.is_set():
                other.run("Rain.")
                time.sleep(0.02)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        with caller(server) as me:
            me.end_of(me.run("Rain.")[0])
        yield
    finally:
        over.set()
        asking.join()


def backed_up(server: Live, tmp_path: Path, *more: str) -> tuple[str, list[bytes], str]:
    """While one task has ended and one is running: the first with its clip, and the second."""
    with caller(server) as me:
        done, _ = me.run("A road.")
        me.end_of(done)
        busy, _ = me.run("[sleep 60]")
        me.reached(busy, "task_output")
        clips = outputs(me, done)
        with busy_elsewhere(server):
            made = understudy("backup", str(tmp_path / "u.tar"), "--files", *more, data=server.data)
        assert (made["missing"], made["deleted"]) == (0, 0)
        # A clip and its thumbnail each; more than the first, since others went on.
        assert made["files"] == made["rows"]["files"] > 2
        assert made["files"] % 2 == 0
    return done, clips, busy


def works_on(server: Live, done: str, clips: list[bytes], busy: str) -> None:
    """With the keys that it had: old tasks are there with their files, the one that was running runs, new ones end."""
    with caller(server) as me:
        assert outputs(me, done) == clips
        assert clips[0][4:8] == b"ftyp"
        me.reached(busy, "task_output")
        assert me.post("Task/Kill", taskid=busy)["result"]
        fresh, _ = me.run("Another road.")
        assert me.end_of(fresh)["pexit"] == "0"
        assert [each["id"] for each in me.post("Task/List", limit="100")["tasklist"]].count(fresh) == 1
        for task in me.post("Task/List", limit="100", status="task_postprocess_end")["tasklist"]:
            (clip,) = outputs(me, task["id"])
            assert clip[4:8] == b"ftyp"


def test_a_server_goes_on_from_a_backup(tmp_path: Path) -> None:
    with live(tmp_path / "one", engine="trouble", config=QUICK) as server:
        kept = backed_up(server, tmp_path)
    restored = understudy("restore", str(tmp_path / "u.tar"), data=tmp_path / "two" / "data")
    assert restored["returned"] >= 1
    with live(tmp_path / "two", engine="trouble", config=QUICK) as server:
        works_on(server, *kept)


def test_a_cluster_goes_on_from_a_backup(tmp_path: Path) -> None:
    urls = [asyncio.run(postgres().new_database("template0")) for _ in range(2)]
    config = [f'{QUICK}database = "{url}"\n' for url in urls]
    with live(tmp_path / "one", engine="trouble", config=config[0]) as server:
        kept = backed_up(server, tmp_path, "--database", urls[0])
    data = tmp_path / "two" / "data"
    restored = understudy("restore", str(tmp_path / "u.tar"), "--database", urls[1], data=data)
    assert restored["returned"] >= 1
    with live(tmp_path / "two", engine="trouble", config=config[1]) as server:
        works_on(server, *kept)
