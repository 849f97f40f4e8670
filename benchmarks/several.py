"""Several processes on one PostgreSQL, for benchmarks: the server comes from a wheel, and flushes as one in earnest does."""

import asyncio
import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.postgres import Postgres

from understudy.testing.live import Live, start

CONFIG = """
server.drain_seconds = 0
engine.instant.replicas = 8
"""


@contextmanager
def postgres(**settings: str) -> Iterator[Postgres]:
    """A server that keeps its promises: durable commits."""
    server = Postgres(fsync="on", full_page_writes="on", shared_buffers="256MB", **settings)
    try:
        yield server
    finally:
        server.remove()


@contextmanager
def several(
    folder: Path, database: str, *, dispatchers: int = 1, config: str = ""
) -> Iterator[tuple[Live, list[Live]]]:
    """What answers requests, and so many dispatchers beside it."""
    key = base64.b64encode(os.urandom(32)).decode()
    shared = f"""
database = "{database}"
storage = "file://{folder / "files"}"
secret_key = "{key}"
{CONFIG}
{config}
"""
    running: list[Live] = []
    try:
        running.append(start(folder / "api", config=f'{shared}\nserver.role = "api"'))
        for number in range(dispatchers):
            role = f'server.role = "dispatcher"\nserver.url = "{running[0].url}"'
            running.append(start(folder / f"dispatcher{number}", config=f"{shared}\n{role}"))
        yield running[0], running[1:]
    finally:
        for each in running:
            each.sigkill()


def new_database(server: Postgres) -> str:
    """Its address."""
    return asyncio.run(server.new_database())
