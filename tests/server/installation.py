"""An installation of several processes on one real PostgreSQL, each with a data folder of its own, as on several machines."""

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from tests.server.caller import Caller
from understudy.testing.live import Live, start


class Installation(msgspec.Struct, kw_only=True):
    """Its processes, by name."""

    folder: Path
    database: str
    config: str
    engine: str
    storage: str
    secret_key: str
    processes: dict[str, Live]
    callers: list[Caller] = []

    def add(self, name: str, role: str, config: str = "", port: int = 0) -> Live:
        """Start one more process, or one of these again."""
        lines = [
            f'database = "{self.database}"',
            f'storage = "{self.storage}"',
            f'secret_key = "{self.secret_key}"',
            f'server.role = "{role}"',
            *(['server.url = "http://127.0.0.1:9"'] if role == "dispatcher" else []),
            self.config,
            config,
        ]
        live = start(self.folder / name, engine=self.engine, config="\n".join(lines), port=port)
        self.processes[name] = live
        return live

    def caller(self, name: str) -> Caller:
        """The default project, which asks that process."""
        (known,) = [
            live.credentials for live in self.processes.values() if (live.data / "credentials.json").exists()
        ]
        keys: dict[str, Any] = {**known, "url": self.processes[name].url}
        self.callers.append(Caller(self.processes[name].url, keys))
        return self.callers[-1]


@contextmanager
def installation(
    folder: Path,
    database: str,
    *,
    engine: str = "trouble",
    config: str = "",
    answering: int = 2,
    dispatching: int = 2,
    storage: str = "",
) -> Iterator[Installation]:
    """Its processes are `api1`, `api2`, ... and `dispatcher1`, ...; all are gone at the end."""
    made = Installation(
        folder=folder,
        database=database,
        config=config,
        engine=engine,
        storage=storage or f"file://{folder / 'files'}",
        secret_key=base64.b64encode(os.urandom(32)).decode(),
        processes={},
    )
    try:
        for number in range(1, answering + 1):
            made.add(f"api{number}", "api")
        for number in range(1, dispatching + 1):
            made.add(f"dispatcher{number}", "dispatcher")
        yield made
    finally:
        for caller in made.callers:
            caller.http.close()
        for live in made.processes.values():
            live.sigkill()
