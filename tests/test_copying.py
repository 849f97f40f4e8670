"""From store to store: all of it arrives, in either direction, or nothing does."""

import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.postgres import server
from tests.remembered import as_if_stopped, everything, fill, running
from tests.tasks.examples import new_task, project
from understudy import data_folder
from understudy.errors import ConfigurationError
from understudy.files.folder import FolderStorage
from understudy.moving.copying import Copied, copy
from understudy.moving.places import Folder, Place, Shared, place_named, reading, writing
from understudy.moving.postgres_end import PostgresWriter
from understudy.moving.refusals import NotWhole
from understudy.moving.schema import bring_up_to_date
from understudy.moving.stored_files import copy_files
from understudy.moving.tables import FILES, TABLES, Total
from understudy.tasks.store.postgres.store import open_postgres
from understudy.tasks.store.sqlite.migrations import scripts
from understudy.tasks.store.sqlite.store import open_sqlite
from understudy.tasks.store.store import Store

EMPTY = "template0"


async def opened(place: Place) -> Store:
    if isinstance(place, Folder):
        place.path.mkdir(exist_ok=True)
        return await open_sqlite(place.database)
    return await open_postgres(place.url, clock=lambda: 0.0)


async def known(place: Place) -> dict[str, Any]:
    store = await opened(place)
    found = await everything(store)
    await store.close()
    return found


async def copied(source: Place, target: Place) -> Copied:
    async with reading(source) as reader, writing(target) as writer:
        return await copy(reader, writer)


@pytest.fixture
async def folder(tmp_path: Path) -> Folder:
    """A data folder with something of everything."""
    place = Folder(tmp_path / "data")
    store = await opened(place)
    await fill(store)
    await store.close()
    return place


@pytest.fixture
async def shared() -> Shared:
    """A database without a schema."""
    return Shared(await server().new_database(EMPTY))


async def tables_of(url: str) -> dict[str, set[str]]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(
        "SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables USING (table_name)"
        " WHERE tables.table_schema = 'public' AND table_type = 'BASE TABLE'"
    )
    await connection.close()
    found: dict[str, set[str]] = {}
    for table, column in rows:
        found.setdefault(table, set()).add(column)
    return found


COPIED = {table.name: set(table.columns) for table in TABLES}


async def test_no_column_of_either_store_is_forgotten(folder: Folder) -> None:
    """A new one has to be added to `moving.tables`, or here with the reason why it stays behind."""
    with closing(sqlite3.connect(folder.database)) as connection:
        names = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        ]
        embedded = {
            name: {row[1] for row in connection.execute(f"PRAGMA table_info({name})")} for name in names
        }
    for follows in ("task_counts", "model_statistics", "sqlite_sequence"):
        del embedded[follows]
    for passing in ("leases", "sessions", "invitations", "reports", "samples"):  # for a while only
        del embedded[passing]
    assert embedded == COPIED
    shared = await tables_of(await server().new_database())
    for follows in ("counts", "changes", "folding", "schema_version"):
        del shared[follows]
    for agreed in ("leases", "shelvings", "buckets", "news", "sessions", "invitations", "reports", "samples"):
        del shared[agreed]
    shared["tasks"].remove("phase")  # follows from the status
    shared["files"].remove("number")  # the order in which they are written
    shared["webhooks"] -= {"taken_until", "wakes"}  # for a while only
    assert shared == COPIED


async def test_to_postgresql_and_back(folder: Folder, shared: Shared, tmp_path: Path) -> None:
    before = await known(folder)
    went = await copied(folder, shared)
    assert went.returned == 1
    there = await known(shared)
    assert as_if_stopped(there) == as_if_stopped(before)
    assert [task.status for task in there["tasks"].values()].count("task_queue") == 3
    assert there["depth"]["task_queue"] == 3
    back = Folder(tmp_path / "back")
    came = await copied(shared, back)
    assert (came.returned, await known(back)) == (0, there)
    assert came.totals == went.totals


