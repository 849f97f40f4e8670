"""Replicas as processes of this machine."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence

import msgspec

from understudy.engines.engine import Job, LocalEngine, Output
from understudy.errors import ConfigurationError, EngineUnavailable, ReplicaLost
from understudy.executors.cards import Cards
from understudy.executors.executor import Listener, ReplicaState, RunEvent
from understudy.executors.machine import cards_here
from understudy.executors.need import Need, need_of
from understudy.executors.outputs import checked_outputs
from understudy.executors.pool import Pool, Sleep
from understudy.executors.timings import Timings

log = logging.getLogger(__name__)


class LocalExecutor:
    """An `Executor` with one pool of processes for each engine (and each set of options it is asked to run with).

    Four options are read here, and handed to the pipeline like the others: `replicas`, how many processes there may
    be, in place of the engine's own number; `persistent`, whether they stay loaded when idle; `gpus` and `devices`,
    how many graphics cards each of them gets to see, and which may be among them (see `need_of`).
    """

    def __init__(
        self,
        timings: Timings = Timings(),  # noqa: B008 - frozen
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        now: Callable[[], float] = time.time,
        detect: Callable[[], Sequence[str]] = cards_here,
    ) -> None:
        """`clock` measures durations, `now` dates states for operators, `sleep` waits for idling and backoff.

        `detect` names the machine's graphics cards; asked once, when an engine first needs one.
        """
        self._timings = timings
        self._clock = clock
        self._sleep = sleep
        self._now = now
        self._cards = Cards(detect)
        self._pools: dict[tuple[str, bytes], Pool] = {}
        self._closed = False

    async def run(
        self, engine: LocalEngine, options: Mapping[str, object], job: Job, listen: Listener
    ) -> tuple[Output, ...]:
        """See `Executor`."""
        if self._closed:
            raise ReplicaLost("The executor is closed.")
        outputs = await self._pool(engine, options).run(job, _careful(listen))
        return checked_outputs(job, outputs)

    def capacity(self, engine: LocalEngine, options: Mapping[str, object]) -> int:
        """See `Executor`."""
        number = options.get("replicas", engine.replicas)
        if not isinstance(number, int) or isinstance(number, bool) or number < 1:
            raise ConfigurationError(
                f"engine {engine.name}: the option replicas must be a whole number of at least 1, not {number!r}"
            )
        need = self._need(engine, options)
        return number if need is None else min(number, max(1, need.most))

    def replicas(self) -> tuple[ReplicaState, ...]:
        """See `Executor`."""
        return tuple(state for pool in self._pools.values() for state in pool.replicas())

    async def close(self) -> None:
        """See `Executor`."""
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
            need = self._need(engine, options)
            if need is not None and not need.most:
                raise EngineUnavailable(
                    f"The engine {engine.name} needs {need.cards} graphics cards, and here are {len(need.among)}."
                    " Give each replica fewer with its option gpus."
                )
            pool = self._pools[key] = Pool(
                engine,
                options,
                self.capacity(engine, options),
                self._timings,
                cards=self._cards,
                need=need,
                persistent=engine.persistent or options.get("persistent") is True,
                clock=self._clock,
                sleep=self._sleep,
                now=self._now,
            )
        return pool

    def _need(self, engine: LocalEngine, options: Mapping[str, object]) -> Need | None:
        return need_of(engine, options, lambda: self._cards.names)


def _careful(listen: Listener) -> Listener:
    """The listener, but what it does wrong hurts neither the run nor the replica."""

    def hear(event: RunEvent) -> None:
        try:
            listen(event)
        except Exception:
            log.exception("A listener failed on %r", event)

    return hear
