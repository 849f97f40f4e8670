"""A real server: `understudy serve` in a process of its own, on a free port."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

ENGINES = ("understudy.testing.instant:engine", "understudy.testing.trouble:engine")


class Live(msgspec.Struct, kw_only=True):
    url: str
    data: Path
    config: Path
    process: subprocess.Popen[str]

    @property
    def credentials(self) -> dict[str, str]:
        return json.loads((self.data / "credentials.json").read_text())

    @property
    def log(self) -> str:
        return (self.data.parent / "server.log").read_text()

    def sigkill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def stop(self, seconds: float = 20.0) -> int:
        """SIGTERM; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.communicate(timeout=seconds)
        return self.process.returncode


def environment(**more: str) -> dict[str, str]:
    """This process's, without settings that would reach into a test."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("UNDERSTUDY_")}
    return {**kept, **more}


def start(folder: Path, *, engine: str = "instant", config: str = "", port: int = 0) -> Live:
    """Start a server with its data under `folder`; returns once it answers. `config`: lines with dotted keys."""
    folder.mkdir(exist_ok=True)
    file = folder / "understudy.toml"
    file.write_text(f'engines = {json.dumps(ENGINES)}\ncast."*" = ["{engine}"]\n{config}\n')
    with (folder / "server.log").open("a") as log:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "understudy",
                "serve",
                "--json",
                "--data",
                str(folder / "data"),
                "--port",
                str(port),
                "--config",
                str(file),
            ],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment(),
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise AssertionError(f"the server did not start:\n{(folder / 'server.log').read_text()}")
    ready = json.loads(line)
    return Live(url=ready["url"], data=Path(ready["data"]), config=file, process=process)


@contextmanager
def live(folder: Path, *, engine: str = "instant", config: str = "") -> Iterator[Live]:
    server = start(folder, engine=engine, config=config)
    try:
        yield server
    finally:
        try:
            server.stop()
        finally:
            server.sigkill()


def until(accept, seconds: float = 30.0):  # type: ignore[no-untyped-def]
    """What `accept` returns, once it is true."""
    give_up = time.monotonic() + seconds
    while not (found := accept()):
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.02)
    return found
