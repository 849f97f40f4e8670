"""Graphics cards that do nothing for as long as a job says."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from understudy.engines.engine import Job, LocalEngine, Output
from understudy.executors.artifact import Here
from understudy.executors.executor import Listener, Progress, ReplicaState, Started

SECONDS = "seconds"
"""The input that says how long a job takes."""


class Cards:
    """An `Executor` with so many replicas of each engine."""

    def __init__(self, replicas: Mapping[str, int], grid: float) -> None:
        """`grid`: jobs end at whole multiples of so many seconds, so that what ends together is written together."""
        self._replicas = replicas
        self._grid = grid
        self._busy: Counter[str] = Counter()

    async def run(
        self, engine: LocalEngine, options: Mapping[str, object], job: Job, listen: Listener
    ) -> tuple[Output, ...]:
        """See `Executor`."""
        self._busy[engine.name] += 1
        assert self._busy[engine.name] <= self._replicas[engine.name], "more runs than replicas"
        try:
            listen(Started())
            loop = asyncio.get_running_loop()
            ends = loop.time() + float(job.values[SECONDS])
            await asyncio.sleep(self._until_the_grid(ends) - loop.time())
            listen(
                Progress(stage="Generate", step=1, total=1, unit="it", speed=1.0, elapsed=1.0, remaining=0.0)
            )
        finally:
            self._busy[engine.name] -= 1
        return (Output(f"{job.folder}/0.mp4"),)

    @asynccontextmanager
    async def playing(
        self, engine: LocalEngine, options: Mapping[str, object], job: Job, listen: Listener
    ) -> AsyncIterator[tuple[Here, ...]]:
        """See `Executor`."""
        outputs = await self.run(engine, options, job, listen)
        yield tuple(Here(Path(each.path)) for each in outputs)

    away = ""

    async def warm(self, engine: LocalEngine, options: Mapping[str, object]) -> None:
        """Cards are always ready."""

    def capacity(self, engine: LocalEngine, options: Mapping[str, object]) -> int:
        """See `Executor`."""
        return self._replicas[engine.name]

    def replicas(self) -> tuple[ReplicaState, ...]:
        """See `Executor`."""
        return ()

    def unload(self, engine: str) -> int:
        """See `Executor`."""
        return 0

    async def close(self) -> None:
        """See `Executor`."""

    def _until_the_grid(self, at: float) -> float:
        return -(-at // self._grid) * self._grid
