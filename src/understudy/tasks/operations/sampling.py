"""Points of the charts: one a minute, by one process of an installation."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping

import msgspec

from understudy.tasks.lifecycle import RUNNING, Status
from understudy.tasks.operations.records import Report, Sample
from understudy.tasks.operations.reports import Reports
from understudy.tasks.outage import Outage
from understudy.tasks.records import ModelStatistics, Queue
from understudy.tasks.store.store import Store

SAMPLE_SECONDS = 60.0
KEPT_SECONDS = 25 * 3600.0


async def sample(store: Store, reports: Reports, clock: Callable[[], float]) -> Sample:
    """As it is now, from the same figures as `/metrics`. Raises `StoreUnavailable`."""
    depth, queue, statistics, reported = await asyncio.gather(
        store.depth(), store.queue(), store.statistics(), reports.all()
    )
    return sample_of(clock(), depth, queue, statistics, reported)


def sample_of(
    now: float,
    depth: Mapping[str, int],
    queue: Mapping[str, Queue],
    statistics: Mapping[str, ModelStatistics],
    reported: Iterable[Report],
) -> Sample:
    """The same for who has asked for these figures already: `Store.depth`, `queue` and `statistics`. Pure."""
    counts = statistics.values()
    replicas = [replica for report in reported for replica in report.replicas if replica.pid]
    return Sample(
        at=now,
        queued=depth.get(Status.QUEUE, 0),
        oldest=max((max(0.0, now - each.oldest) for each in queue.values()), default=0.0),
        running=sum(depth.get(status, 0) for status in RUNNING),
        replicas=len(replicas),
        memory=sum(replica.memory for replica in replicas),
        succeeded=sum(each.successes for each in counts),
        failed=sum(each.errors for each in counts),
        cancelled=sum(each.runs - each.successes - each.errors for each in counts),
    )


class Sampler:
    """Takes them at each full minute, and keeps those of a day."""

    def __init__(
        self,
        store: Store,
        reports: Reports,
        clock: Callable[[], float],
        *,
        leads: Callable[[], Awaitable[bool]],
    ) -> None:
        """`leads`: whether this process is the one that does it."""
        self._store = store
        self._reports = reports
        self._clock = clock
        self._leads = leads
        self._outage = Outage("the charts have a gap")
        self._sampling: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin with the next full minute."""
        self._sampling = asyncio.create_task(self._sample())

    async def stop(self) -> None:
        """Take none any more."""
        if self._sampling is not None:
            self._sampling.cancel()
            await asyncio.wait({self._sampling})

    async def take(self) -> None:
        """Write one, if it is for this process to do. Raises `StoreUnavailable`."""
        if await self._leads():
            now = await sample(self._store, self._reports, self._clock)
            # On the minute, so that two processes that both think it theirs write it once.
            point = msgspec.structs.replace(now, at=round(now.at / SAMPLE_SECONDS) * SAMPLE_SECONDS)
            await self._store.operating.add_sample(point, forget_before=now.at - KEPT_SECONDS)

    async def _sample(self) -> None:
        while True:
            await asyncio.sleep(SAMPLE_SECONDS - self._clock() % SAMPLE_SECONDS)
            with self._outage.borne():
                await self.take()
