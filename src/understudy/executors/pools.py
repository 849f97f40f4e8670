"""The pools of an executor: one for each engine, and each set of options that it is asked to run with."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import msgspec

from understudy.engines.engine import Job, LocalEngine, Output
from understudy.errors import ConfigurationError, ReplicaLost
from understudy.executors.artifact import Artifact
from understudy.executors.executor import Listener, ReplicaState, RunEvent
from understudy.executors.pool import Pool

log = logging.getLogger(__name__)

NewPool = Callable[[LocalEngine, Mapping[str, object]], Pool]


class Pools:
    """Made when they are first needed, and kept until the executor is closed."""

    def __init__(self, new: NewPool) -> None:
        self._new = new
        self._pools: dict[tuple[str, bytes], Pool] = {}
        self._closed = False

    async def run(
        self, engine: LocalEngine, options: Mapping[str, object], job: Job, listen: Listener
    ) -> tuple[Output, ...]:
        """As `Executor.run`."""
        async with self.playing(engine, options, job, listen) as made:
            return tuple([Output(str(await each.fetch(Path(job.folder)))) for each in made])

    def playing(
        self, engine: LocalEngine, options: Mapping[str, object], job: Job, listen: Listener
    ) -> AbstractAsyncContextManager[tuple[Artifact, ...]]:
        """As `Executor.playing`."""
        if self._closed:
            raise ReplicaLost("The executor is closed.")
        return self._pool(engine, options).playing(job, _careful(listen))

    async def warm(self, engine: LocalEngine, options: Mapping[str, object]) -> None:
        """As `Executor.warm`."""
        if least_of(engine, options) and not self._closed:
            await self._pool(engine, options).warm()

    def replicas(self) -> tuple[ReplicaState, ...]:
        """As `Executor.replicas`."""
        return tuple(state for pool in self._pools.values() for state in pool.replicas())

    def unload(self, engine: str) -> int:
        """As `Executor.unload`."""
        return sum(pool.unload() for (name, _), pool in self._pools.items() if name == engine)

    async def close(self) -> None:
        """As `Executor.close`."""
        self._closed = True
        await asyncio.gather(*(pool.close() for pool in self._pools.values()))

    def _pool(self, engine: LocalEngine, options: Mapping[str, object]) -> Pool:
        try:
            key = (engine.name, msgspec.msgpack.encode(dict(options), order="sorted"))
        except (TypeError, ValueError) as error:
            message = f"engine {engine.name}: its options cannot be handed to a process: {error}"
            raise ConfigurationError(message) from error
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = self._new(engine, options)
        return pool


def most_of(engine: LocalEngine, options: Mapping[str, object]) -> int:
    """How many replicas there may be: the option `replicas`, else the engine's own number. Raises `ConfigurationError`."""
    number = options.get("replicas", engine.replicas)
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise ConfigurationError(
            f"engine {engine.name}: the option replicas must be a whole number of at least 1, not {number!r}"
        )
    return number


def least_of(engine: LocalEngine, options: Mapping[str, object]) -> int:
    """How many replicas stay loaded when idle: the option `replicas_min`, else none. Raises `ConfigurationError`."""
    number = options.get("replicas_min", 0)
    most = most_of(engine, options)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= most:
        raise ConfigurationError(
            f"engine {engine.name}: the option replicas_min must be a whole number from 0 to {most}, which is"
            f" how many replicas there may be (the option replicas), not {number!r}"
        )
    return number


def _careful(listen: Listener) -> Listener:
    """The listener, but what it does wrong hurts neither the run nor the replica."""

    def hear(event: RunEvent) -> None:
        try:
            listen(event)
        except Exception:
            log.exception("A listener failed on %r", event)

    return hear
