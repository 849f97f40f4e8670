"""A real server for tests: `understudy serve` in a process of its own, on a free port, with its data in a folder.

    with live(tmp_path) as server:
        client = Client(data=server.data)

Its engines are `instant` and `trouble` beside those that are installed; `instant` plays every model.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from understudy.executors.environment import without_settings

ENGINES = ("understudy.testing.instant:engine", "understudy.testing.trouble:engine")


class Live(msgspec.Struct, kw_only=True):
    """A server that answers."""

    url: str
    data: Path
    process: subprocess.Popen[str]

    @property
    def credentials(self) -> dict[str, str]:
        """What its data folder tells the clients of this machine: url, api_key, api_secret, auth."""
        known: dict[str, str] = json.loads((self.data / "credentials.json").read_text())
        return known

    @property
    def log(self) -> str:
        """What it has logged."""
        return (self.data.parent / "server.log").read_text()

    def sigkill(self) -> None:
        """End it at once, as a crash does; nothing happens if it has ended."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def stop(self, seconds: float = 20.0) -> int:
        """End it in order (SIGTERM); returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=seconds)
        return self.process.returncode


def start(folder: Path, *, engine: str = "instant", config: str = "", port: int = 0) -> Live:
    """Start a server; returns once it answers. `config`: further lines of its settings file, with dotted keys.

    Raises `RuntimeError` with its log if it does not start.
    """
    folder.mkdir(exist_ok=True)
    settings, log = folder / "understudy.toml", folder / "server.log"
    settings.write_text(f'engines = {json.dumps(ENGINES)}\ncast."*" = ["{engine}"]\n{config}\n')
    command = [sys.executable, "-m", "understudy", "serve", "--json", "--port", str(port)]
    with log.open("a") as errors:
        process = subprocess.Popen(  # noqa: S603 - the command is our own
            [*command, "--data", str(folder / "data"), "--config", str(settings)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=clean_environment(),
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.communicate()
        raise RuntimeError(f"The server did not start:\n{log.read_text()}")
    ready: dict[str, Any] = json.loads(line)
    return Live(url=ready["url"], data=Path(ready["data"]), process=process)


@contextmanager
def live(folder: Path, *, engine: str = "instant", config: str = "") -> Iterator[Live]:
    """`start`, and `stop` at the end."""
    server = start(folder, engine=engine, config=config)
    try:
        yield server
        server.stop()
    finally:
        server.sigkill()


def clean_environment() -> dict[str, str]:
    """This process's environment without settings of Understudy, which would reach into the server."""
    return without_settings(os.environ)
