"""Where a store is: `sqlite:DIR` for a data folder, `postgresql://...` for a database that several processes share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from understudy import data_folder
from understudy.config import Settings
from understudy.errors import ConfigurationError
from understudy.moving.refusals import not_empty, still_served
from understudy.moving.tables import Reader, Writer
from understudy.stores import POSTGRES, is_shared

_SQLITE = "sqlite:"


class Folder(msgspec.Struct, frozen=True):
    """A data folder with an embedded store."""

    path: Path

    @property
    def database(self) -> Path:
        """Its file."""
        return self.path / data_folder.DATABASE

    @property
    def words(self) -> str:
        """For people."""
        return f"The data folder {self.path}"


class Shared(msgspec.Struct, frozen=True):
    """A PostgreSQL database."""

    url: str
    """With the password: not for messages."""

    @property
    def words(self) -> str:
        """For people: without user and password."""
        # Late: what belongs to PostgreSQL is loaded where it is used.
        from understudy.tasks.store.postgres.connections import address

        return address(self.url)

    def __repr__(self) -> str:
        """Without the password."""
        return f"Shared({self.words!r})"


Place = Folder | Shared


def place_of(settings: Settings) -> Place:
    """The store that the settings name. Raises `ConfigurationError`."""
    return Shared(settings.database) if is_shared(settings) else Folder(settings.data)


def place_named(text: str) -> Place:
    """`sqlite:DIR`, `sqlite:DIR/understudy.db` or `postgresql://...`. Raises `ConfigurationError`."""
    if text.startswith(POSTGRES):
        return Shared(text)
    path = Path(text.removeprefix(_SQLITE).removeprefix("//")).expanduser()
    if not text.startswith(_SQLITE) or path == Path():
        # Not quoted: what was meant as an address may have a password in it.
        raise ConfigurationError(
            "A store is written sqlite:DIR, with the data folder of a server, or postgresql://USER:PASSWORD@HOST/NAME."
        )
    return Folder(path.parent if path.name == data_folder.DATABASE else path)


@asynccontextmanager
async def reading(place: Place, *, served: bool = False) -> AsyncIterator[Reader]:
    """What is in a store now; unless `served`, nobody serves it meanwhile.

    Raises `ConfigurationError` if it is not there, or has another schema than this program's.
    """
    if isinstance(place, Folder):
        from understudy.moving.sqlite_end import reading_sqlite

        folder = data_folder.existing(place.path)
        if served:
            async with reading_sqlite(place.database) as reader:
                yield reader
        else:
            with data_folder.locked(folder):
                async with reading_sqlite(place.database) as reader:
                    yield reader
        return
    from understudy.moving.postgres_end import processes_on, reading_postgres

    if not served and (processes := await processes_on(place.url)):
        raise still_served(place.words, processes)
    async with reading_postgres(place.url) as reader:
        yield reader


@asynccontextmanager
async def writing(place: Place) -> AsyncIterator[Writer]:
    """An empty store, made if need be; nobody serves it meanwhile. If anything fails, it stays empty.

    Raises `ConfigurationError` if it is not empty or cannot be used.
    """
    if isinstance(place, Folder):
        from understudy.moving.sqlite_end import writing_sqlite

        folder = data_folder.make(place.path)
        with data_folder.locked(folder):
            check_empty(place)
            async with writing_sqlite(folder / data_folder.DATABASE) as writer:
                yield writer
        return
    from understudy.moving.postgres_end import writing_postgres

    async with writing_postgres(place.url) as writer:
        yield writer


def check_empty(place: Folder) -> None:
    """Raises `ConfigurationError` if there is a database, or a log that an earlier one left: it would be taken for ours."""
    for file in (
        place.database,
        *(place.path / f"{data_folder.DATABASE}-{log}" for log in ("wal", "journal")),
    ):
        if file.exists():
            raise not_empty(place.words, file.name)
