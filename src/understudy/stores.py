"""What is remembered, opened whether a server runs or not: a file in the data folder, or a database for several."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from understudy import data_folder
from understudy.config import Settings
from understudy.errors import ConfigurationError
from understudy.tasks.accounts.accounts import Accounts
from understudy.tasks.bus import Alone, Bus
from understudy.tasks.projects import Projects
from understudy.tasks.shelf import FolderNotes, Notes
from understudy.tasks.store.sqlite.store import SqliteStore, open_sqlite
from understudy.tasks.store.store import Store
from understudy.tasks.vault import Vault, open_vault

POSTGRES = ("postgresql://", "postgres://")


@asynccontextmanager
async def open_projects(settings: Settings, *, make: bool = False) -> AsyncIterator[Projects]:
    """The projects; `make`: the folder is made if it is missing.

    Raises `ConfigurationError`.
    """
    folder = _folder(settings, make=make)
    async with store_of(settings, folder) as store:
        projects = Projects(store, await vault_of(settings, folder, store), time.time)
        await projects.check_key()
        yield projects


@asynccontextmanager
async def open_accounts(settings: Settings, *, make: bool = False) -> AsyncIterator[Accounts]:
    """The users; `make` as in `open_projects`. Raises `ConfigurationError`."""
    folder = _folder(settings, make=make)
    async with store_of(settings, folder) as store:
        yield Accounts(store, await vault_of(settings, folder, store), time.time)


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Store]:
    """Tasks, projects, purchases. Raises `ConfigurationError`."""
    async with store_of(settings, _folder(settings)) as store:
        yield store


@asynccontextmanager
async def store_of(settings: Settings, folder: Path) -> AsyncIterator[Store]:
    """The store that the settings name; the data folder exists. Raises `ConfigurationError`."""
    store = await _open(settings, folder)
    try:
        yield store
    finally:
        await store.close()


async def vault_of(settings: Settings, folder: Path, store: Store) -> Vault:
    """What opens the projects' secrets. A key is made for the first one only: another could not open theirs.

    Raises `ConfigurationError`.
    """
    make = not store.shared or not await store.projects()
    return open_vault(folder, settings.secret_key, make=make)


def bus_of(store: Store, owner: str) -> Bus:
    """What carries news between the processes that work on a store; `owner` names this one."""
    return Alone() if isinstance(store, SqliteStore) else _postgres_bus(store, owner)


def notes_of(store: Store, place: Path) -> Notes:
    """Where the notes of the shelf are kept; `place` is this process's own folder."""
    if isinstance(store, SqliteStore):
        folder = place / "shelving"
        folder.mkdir(exist_ok=True)
        return FolderNotes(folder)
    from understudy.tasks.store.postgres.store import PostgresStore

    assert isinstance(store, PostgresStore)
    return store


def is_shared(settings: Settings) -> bool:
    """Whether several processes may work on the store. Raises `ConfigurationError` for an address of no known kind."""
    if settings.database and not settings.database.startswith(POSTGRES):
        kind, found, _ = settings.database.partition("://")
        # After a slip in the beginning of the address the password may be in what would be quoted.
        named = repr(kind) if found and kind.replace("+", "").isalnum() else "that"
        raise ConfigurationError(
            f"database: {named} is no database for Understudy; write postgresql://USER:PASSWORD@HOST/NAME,"
            " or nothing for a file in the data folder."
        )
    return bool(settings.database)


async def _open(settings: Settings, folder: Path) -> Store:
    if not is_shared(settings):
        return await open_sqlite(folder / data_folder.DATABASE)
    # Late: asyncpg is an extra.
    from understudy.tasks.store.postgres.store import open_postgres

    return await open_postgres(settings.database, pool=settings.database_connections)


def _postgres_bus(store: Store, owner: str) -> Bus:
    from understudy.tasks.store.postgres.bus import PostgresBus
    from understudy.tasks.store.postgres.store import PostgresStore

    assert isinstance(store, PostgresStore)
    return PostgresBus(store, owner)


def _folder(settings: Settings, *, make: bool = False) -> Path:
    if make or is_shared(settings):
        return data_folder.make(settings.data)
    return data_folder.existing(settings.data)
