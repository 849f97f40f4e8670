"""What happens to an installation, one thing after the other, by chance; each is over when it returns."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path

from tests.fire.process import Process
from tests.fire.program import CLOCKS_APART, GONE_SECONDS, LEASE_SECONDS
from tests.fire.site import Site, command_of
from understudy.testing.proxy import Proxy

MOST_CLOCKS_APART = CLOCKS_APART / 2 - 1
"""Seconds by which a clock is moved in either direction: two of them are no further apart than is allowed."""


class Misfortunes:
    """Chosen by a seed. `happened` says what there was, and when, in seconds since the first."""

    def __init__(self, site: Site, seed: int, *, longest: float = 5.0) -> None:
        """`longest`: seconds that something stays unreachable."""
        self._site = site
        self._random = random.Random(seed)
        self._longest = longest
        self._began = time.monotonic()
        self.happened: list[str] = []

    async def rain(self, seconds: float, pause: float, only: tuple[str, ...] = ()) -> None:
        """One after the other for so long, `pause` seconds between them on the average."""
        self._began = time.monotonic()
        kinds = {name: each for name, each in self._kinds().items() if not only or name in only}
        while (left := self._began + seconds - time.monotonic()) > 0:
            await asyncio.sleep(min(left, self._random.uniform(0.0, 2.0) * pause))
            (name,) = self._random.choices(list(kinds), [weight for weight, _ in kinds.values()])
            began = time.monotonic() - self._began
            to = await kinds[name][1]()
            self.happened.append(f"{began:.1f} s: {name} {to}".rstrip())

    def _kinds(self) -> Mapping[str, tuple[int, Callable[[], Awaitable[str]]]]:
        kinds: dict[str, tuple[int, Callable[[], Awaitable[str]]]] = {
            "kill api": (4, lambda: self._kill("api")),
            "kill dispatcher": (4, lambda: self._kill("dispatcher")),
            "kill replica": (4, self._kill_replica),
            "stop dispatcher": (2, lambda: self._stop("dispatcher", 1.3 * LEASE_SECONDS)),
            "stop dispatcher until it counts as gone": (
                1,
                lambda: self._stop("dispatcher", 1.2 * GONE_SECONDS),
            ),
            "stop api until it counts as gone": (1, lambda: self._stop("api", 1.2 * GONE_SECONDS)),
            "restart database": (2, lambda: self._restart_database(signal.SIGINT)),
            "crash database": (2, lambda: self._restart_database(signal.SIGQUIT)),
            "database away for one": (3, self._part_from_database),
            "database away for all": (1, self._database_away),
            "objects away": (3, lambda: self._away([self._site.to_objects])),
            "clock step": (3, self._step_clock),
        }
        if self._site.has_small_disks:
            kinds["full disk"] = (2, self._fill_disk)
        if self._site.cluster is not None:
            kinds["kill raylet"] = (1, self._kill_raylet)
        return kinds

    def _one(self, kind: str) -> Process:
        return self._random.choice(self._site.named(kind))

    async def _kill(self, kind: str) -> str:
        one = self._one(kind)
        one.signal(signal.SIGKILL)
        return one.name

    async def _kill_replica(self) -> str:
        there = self._site.replicas
        if not there:
            return "(there was none)"
        chosen = self._random.choice(there)
        command = command_of(chosen)
        with suppress(ProcessLookupError):
            os.kill(chosen, signal.SIGKILL)
        return command[:60]

    async def _kill_raylet(self) -> str:
        async with self._site.restarting:
            await asyncio.to_thread(self._site.lose_node)
        return ""

    async def _stop(self, kind: str, seconds: float) -> str:
        one = self._one(kind)
        pid = one.pid
        one.signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        if pid == one.pid:
            one.signal(signal.SIGCONT)
        return f"{one.name} for {seconds:.0f} s"

    async def _restart_database(self, how: signal.Signals) -> str:
        async with self._site.restarting:
            await asyncio.to_thread(self._site.postgres.stop, how)
            await asyncio.sleep(self._random.random())
            await asyncio.to_thread(self._site.postgres.start)
        return ""

    async def _part_from_database(self) -> str:
        one = self._random.choice(list(self._site.processes.values()))
        return f"{one.name}: {await self._away([one.database])}"

    async def _database_away(self) -> str:
        return await self._away([each.database for each in self._site.processes.values()])

    async def _away(self, ways: list[Proxy]) -> str:
        seconds = self._random.uniform(0.2, self._longest)
        how = self._random.choice(["refuse", "stall", "cut", "cut in the middle"])
        for way in ways:
            if how == "refuse":
                await way.refuse()
            elif how == "stall":
                way.stall()
            elif how == "cut":
                way.cut()
            else:
                way.cut_after(self._random.randrange(2000), self._random.choice(["to server", "to client"]))
        if how in ("refuse", "stall"):
            await asyncio.sleep(seconds)
            for way in ways:
                await way.forward()
            return f"{how} for {seconds:.1f} s"
        return how

    async def _step_clock(self) -> str:
        one = self._random.choice(list(self._site.processes.values()))
        ahead = self._random.choice([0.0, self._random.uniform(-MOST_CLOCKS_APART, MOST_CLOCKS_APART)])
        one.clock.step(ahead)
        return f"{one.name} to {ahead:+.1f} s"

    async def _fill_disk(self) -> str:
        one = self._random.choice(list(self._site.processes.values()))
        ballast = one.data / "ballast"
        await asyncio.to_thread(_fill, ballast)
        await asyncio.sleep(self._random.uniform(0.5, self._longest))
        ballast.unlink(missing_ok=True)
        return one.name


def _fill(ballast: Path) -> None:
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(64 * 1024))
