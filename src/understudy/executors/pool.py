"""The replicas of one engine: started when first needed, kept while used, unloaded when idle."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol

from understudy.engines.engine import Job, LocalEngine
from understudy.errors import EngineError, ReplicaLost
from understudy.executors.artifact import Artifact
from understudy.executors.cards import Hold
from understudy.executors.executor import Listener, Loading, ReplicaState, State
from understudy.executors.timings import Timings, backoff
from understudy.log import own_context

Sleep = Callable[[float], Awaitable[None]]


class Replica(Protocol):
    """A replica that has been started, as its pool sees it (see `process.ReplicaProcess`)."""

    @property
    def alive(self) -> bool:
        """Whether it can still be asked for anything."""

    @property
    def pid(self) -> int:
        """Its process, on its machine."""

    @property
    def node(self) -> str:
        """Its machine's name; empty for this one."""

    @property
    def runs(self) -> int:
        """How many jobs it was given."""

    @property
    def holds(self) -> bool:
        """Whether it has files of its last job that are nowhere else: another job may take them away."""

    async def load(self, options: Mapping[str, object], listen: Listener) -> None:
        """Load the engine's pipeline. Raises `EngineError` or `ReplicaLost`; it is of no use then."""

    async def run(self, job: Job, listen: Listener) -> tuple[Artifact, ...]:
        """What the pipeline made: regular files inside the job's folder.

        Raises `EngineError` or `ReplicaLost`; cancelled, it is idle or dead afterwards.
        """

    async def let_go(self) -> None:
        """Take away what it holds, if it does."""

    async def stop(self) -> None:
        """End it: in peace if it can, by force after a while."""

    async def kill(self, cause: str) -> None:
        """End it at once."""


class Host(Protocol):
    """Where the replicas of a pool live: it has room for them, perhaps not at once, and starts them there."""

    @property
    def short(self) -> bool:
        """Whether room may have to be waited for."""

    async def take(self, slot: "Slot") -> None:
        """Wait until there is room for a replica in the slot, or until another of its kind was handed on to it."""

    async def start(self, slot: "Slot") -> Replica:
        """Start a replica in the room that was taken; not loaded yet. Raises `EngineError` or `ReplicaLost`."""

    def busy(self, slot: "Slot") -> None:
        """The slot's replica has work again."""

    def idle(self, slot: "Slot") -> None:
        """It is loaded and has nothing to do: its room may be wanted by another."""

    def leaving(self, slot: "Slot") -> None:
        """It is being unloaded; `give_back` follows."""

    def give_back(self, slot: "Slot") -> None:
        """It is gone; a slot without room gives nothing back."""