async def test_a_store_goes_on_after_it_was_moved(folder: Folder, shared: Shared, tmp_path: Path) -> None:
    await copied(folder, shared)
    await copied(shared, Folder(tmp_path / "back"))
    for place in (shared, Folder(tmp_path / "back")):
        store = await opened(place)
        before = await everything(store)
        replayed = new_task(1, new={"idempotency_key": "once", "body_hash": b"\x00\xff"})
        earlier, again = await store.submit(replayed)
        assert (again, earlier) == (True, before["tasks"][earlier.id])
        task, _ = await store.submit(new_task(2))
        assert task.id > max(before["tasks"])
        assert (await store.add_project(project())).id == 3
        await store.deposit(1, Decimal(1), "again", 3.0)
        assert (await store.ledger(1))[0].id > max(line.id for lines in before["ledger"] for line in lines)
        held_again = await running(store, 2)
        assert (await store.purchases(task=held_again.id))[0].id > 3
        await store.close()


async def test_what_was_moved_while_it_ran_is_bought_once(folder: Folder, shared: Shared) -> None:
    await copied(folder, shared)
    found = await known(shared)
    (open_one,) = [each for listed in found["purchases"] for each in listed if each.state != "settled"]
    task = found["tasks"][open_one.task]
    assert (task.status, task.lease_owner, task.attempts) == ("task_queue", "", 0)
    assert (open_one.state, open_one.remote_id) == ("submitted", "job-7")


async def test_a_target_that_has_something_is_left_alone(
    folder: Folder, shared: Shared, tmp_path: Path
) -> None:
    store = await opened(shared)
    await store.add_project(project())
    await store.close()
    with pytest.raises(ConfigurationError, match="has 1 rows in the table projects already"):
        await copied(folder, shared)
    with pytest.raises(ConfigurationError, match=r"has understudy\.db already"):
        await copied(shared, folder)
    (tmp_path / "left").mkdir()
    (tmp_path / "left" / "understudy.db-wal").touch()
    with pytest.raises(ConfigurationError, match=r"has understudy\.db-wal already"):
        await copied(shared, Folder(tmp_path / "left"))


async def test_nothing_is_copied_while_a_server_runs(folder: Folder, shared: Shared, tmp_path: Path) -> None:
    with data_folder.locked(folder.path), pytest.raises(ConfigurationError, match="in use by a server"):
        await copied(folder, shared)
    store = await open_postgres(shared.url)
    now = time.time()
    await store.lead("process here:1", "here:1", at=now, until=now + 60)
    for source, target in ((folder, shared), (shared, Folder(tmp_path / "new"))):
        with pytest.raises(ConfigurationError, match=r"in use by 1 process of a server\. Stop them first"):
            await copied(source, target)
    await store.leave("here:1")
    await store.close()
    await copied(folder, shared)


async def test_half_a_copy_is_none(
    folder: Folder, shared: Shared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(target: Place) -> None:
        async with reading(folder) as reader, writing(target) as writer:
            await writer.write(TABLES[0], reader.rows(TABLES[0]))
            raise RuntimeError

    for target in (shared, Folder(tmp_path / "new")):
        with pytest.raises(RuntimeError):
            await breaks(target)
    assert not list((tmp_path / "new").glob("*.db*"))
    # A row that does not arrive is noticed, whatever the reason.
    write = PostgresWriter.write

    async def loses(self: PostgresWriter, table: Any, batches: AsyncIterator[Any]) -> None:
        async def shorter() -> AsyncIterator[Any]:
            async for batch in batches:
                yield batch[1:] if table.name == "ledger" else batch

        await write(self, table, shorter())

    monkeypatch.setattr(PostgresWriter, "write", loses)
    with pytest.raises(NotWhole, match="ledger: rows should come to 5, and came to 4"):
        await copied(folder, shared)
    monkeypatch.undo()
    assert as_if_stopped(await known(shared))["projects"] == []
    assert (await copied(folder, shared)).totals["ledger"].rows == 5


async def test_amounts_beyond_64_bits_are_added_up(folder: Folder) -> None:
    async with reading(folder) as reader:
        totals = await reader.totals()
    assert totals["projects"] == Total(2, (3, 11_999_999_999_999_999_998))


async def test_a_connection_that_is_cut_leaves_nothing(folder: Folder, shared: Shared) -> None:
    async def cut() -> None:
        async with reading(folder) as reader, writing(shared) as writer:
            await writer.write(TABLES[0], reader.rows(TABLES[0]))
            killer = await asyncpg.connect(server().url())
            name = shared.url.rpartition("/")[2]
            await killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
            )
            await killer.close()
            await writer.totals()

    with pytest.raises(NotWhole, match=r"did not do its part: .* Nothing was changed there") as told:
        await cut()
    assert "postgres@" not in str(told.value)
    assert (await known(shared))["projects"] == []


