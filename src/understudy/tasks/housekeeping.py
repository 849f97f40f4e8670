"""What is done now and then, by one process at a time: old files are deleted, and what dead processes left is swept."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from understudy.errors import StorageFailed, StoreUnavailable
from understudy.tasks.records import ProjectLimits
from understudy.tasks.shelf import Shelf
from understudy.tasks.store.store import Store

log = logging.getLogger(__name__)

BEAT_SECONDS = 10.0
GONE_SECONDS = 60.0
"""Without a sign of life for so long, a process counts as gone."""
EXPIRY_SECONDS = 60.0
"""How often it is looked for files that were kept long enough, and for leases of processes that are gone."""
_LEAVE_SECONDS = 2.0
"""A server that stops does not wait longer for a store that is away."""
_DAY = 24 * 3600.0
_AT_ONCE = 100


class Housekeeping:
    """Gives signs of life, and does what one of several processes has to do."""

    def __init__(
        self,
        *,
        store: Store,
        shelf: Shelf,
        clock: Callable[[], float],
        owner: str,
        limits: ProjectLimits = ProjectLimits(),  # noqa: B008 - frozen
    ) -> None:
        """`owner` names this process; `limits` are those of projects that have none of their own."""
        self._store = store
        self._shelf = shelf
        self._clock = clock
        self._owner = owner
        self._limits = limits
        self._loops: list[asyncio.Task[None]] = []
        self._alive = self._steady = 0.0
        """When the last sign of life was given; since when they were given without a gap."""

    async def start(self) -> None:
        """Give the first sign of life, then go on."""
        await self.live()
        # Each by itself: while thousands of files are deleted, this process must not be taken for gone.
        self._loops = [
            asyncio.create_task(_again_and_again(seconds, work))
            for seconds, work in (
                (BEAT_SECONDS, self.live),
                (BEAT_SECONDS, self._sweep),
                (EXPIRY_SECONDS, self._expire),
            )
        ]

    async def stop(self) -> None:
        """Give back every lease of this process."""
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        try:
            async with asyncio.timeout(_LEAVE_SECONDS):
                await self._store.leave(self._owner)
        except (StoreUnavailable, TimeoutError):
            log.info("the leases of this process run out by themselves")

    async def live(self) -> None:
        """A sign of life: until it is too old, what this process has in hand is left to it."""
        await self.leads(f"process {self._owner}")
        now = asyncio.get_running_loop().time()
        if not self._alive or now - self._alive > GONE_SECONDS / 2:
            self._steady = now
        self._alive = now

    @property
    def sees_who_is_gone(self) -> bool:
        """Whether signs of life can be judged: after the store was away for long, everybody needs a while to give one."""
        if not self._store.shared:
            return True
        now = asyncio.get_running_loop().time()
        return now - self._alive <= GONE_SECONDS / 2 and now - self._steady >= GONE_SECONDS

    async def leads(self, what: str) -> bool:
        """Whether this process is the one that does it."""
        now = self._clock()
        return await self._store.lead(what, self._owner, at=now, until=now + GONE_SECONDS)

    async def keep(self) -> int:
        """Delete the files of tasks that were over long ago; returns of how many tasks."""
        cleared = 0
        for project in await self._store.projects():
            if days := project.limits.keep_days or self._limits.keep_days:
                before = self._clock() - days * _DAY
                while tasks := await self._store.with_old_files(project.id, before, _AT_ONCE):
                    if not await self.leads("housekeeping"):
                        return cleared
                    for task in tasks:
                        await self._shelf.clear(task)
                    cleared += len(tasks)
        return cleared

    async def _sweep(self) -> None:
        if (
            await self.leads("housekeeping")
            and self.sees_who_is_gone
            and (swept := await self._shelf.sweep(self._clock()))
        ):
            log.info("%d files that belong to nothing were deleted", swept)

    async def _expire(self) -> None:
        if not await self.leads("housekeeping"):
            return
        await self._store.forget_leases(self._clock())
        if cleared := await self.keep():
            log.info("the files of %d tasks were deleted: they were kept long enough", cleared)


async def _again_and_again(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except (StoreUnavailable, StorageFailed) as error:
            log.warning("housekeeping waits: %s", error.__cause__ or error)
        except Exception:
            log.exception("housekeeping goes on later")
        await asyncio.sleep(seconds)
