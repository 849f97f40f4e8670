"""Replicas as processes of this machine."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager

from understudy.engines.engine import Job, LocalEngine, Output
from understudy.errors import EngineUnavailable
from understudy.executors.artifact import Artifact
from understudy.executors.cards import Cards
from understudy.executors.executor import Listener, ReplicaState
from understudy.executors.machine import cards_here
from understudy.executors.need import Need, need_of
from understudy.executors.pool import Pool, Replica, Sleep, Slot
from understudy.executors.pools import Pools, least_of, most_of
from understudy.executors.process import ReplicaProcess
from understudy.executors.timings import Timings


class LocalExecutor:
    """An `Executor` with one pool of processes for each engine (and each set of options it is asked to run with).

    Five options are read here, and handed to the pipeline like the others: `replicas`, how many processes there may
    be, in place of the engine's own number; `replicas_min`, how many stay loaded when idle; `persistent`, whether all
    do; `gpus` and `devices`, how many graphics cards each of them gets to see, and which may be among them (see
    `need_of`).
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
        self._pools = Pools(self._new_pool)

    async def run(
        self, engine: LocalEngine, options: Mapping[str, object], job: Job, listen: Listener
    ) -> tuple[Output, ...]:
        """See `Executor`."""
        return await self._pools.run(engine, options, job, listen)

    def playing(
        self, engine: LocalEngine, options: Mapping[str, object], job: Job, listen: Listener
    ) -> AbstractAsyncContextManager[tuple[Artifact, ...]]:
        """See `Executor`."""
        return self._pools.playing(engine, options, job, listen)

    @property
    def away(self) -> str:
        """See `Executor`: this machine is here."""
        return ""

    def capacity(self, engine: LocalEngine, options: Mapping[str, object]) -> int:
        """See `Executor`."""
        least_of(engine, options)
        number = most_of(engine, options)
        need = self._need(engine, options)
        return number if need is None else min(number, max(1, need.most))

    async def warm(self, engine: LocalEngine, options: Mapping[str, object]) -> None:
        """See `Executor`."""
        await self._pools.warm(engine, options)

    def replicas(self) -> tuple[ReplicaState, ...]:
        """See `Executor`."""
        return self._pools.replicas()

    def unload(self, engine: str) -> int:
        """See `Executor`."""
        return self._pools.unload(engine)

    async def close(self) -> None:
        """See `Executor`."""
        await self._pools.close()

    def _new_pool(self, engine: LocalEngine, options: Mapping[str, object]) -> Pool:
        need = self._need(engine, options)
        if need is not None and not need.most:
            raise EngineUnavailable(
                f"The engine {engine.name} needs {need.cards} graphics cards, and here are {len(need.among)}."
                " Give each replica fewer with its option gpus."
            )
        return Pool(
            engine,
            options,
            self.capacity(engine, options),
            self._timings,
            host=Here(engine, need, self._cards, self._timings, self._clock),
            least=least_of(engine, options),
            persistent=engine.persistent or options.get("persistent") is True,
            clock=self._clock,
            sleep=self._sleep,
            now=self._now,
        )

    def _need(self, engine: LocalEngine, options: Mapping[str, object]) -> Need | None:
        return need_of(engine, options, lambda: self._cards.names)


class Here:
    """This machine, as the `Host` of one engine's replicas: room for one is the cards that it needs."""

    def __init__(
        self,
        engine: LocalEngine,
        need: Need | None,
        cards: Cards,
        timings: Timings,
        clock: Callable[[], float],
    ) -> None:
        """`need`: None for replicas that start without cards."""
        self._engine = engine
        self._need = need
        self._cards = cards
        self._timings = timings
        self._clock = clock

    @property
    def short(self) -> bool:
        """See `Host`."""
        return self._need is not None

    async def take(self, slot: Slot) -> None:
        """See `Host`."""
        if self._need is not None:
            await self._cards.take(slot, self._need)

    async def start(self, slot: Slot) -> Replica:
        """See `Host`."""
        names = slot.cards.names if slot.cards else ()
        return await ReplicaProcess.start(self._engine, self._timings, self._clock, names)

    def busy(self, slot: Slot) -> None:
        """See `Host`."""
        self._cards.busy(slot)

    def idle(self, slot: Slot) -> None:
        """See `Host`."""
        self._cards.idle(slot)

    def leaving(self, slot: Slot) -> None:
        """See `Host`."""
        self._cards.leaving(slot)

    def give_back(self, slot: Slot) -> None:
        """See `Host`."""
        self._cards.give_back(slot)
