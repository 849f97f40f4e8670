"""The replicas of one engine: started when first needed, kept while used, unloaded when idle."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from understudy.engines.engine import Job, LocalEngine, Output
from understudy.errors import EngineError, ReplicaLost
from understudy.executors.cards import Cards, Hold
from understudy.executors.executor import Listener, Loading, ReplicaState, State
from understudy.executors.need import Need
from understudy.executors.process import ReplicaProcess
from understudy.executors.timings import Timings, backoff

log = logging.getLogger(__name__)

Sleep = Callable[[float], Awaitable[None]]


class Slot:
    """Room for one replica."""

    def __init__(self, kind: object, unload: Callable[["Slot"], None]) -> None:
        self.kind = kind
        self.cards: Hold | None = None
        self._unload = unload
        self.process: ReplicaProcess | None = None
        self.state: State = "idle"
        self.since = 0.0
        self.job = ""
        self.idling: asyncio.Task[None] | None = None
        """Unloads the replica after a while."""
        self.waiting: asyncio.Future[None] | None = None
        """The wait before a new start, or for cards."""

    @property
    def loaded(self) -> bool:
        """Whether a job can begin here at once."""
        return self.process is not None and self.process.alive and self.state == "idle"

    def unload(self) -> None:
        """See `Holder`."""
        self._unload(self)

    def take_over(self, other: "Slot") -> None:
        """See `Holder`."""
        if other.idling is not None:
            other.idling.cancel()
            other.idling = None
        self.process, other.process = other.process, None


class Pool:
    """At most `size` replicas of one engine with one set of options. Jobs are served in the order they came."""

    def __init__(
        self,
        engine: LocalEngine,
        options: Mapping[str, object],
        size: int,
        timings: Timings,
        *,
        cards: Cards,
        need: Need | None,
        persistent: bool,
        clock: Callable[[], float],
        sleep: Sleep,
        now: Callable[[], float],
    ) -> None:
        """`need`: what each replica has to get of `cards` before it starts; None if it starts without."""
        self._engine = engine
        self._options = options
        self._size = size
        self._timings = timings
        self._cards = cards
        self._need = need
        self._persistent = persistent
        self._clock = clock
        self._sleep = sleep
        self._now = now
        self._places = asyncio.Semaphore(size)  # wakes those who wait first come, first served
        self._slots = [Slot(self, self._unload_now) for _ in range(size)]
        self._free = list(self._slots)
        self._failures = 0
        self._failed_at = 0.0
        self._closed = False

    async def run(self, job: Job, listen: Listener) -> tuple[Output, ...]:
        """As `Executor.run`, the outputs not yet checked."""
        async with self._places:
            self._refuse_if_closed()
            slot = self._take()
            slot.job = job.id
            try:
                process = await self._loaded(slot, listen)
                self._enter(slot, "busy")
                return await self._run(process, job, listen)
            finally:
                self._give_back(slot)

    def replicas(self) -> tuple[ReplicaState, ...]:
        """One line for each slot that holds a process, or waits to start one."""
        return tuple(
            ReplicaState(
                engine=self._engine.name,
                pid=slot.process.pid if slot.process else 0,
                state=slot.state,
                job=slot.job,
                since=slot.since,
                runs=slot.process.runs if slot.process else 0,
            )
            for slot in self._slots
            if slot.state != "idle" or slot.loaded
        )

    async def close(self) -> None:
        """Stop every replica; the jobs that run or wait here end with `ReplicaLost`."""
        if self._closed:
            return
        self._closed = True
        for slot in self._slots:
            if slot.waiting is not None:
                slot.waiting.cancel()
        await asyncio.gather(*(self._stop(slot) for slot in self._slots))
        for _ in self._slots:  # every job that was under way has left
            await self._places.acquire()
        await asyncio.gather(*(self._stop(slot) for slot in self._slots))
        self._places.release()  # one after the other, those who waited hear that it is closed

    def _take(self) -> Slot:
        slot = max(self._free, key=lambda each: (each.loaded, each.state == "idle"))
        self._free.remove(slot)
        return slot

    def _give_back(self, slot: Slot) -> None:
        slot.job = ""
        if slot.state != "stopping":
            self._enter(slot, "idle")
            if not slot.loaded:
                self._cards.give_back(slot)
            elif not self._closed:
                if not self._persistent:
                    slot.idling = asyncio.create_task(self._unload_later(slot))
                self._cards.idle(slot)
        self._free.append(slot)

    async def _loaded(self, slot: Slot, listen: Listener) -> ReplicaProcess:
        if slot.idling is not None:
            if slot.state == "stopping":
                await asyncio.wait({slot.idling})
            slot.idling.cancel()
            slot.idling = None
        if slot.process is not None and slot.process.alive:
            self._cards.busy(slot)
            return slot.process
        self._cards.give_back(slot)  # of a process that died when it had nothing to do
        listen(Loading())
        await self._back_off(slot)
        await self._get_cards(slot)
        if slot.process is not None and slot.process.alive:  # handed on by another slot
            return slot.process
        self._enter(slot, "starting")
        slot.process = None
        try:
            slot.process = await ReplicaProcess.start(
                self._engine, self._timings, self._clock, slot.cards.names if slot.cards else ()
            )
            self._refuse_if_closed()
            await slot.process.load(self._options, listen)
        except (EngineError, ReplicaLost):
            self._count_failure()
            if slot.process is not None:
                await slot.process.kill("was stopped")
            raise
        return slot.process

    async def _run(self, process: ReplicaProcess, job: Job, listen: Listener) -> tuple[Output, ...]:
        try:
            outputs = await process.run(job, listen)
        except ReplicaLost:
            self._count_failure()
            raise
        except EngineError:  # the replica is well: the job was not
            self._failures = 0
            raise
        self._failures = 0
        return outputs

    async def _back_off(self, slot: Slot) -> None:
        wait = self._failed_at + backoff(self._failures, self._timings) - self._clock()
        if self._failures == 0 or wait <= 0:
            return
        self._enter(slot, "backing-off")
        await self._wait(slot, self._sleep(wait))

    async def _get_cards(self, slot: Slot) -> None:
        if self._need is not None:
            self._enter(slot, "waiting")
            await self._wait(slot, self._cards.take(slot, self._need))

    async def _wait(self, slot: Slot, what: Awaitable[None]) -> None:
        """A wait that a close ends."""
        slot.waiting = asyncio.ensure_future(what)
        try:
            await asyncio.wait({slot.waiting})
        finally:
            slot.waiting.cancel()
            slot.waiting = None
        self._refuse_if_closed()

    async def _unload_later(self, slot: Slot) -> None:
        await self._sleep(self._timings.idle)
        await self._unload(slot)

    def _unload_now(self, slot: Slot) -> None:
        if slot.idling is not None:
            slot.idling.cancel()
        self._enter(slot, "stopping")
        slot.idling = asyncio.create_task(self._unload(slot))

    async def _unload(self, slot: Slot) -> None:
        self._enter(slot, "stopping")
        self._cards.leaving(slot)
        await self._stop(slot)
        self._cards.give_back(slot)
        self._enter(slot, "idle")

    async def _stop(self, slot: Slot) -> None:
        if slot.idling is not None and slot.idling is not asyncio.current_task():
            slot.idling.cancel()
        if slot.process is not None:
            await slot.process.stop()

    def _count_failure(self) -> None:
        if not self._closed:
            self._failures += 1
            self._failed_at = self._clock()

    def _enter(self, slot: Slot, state: State) -> None:
        slot.state = state
        slot.since = self._now()

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise ReplicaLost(f"Engine {self._engine.name} is shut down.")
