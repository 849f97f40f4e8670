"""What a data folder remembers, opened whether a server runs on it or not."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from understudy import data_folder
from understudy.config import Settings
from understudy.tasks.projects import Projects
from understudy.tasks.store.sqlite.store import open_sqlite
from understudy.tasks.store.store import Store
from understudy.tasks.vault import open_vault


@asynccontextmanager
async def open_projects(settings: Settings, *, make: bool = False) -> AsyncIterator[Projects]:
    """The projects; `make`: the folder is made if it is missing.

    Raises `ConfigurationError`.
    """
    folder = (data_folder.make if make else data_folder.existing)(settings.data)
    async with store_in(folder) as store:
        yield Projects(store, open_vault(folder, settings.secret_key), time.time)


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Store]:
    """Tasks, projects, purchases. Raises `ConfigurationError`."""
    async with store_in(data_folder.existing(settings.data)) as store:
        yield store


@asynccontextmanager
async def store_in(folder: Path) -> AsyncIterator[Store]:
    """The store in an existing folder. Raises `ConfigurationError`."""
    store = await open_sqlite(folder / data_folder.DATABASE)
    try:
        yield store
    finally:
        await store.close()