class Slot:
    """Room for one replica."""

    def __init__(self, kind: object, unload: Callable[["Slot"], None]) -> None:
        self.kind = kind
        self.cards: Hold | None = None
        self._unload = unload
        self.process: Replica | None = None
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
        host: Host,
        persistent: bool,
        clock: Callable[[], float],
        sleep: Sleep,
        now: Callable[[], float],
        least: int = 0,
        patience: float = 0.0,
    ) -> None:
        """`least`: how many stay loaded when idle; `persistent`: all of them do.

        `patience`: seconds that a job waits for a replica that is at work before another is started for it.
        """
        self._engine = engine
        self._options = options
        self._size = size
        self._timings = timings
        self._host = host
        self._persistent = persistent
        self._clock = clock
        self._sleep = sleep
        self._now = now
        self._least = least
        self._patience = patience
        self._patient: deque[asyncio.Future[Slot]] = deque()
        self._places = asyncio.Semaphore(size)  # wakes those who wait first come, first served
        self._slots = [Slot(self, self._unload_now) for _ in range(size)]
        self._free = list(self._slots)
        self._failures = 0
        self._failed_at = 0.0
        self._closed = False

    @asynccontextmanager
    async def playing(self, job: Job, listen: Listener) -> AsyncIterator[tuple[Artifact, ...]]:
        """As `Executor.playing`. The slot is given back before it yields, unless its replica holds the files."""
        async with AsyncExitStack() as taken:
            await taken.enter_async_context(self._places)
            self._refuse_if_closed()
            slot = await self._take()
            taken.callback(self._give_back, slot)
            slot.job = job.id
            process = await self._loaded(slot, listen)
            self._enter(slot, "busy")
            taken.push_async_callback(process.let_go)
            made = await self._run(process, job, listen)
            if not process.holds:
                await taken.aclose()
            yield made

    async def warm(self) -> None:
        """Load as many replicas as stay loaded when idle; those that jobs have taken count. Raises as a job does."""
        cold = [slot for slot in self._free if not slot.loaded]
        wanted = self._least - (len(self._slots) - len(cold))
        failed = await asyncio.gather(*map(self._load, cold[: max(0, wanted)]), return_exceptions=True)
        for failure in filter(None, failed):
            raise failure

    async def _load(self, slot: Slot) -> None:
        async with self._places:
            if slot not in self._free or slot.loaded:  # a job was quicker
                return
            self._refuse_if_closed()
            self._free.remove(slot)
            try:
                await self._loaded(slot, lambda _: None)
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
                node=slot.process.node if slot.process else "",
            )
            for slot in self._slots
            if slot.state != "idle" or slot.loaded
        )

    def unload(self) -> int:
        """Unload all that have nothing to do; returns how many."""
        idle = [slot for slot in self._free if slot.loaded]
        for slot in idle:
            self._unload_now(slot)
        return len(idle)

    async def close(self) -> None:
        """Stop every replica; the jobs that run or wait here end with `ReplicaLost`."""
        if self._closed:
            return
        self._closed = True
        for patient in self._patient:
            patient.cancel()
        for slot in self._slots:
            if slot.waiting is not None:
                slot.waiting.cancel()
        await asyncio.gather(*(self._stop(slot) for slot in self._slots))
        for _ in self._slots:  # every job that was under way has left
            await self._places.acquire()
        await asyncio.gather(*(self._stop(slot) for slot in self._slots))
        self._places.release()  # one after the other, those who waited hear that it is closed

    async def _take(self) -> Slot:
        slot = self._best()
        if not slot.loaded and self._patience and len(self._free) < len(self._slots):
            if given := await self._given():
                return given
            slot = self._best()
        self._free.remove(slot)
        return slot

    def _best(self) -> Slot:
        return max(self._free, key=lambda each: (each.loaded, each.state == "idle"))

    async def _given(self) -> Slot | None:
        """A slot whose replica has ended another job meanwhile; None if patience ran out."""
        given: asyncio.Future[Slot] = asyncio.get_running_loop().create_future()
        self._patient.append(given)
        try:
            await asyncio.wait({given}, timeout=self._patience)
        except asyncio.CancelledError:
            if given.done() and not given.cancelled():
                self._give_back(given.result())
            raise
        finally:
            if given in self._patient:
                self._patient.remove(given)
        self._refuse_if_closed()
        return given.result() if given.done() else None

    def _give_back(self, slot: Slot) -> None:
        slot.job = ""
        if slot.state != "stopping":
            self._enter(slot, "idle")
            if not slot.loaded:
                self._host.give_back(slot)
            elif self._patient and not self._closed:
                self._patient.popleft().set_result(slot)
                return
            elif not self._closed:
                if not self._persistent:
                    slot.idling = asyncio.create_task(self._unload_later(slot))
                self._host.idle(slot)
        self._free.append(slot)

    async def _loaded(self, slot: Slot, listen: Listener) -> Replica:
        if slot.idling is not None:
            if slot.state == "stopping":
                await asyncio.wait({slot.idling})
            slot.idling.cancel()
            slot.idling = None
        if slot.process is not None and slot.process.alive:
            self._host.busy(slot)
            return slot.process
        self._host.give_back(slot)  # of a process that died when it had nothing to do
        listen(Loading())
        await self._back_off(slot)
        await self._get_room(slot)
        if slot.process is not None and slot.process.alive:  # handed on by another slot
            return slot.process
        self._enter(slot, "starting")
        slot.process = None
        try:
            # What it says when it has nothing to do concerns no task.
            with own_context(engine=self._engine.name):
                slot.process = await self._host.start(slot)
            self._refuse_if_closed()
            await slot.process.load(self._options, listen)
        except (EngineError, ReplicaLost):
            self._count_failure()
            if slot.process is not None:
                await slot.process.kill("was stopped")
            raise
        return slot.process

    async def _run(self, process: Replica, job: Job, listen: Listener) -> tuple[Artifact, ...]:
        try:
            made = await process.run(job, listen)
        except ReplicaLost:
            self._count_failure()
            raise
        except EngineError:  # the replica is well: the job was not
            self._failures = 0
            raise
        self._failures = 0
        return made

    async def _back_off(self, slot: Slot) -> None:
        wait = self._failed_at + backoff(self._failures, self._timings) - self._clock()
        if self._failures == 0 or wait <= 0:
            return
        self._enter(slot, "backing-off")
        await self._wait(slot, self._sleep(wait))

    async def _get_room(self, slot: Slot) -> None:
        if self._host.short:
            self._enter(slot, "waiting")
            await self._wait(slot, self._host.take(slot))

    async def _wait(self, slot: Slot, what: Awaitable[None]) -> None:
        """A wait that a close ends."""
        slot.waiting = asyncio.ensure_future(what)
        try:
            await asyncio.wait({slot.waiting})
        finally:
            waited, slot.waiting = slot.waiting, None
            waited.cancel()
        error = None if waited.cancelled() else waited.exception()
        self._refuse_if_closed()
        if error is not None:
            raise error

    async def _unload_later(self, slot: Slot) -> None:
        await self._sleep(self._timings.idle)
        if sum(each.loaded for each in self._slots) > self._least:
            await self._unload(slot)

    def _unload_now(self, slot: Slot) -> None:
        if slot.idling is not None:
            slot.idling.cancel()
        self._enter(slot, "stopping")
        self._host.leaving(slot)  # at once, before its room is handed on to another slot of its kind
        slot.idling = asyncio.create_task(self._unload(slot))

    async def _unload(self, slot: Slot) -> None:
        self._enter(slot, "stopping")
        self._host.leaving(slot)
        await self._stop(slot)
        self._host.give_back(slot)
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
