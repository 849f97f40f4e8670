"""A backup, brought back into a store that is empty. The database comes last: until then a server finds nothing."""

import gzip
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from understudy import data_folder
from understudy.config import Settings
from understudy.files.storage import Storage, open_storage
from understudy.moving import archive
from understudy.moving.archive import Contents, Manifest
from understudy.moving.copying import copy
from understudy.moving.places import Folder, Place, check_empty, place_of, writing
from understudy.moving.refusals import NotWhole
from understudy.moving.secret_key import check_secret_key, first_sealed
from understudy.moving.sqlite_end import give_back, opened, put_in_place, reading_sqlite, totals_of
from understudy.moving.unpacking import Put, Unpacking
from understudy.tasks.store.sqlite.migrations import migrate

_OPEN_PURCHASES = "SELECT count(*) FROM purchases WHERE state <> 'settled'"
_WAITING_WEBHOOKS = "SELECT count(*) FROM webhooks WHERE state = 'waiting'"


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What was brought back."""

    manifest: Manifest
    contents: Contents
    returned: int
    """Tasks that were running, and are in the queue now."""
    open_purchases: int
    waiting_webhooks: int


async def restore(settings: Settings, file: Path) -> Restored:
    """Bring a backup back into the store and the storage that the settings name.

    Raises `ConfigurationError` if the store is not empty, is being served or has another secret key, or if the backup
    is a newer version's; `NotWhole` if it is damaged, `StorageFailed`. Nothing is left of it then.
    """
    place = place_of(settings)
    with archive.reading(file), file.open("rb"):
        folder = data_folder.make(settings.data)
    with data_folder.locked(folder):
        await _check_empty(place)
        drafts = data_folder.emptied(folder / "restoring")
        try:
            return await _restore(settings, place, file, drafts)
        finally:
            shutil.rmtree(drafts, ignore_errors=True)


async def _check_empty(place: Place) -> None:
    if isinstance(place, Folder):
        check_empty(place)
        return
    from understudy.moving.postgres_end import check_empty_postgres

    await check_empty_postgres(place.url)


async def _restore(settings: Settings, place: Place, file: Path, drafts: Path) -> Restored:
    storage = open_storage(settings.storage or settings.data / "files")
    async with _files_put(storage, drafts) as put:
        unpacking = Unpacking(settings, file, drafts, storage, put)
        with archive.reading(file):
            for member in archive.members(file, drafts / "sums"):
                await unpacking.take(member)
        manifest, contents = unpacking.whole()
        await storage.delete([gone.key for gone in contents.deleted])
        database = drafts / data_folder.DATABASE
        _unpack(drafts / archive.DATABASE, database)
        with opened(database) as connection:
            migrate(connection)
            rows = {name: total.rows for name, total in totals_of(connection).items()}
            if rows != contents.rows:
                raise NotWhole(f"{file} is damaged: its database is not the one that was written.")
            check_secret_key(settings.data, unpacking.key, first_sealed(connection))
            (purchases,) = connection.execute(_OPEN_PURCHASES).fetchone()
            (webhooks,) = connection.execute(_WAITING_WEBHOOKS).fetchone()
        unpacking.write_keys()
        returned = await _fill(place, database)
    return Restored(
        manifest=manifest,
        contents=contents,
        returned=returned,
        open_purchases=purchases,
        waiting_webhooks=webhooks,
    )


async def _fill(place: Place, database: Path) -> int:
    """How many tasks were given back."""
    if not isinstance(place, Folder):
        async with reading_sqlite(database) as reader, writing(place) as writer:
            return (await copy(reader, writer)).returned
    with opened(database) as connection:
        returned = give_back(connection)
    put_in_place(database, place.database)
    return returned


@asynccontextmanager
async def _files_put(storage: Storage, drafts: Path) -> AsyncIterator[Put]:
    """What is put into the storage in here stays there if nothing fails."""
    put = Put(drafts / "put")
    try:
        yield put
    except BaseException:
        await put.take_down(storage)
        raise


def _unpack(packed: Path, to: Path) -> None:
    with gzip.open(packed, "rb") as reading, to.open("xb") as file:
        shutil.copyfileobj(reading, file, archive.SMALL)