async def test_schemas_that_do_not_fit(folder: Folder, shared: Shared, tmp_path: Path) -> None:
    with closing(sqlite3.connect(folder.database)) as connection:
        connection.execute(f"PRAGMA user_version = {len(scripts()) + 1}")
        connection.commit()
        with pytest.raises(ConfigurationError, match="Use the newer version that wrote it"):
            await copied(folder, shared)
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    with pytest.raises(ConfigurationError, match=f"understudy migrate --data {folder.path}"):
        await copied(folder, shared)
    with pytest.raises(ConfigurationError, match="is none of Understudy's"):
        await copied(Shared(await server().new_database(EMPTY)), Folder(tmp_path / "new"))


async def test_files_are_copied_and_missing_ones_are_told(folder: Folder, tmp_path: Path) -> None:
    here, there = FolderStorage(tmp_path / "here"), FolderStorage(tmp_path / "there")
    async with reading(folder) as reader:
        keys = sorted(row[11] for batch in [batch async for batch in reader.rows(FILES)] for row in batch)
        keys = [key for key in keys if key]
        for number, key in enumerate(keys[2:]):
            await here.put_bytes(key, b"7 bytes"[: 7 - (number == 0)])
        found = await copy_files(reader, here, there)
        assert (found.files, found.size, found.missing) == (len(keys) - 3, 7 * (len(keys) - 3), 3)
        assert set(found.keys) == set(keys[:3])
        assert sorted([kept.key async for kept in there.keys("")]) == keys[3:]
        # The second time nothing has to be read again.
        await here.delete(keys)
        assert (await copy_files(reader, here, there)).files == len(keys) - 3


def test_how_stores_are_written(tmp_path: Path) -> None:
    path = Path("/srv/data")
    for text in ("sqlite:/srv/data", "sqlite:///srv/data", "sqlite:/srv/data/understudy.db"):
        assert place_named(text) == Folder(path)
    url = "postgresql://me:hidden@db:5433/name"
    assert place_named(url) == Shared(url)
    assert "hidden" not in repr(place_named(url)) + place_named(url).words
    for wrong in ("mysql://me:hidden@db/x", "/srv/data", "sqlite:", ""):
        with pytest.raises(ConfigurationError, match="A store is written sqlite:DIR") as told:
            place_named(wrong)
        assert "hidden" not in str(told.value)


async def test_a_schema_is_brought_up_to_date(tmp_path: Path, shared: Shared) -> None:
    known_here = len(scripts())
    place = Folder(tmp_path)
    with pytest.raises(ConfigurationError, match="no data folder of Understudy"):
        await bring_up_to_date(place)
    with closing(sqlite3.connect(place.database, isolation_level=None)) as connection:
        with data_folder.locked(tmp_path), pytest.raises(ConfigurationError, match="in use by a server"):
            await bring_up_to_date(place)
        assert await bring_up_to_date(place) == (0, known_here)
        assert await bring_up_to_date(place) == (known_here, known_here)
        with data_folder.locked(tmp_path):
            assert await bring_up_to_date(place) == (known_here, known_here)
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(ConfigurationError, match="Start the newer version that wrote it"):
        await bring_up_to_date(place)
    before, after = await bring_up_to_date(shared)
    assert before == 0 < after
    assert await bring_up_to_date(shared) == (after, after)
