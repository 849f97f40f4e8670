"""A partner inside the test's own process, which does what the test says: without sockets, so that any step can fail."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from tests.tasks.house import House, house
from understudy.engines.engine import Job, Output, RemoteEngine
from understudy.engines.partner import Cancellation, Prepared, Standing, Tools
from understudy.tasks.purchases.verdicts import Failover
from understudy.tasks.records import Task
from understudy.testing.clip import tiny_clip
from understudy.testing.partners.clock import VirtualClock

PRICE = Decimal("0.5")
Deed = Exception | Callable[[], Awaitable[Any]]
"""What happens at a step instead of the usual: it fails, or is awaited; what that returns, if anything, is the answer."""

engine = RemoteEngine(name="puppet", version="1", partner="tests.tasks.purchases.puppet:load")


class Puppet:
    """Takes a job at once, and is done with it at once. `does` has what is to happen instead, next call first."""

    def __init__(self, **does: Sequence[Deed]) -> None:
        self.does = {step: list(deeds) for step, deeds in does.items()}
        self.jobs: dict[str, str] = {}
        """Remote ids, and the keys that they were bought with."""
        self.asked: list[str] = []
        self.listed = False
        """Whether it can tell which jobs it has."""

    @property
    def paid(self) -> int:
        return len(self.jobs)

    async def prepare(self, job: Job) -> Prepared:
        await self._done("prepare")
        return Prepared(request=job.model, cost=PRICE)

    async def submit(self, prepared: Prepared, key: str, hook: str) -> str:
        await self._done("submit")
        id = self.take(key)
        await self._done("answer")
        return id

    def take(self, key: str) -> str:
        id = f"job-{len(self.jobs) + 1}"
        self.jobs[id] = key
        return id

    async def look_up(
        self, prepared: Prepared, key: str, placed: float, hook: str = "", *, may_buy: bool = True
    ) -> tuple[str, ...] | None:
        await self._done("look_up")
        return tuple(id for id, of in self.jobs.items() if of == key) if self.listed else None

    async def check(self, remote_id: str) -> Standing:
        return await self._done("check") or Standing(state="done")

    async def fetch(self, remote_id: str, folder: Path) -> Sequence[Output]:
        await self._done("fetch")
        (folder / "clip.mp4").write_bytes(clip())
        return [Output("clip.mp4")]

    async def cancel(self, remote_id: str) -> Cancellation:
        return await self._done("cancel") or "cannot"

    async def delete(self, remote_id: str) -> None:
        await self._done("delete")

    async def close(self) -> None: ...

    async def _done(self, step: str) -> Any:
        self.asked.append(step)
        await asyncio.sleep(0)
        deeds = self.does.get(step)
        if not deeds:
            return None
        deed = deeds.pop(0)
        if isinstance(deed, Exception):
            raise deed
        return await deed()


def load(options: Mapping[str, object], tools: Tools) -> object:
    return options["puppet"]


@cache
def clip() -> bytes:
    return tiny_clip()


@asynccontextmanager
async def booth(
    folder: Path,
    puppet: Puppet,
    *,
    cast: tuple[str, ...] = ("puppet",),
    failover: Failover = "unpaid",
    clock: VirtualClock | None = None,
    terms: Mapping[str, object] | None = None,
    **given: Any,
) -> AsyncIterator[House]:
    """A house whose engine is the puppet, in virtual time."""
    async with house(
        folder,
        more_engines=("tests.tasks.purchases.puppet:engine",),
        casting={"*": cast},
        all_options={"puppet": {"puppet": puppet, **(terms or {})}},
        failover={"*": failover},
        clock=clock or VirtualClock(),
        **given,
    ) as opened:
        yield opened


async def task_of(house: House, task: Task) -> Task:
    return await house.desk.find(house.project, id=str(task.id))


async def asked(puppet: Puppet, step: str, times: int = 1) -> None:
    async with asyncio.timeout(20):
        while puppet.asked.count(step) < times:
            await asyncio.sleep(0.002)


async def hang() -> None:
    """Never answer."""
    await asyncio.get_running_loop().create_future()


def after(event: asyncio.Event, value: Any = None) -> Callable[[], Awaitable[Any]]:
    """Not before the event; as usual then, unless there is a value."""

    async def wait() -> Any:
        await event.wait()
        return value

    return wait


def answer(value: Any) -> Callable[[], Awaitable[Any]]:
    async def give() -> Any:
        return value

    return give
