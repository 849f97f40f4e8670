"""A backup, made while servers run: the database as it was at one moment, its secret key, and the files if asked for.

The database in it is always an embedded store's, whatever it was made from; so it can be restored into either kind.
"""

import fcntl
import gzip
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from understudy import __version__, data_folder
from understudy.config import Settings
from understudy.errors import ConfigurationError
from understudy.moving import archive
from understudy.moving.archive import ArchiveWriter, Contents, Manifest
from understudy.moving.backup_files import write_files
from understudy.moving.copying import copy
from understudy.moving.places import Folder, Place, place_of, reading
from understudy.moving.secret_key import check_secret_key, first_sealed, secret_key_of
from understudy.moving.sqlite_end import (
    opened,
    put_in_place,
    schema_of,
    totals_of,
    writing_sqlite,
)
from understudy.tasks.store.sqlite.migrations import migrate

_LEVEL = 3
"""Of compression: 6 makes the file smaller by a tenth, and takes twice as long."""


async def backup(settings: Settings, file: Path, *, files: bool) -> Contents:
    """Write a backup to `file`, which has mode 0600; an earlier one is replaced when this one is whole.

    Raises `ConfigurationError` if there is nothing to keep or no secret key, `NotWhole` and `StorageFailed` if
    something could not be read or written.
    """
    place = place_of(settings)
    key = secret_key_of(settings)
    with _drafts(file) as drafts:
        await _snapshot(place, drafts / data_folder.DATABASE)
        with closing(ArchiveWriter(drafts / "archive")) as writing:
            contents = await _write(settings, place, drafts / data_folder.DATABASE, writing, key, files=files)
            writing.finish()
        put_in_place(drafts / "archive", file)
    return contents


async def _snapshot(place: Place, draft: Path) -> None:
    """What the store has at this moment, as the database of an embedded one."""
    if not isinstance(place, Folder):
        async with reading(place, served=True) as reader, writing_sqlite(draft) as writer:
            await copy(reader, writer, as_it_is=True)
        return
    data_folder.existing(place.path)
    with (
        opened(place.database) as source,
        closing(sqlite3.connect(draft, isolation_level=None)) as target,
    ):
        # All in one step: pages that a server writes meanwhile do not make it begin again.
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
        migrate(target)


async def _write(
    settings: Settings, place: Place, database: Path, writing: ArchiveWriter, key: str, *, files: bool
) -> Contents:
    with opened(database) as connection:
        check_secret_key(settings.data, key, first_sealed(connection))
        manifest = Manifest(
            format=archive.FORMAT,
            program=__version__,
            schema=schema_of(connection),
            made=time.time(),
            files=files,
        )
    writing.add_bytes(archive.MANIFEST, msgspec.json.encode(manifest))
    writing.add_bytes(archive.SECRET_KEY, f"{key}\n".encode())
    credentials = settings.data / data_folder.CREDENTIALS
    if credentials.exists():
        writing.add_bytes(archive.CREDENTIALS, credentials.read_bytes())
    contents = await write_files(settings, place, database, writing) if files else Contents(rows={})
    with opened(database) as connection:
        rows = {name: total.rows for name, total in totals_of(connection).items()}
    contents = msgspec.structs.replace(contents, rows=rows)
    _write_database(database, writing)
    writing.add_bytes(archive.CONTENTS, msgspec.json.encode(contents))
    return contents


def _write_database(database: Path, writing: ArchiveWriter) -> None:
    packed = database.with_name(archive.DATABASE)
    with database.open("rb") as plain, gzip.open(packed, "wb", compresslevel=_LEVEL) as packing:
        shutil.copyfileobj(plain, packing, archive.SMALL)
    with packed.open("rb") as ready:
        writing.add(archive.DATABASE, ready, packed.stat().st_size)


@contextmanager
def _drafts(file: Path) -> Iterator[Path]:
    """A folder beside the file for what becomes it. What an earlier one left behind, that was killed, goes."""
    if not file.parent.is_dir() or file.is_dir():
        raise ConfigurationError(f"{file} is no place for a backup: name a file in a folder that exists.")
    folder = file.parent / f".{file.name}.draft"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        with (folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for left in folder.iterdir():
                if left.name != "lock":
                    left.unlink()
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError as error:
        raise ConfigurationError(f"Another backup is being written to {file}.") from error
