"""One process of the installation: kept up, as a supervisor would, through whatever is done to it."""

import asyncio
import json
import os
import re
import signal
import sys
from pathlib import Path

from tests.fire.clock import Clock
from tests.server.processes import descendants
from understudy.testing.proxy import Proxy

_AGAIN_SECONDS = 0.3
_STOP_SECONDS = 30.0
"""More than the one of `drain_seconds` and `server.STOP_SECONDS`: then it does not even end itself."""
_START_SECONDS = 60.0
_SAY_SECONDS = 1.0
_LAST_WORDS = 6000
"""Characters of a log."""
_ROOT = Path(__file__).parents[2]


class Process:
    """`understudy serve` with settings and a data folder of its own. It always comes back at the same port."""

    def __init__(
        self, name: str, folder: Path, port: int, database: Proxy, environment: dict[str, str]
    ) -> None:
        """`folder` holds `understudy.toml`. `database` is its own way there, `environment` what it starts with."""
        self.name = name
        self.folder = folder
        self.port = port
        self.database = database
        self.clock = Clock(folder / "clock")
        self.starts = 0
        self.peak = 0
        """The most memory that it was seen with, bytes resident."""
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None
        self._ready = asyncio.Event()
        self._told: asyncio.subprocess.Process | None = None
        """The one that was told to end: another one is not started after it."""
        self._keeping: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def data(self) -> Path:
        """Its data folder."""
        return self.folder / "data"

    @property
    def log(self) -> str:
        """What it has logged, in all its lives."""
        return (self.folder / "log").read_text()

    @property
    def pid(self) -> int:
        """0 while it is down."""
        return self._process.pid if self._process is not None and self._process.returncode is None else 0

    async def start(self) -> None:
        """Begin to keep it up; returns when it answers. Raises `RuntimeError` with its log if it never does."""
        self._keeping = asyncio.create_task(self._keep_up())
        try:
            async with asyncio.timeout(_START_SECONDS):
                await self._ready.wait()
        except TimeoutError:
            raise RuntimeError(f"{self.name} does not start:\n{self.log[-2000:]}") from None

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it is up."""
        if self.pid:
            self.look()
            os.kill(self.pid, number)

    def replicas(self) -> set[int]:
        """Every process that it has started, and they in turn."""
        return descendants(self.pid) if self.pid else set()

    def look(self) -> None:
        """See how much memory it has taken."""
        if self.pid:
            seen = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
            self.peak = max(self.peak, 1024 * int(seen[1]) if seen else 0)

    async def stop(self) -> str:
        """SIGTERM; returns what was wrong with its end, nothing if it ended with 0."""
        assert self._keeping is not None
        # One that is only beginning does not listen to signals yet.
        await self._ready.wait()
        self._told = self._process
        assert self._told is not None
        self.signal(signal.SIGTERM)
        await asyncio.wait({self._keeping}, timeout=_STOP_SECONDS)
        if self._told.returncode is None:
            self.signal(signal.SIGUSR1)  # see `program`
            await asyncio.sleep(_SAY_SECONDS)
            return f"{self.name} did not end within {_STOP_SECONDS:.0f} s:\n{self.log[-_LAST_WORDS:]}"
        if self._told.returncode:
            return f"{self.name} ended with {self._told.returncode}:\n{self.log[-_LAST_WORDS:]}"
        return ""

    async def end(self) -> None:
        """By force."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        if self.pid:
            assert self._process is not None
            self._process.kill()
            await self._process.wait()

    async def _keep_up(self) -> None:
        while True:
            self.starts += 1
            with (self.folder / "log").open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "tests.fire.program", str(self.clock.file), "serve", "--json"),
                    *("--port", str(self.port), "--data", str(self.data)),
                    *("--config", str(self.folder / "understudy.toml")),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=log,
                    env={**self._environment, "PYTHONPATH": str(_ROOT)},
                    cwd=_ROOT,
                )
            assert self._process.stdout is not None
            if line := await self._process.stdout.readline():
                json.loads(line)
                self._ready.set()
            await self._process.stdout.read()
            await self._process.wait()
            self._ready.clear()
            if self._process is self._told:
                return
            await asyncio.sleep(_AGAIN_SECONDS)
