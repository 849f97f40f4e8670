"""Takes queued tasks and brings them to their engines.

It sleeps until it is woken: by a submission, by the end of a run (a replica is free), and by its own slow beat, which
takes up what a lost process left behind, and makes a lost wake-up cost seconds and nothing else. Beside it the lease of
what runs here is renewed.
"""

import asyncio
import logging
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from understudy.engines.engine import Engine, LocalEngine, RemoteEngine
from understudy.errors import StoreUnavailable
from understudy.executors.executor import ReplicaState
from understudy.log import log_context
from understudy.tasks import lifecycle
from understudy.tasks.about import log_fields
from understudy.tasks.events import Event
from understudy.tasks.operations.records import Hold
from understudy.tasks.outage import Outage
from understudy.tasks.records import Room, RunningLimits, Task
from understudy.tasks.runner import Crew, Run

log = logging.getLogger(__name__)

_AT_ONCE = 32
"""Tasks claimed with one question, at most."""
_LOOK_SECONDS = 1.0
"""Where other processes submit and run tasks: how often it is looked without being woken."""
_LAST_CLAIM_SECONDS = 3.0
_GIVE_BACK_SECONDS = 3.0
"""When this stops it does not wait longer for a store that is away: what it cannot give back waits for its lease's end."""
_WITHOUT_ENGINE = 8
"""Tasks that nobody can play are taken, too, to be told so: this many at the same time."""


class _Going(NamedTuple):
    run: Run
    task: asyncio.Task[None]
    engine: str


class Dispatcher:
    """Claims tasks as long as their engines have room, and runs them."""

    def __init__(
        self,
        crew: Crew,
        *,
        owner: str,
        lease_seconds: float = 15.0,
        sole: bool = True,
        limits: RunningLimits = RunningLimits(),  # noqa: B008 - frozen
    ) -> None:
        """`owner` names this process in leases. `sole`: no other process works on this store, so what others hold
        is left over from one that is gone, and is taken up at once.
        """
        self._crew = crew
        self._owner = owner
        self._lease_seconds = lease_seconds
        self._sole = sole
        self._limits = limits
        self._strangers: set[str] = set()
        """Models of waiting tasks that are not in the catalogue (any more)."""
        self._woken = asyncio.Event()
        self._outage = Outage("no task is taken up")
        self._runs: dict[int, _Going] = {}
        self._busy: Counter[str] = Counter()
        """How many runs each engine has here; counted as they come and go, since it is asked with every claim."""
        self._stopped: set[int] = set()
        self._left: set[int] = set()
        """Tasks that were held for no run when it was last looked."""
        self._abandoned: set[int] = set()
        """Those that were when it was looked twice: to be taken up."""
        self._full: set[str] = set()
        """Models that waited for an engine without room when it was last looked: no news until a run ends."""
        self._has_room = True
        """Whether any engine had room when it was last looked."""
        self._steady = 0.0
        """Since when the store has answered whenever it was asked."""
        self._stopping = False
        self._hurried = asyncio.Event()
        self._loops: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Take up what was left behind, then begin."""
        self._steady = asyncio.get_running_loop().time()
        if self._sole:
            await self._recover(but_not=self._owner)
        await self._look_for_strangers()
        # What a large process left takes longer to be taken up than a lease lasts.
        self._loops = [asyncio.create_task(each) for each in (self._dispatch(), self._keep(), self._beat())]
        if not self._sole:
            self._loops.append(asyncio.create_task(self._look()))
        self.wake()

    def wake(self, model: str = "") -> None:
        """There may be something to do: for a model, if it is named. While its engine has no room, there is not."""
        if model not in self._full:
            self._woken.set()

    def stop_run(self, task: int) -> None:
        """The task was killed: free its engine."""
        # Once: a second cancellation would break off the stopping itself, and leave an engine that still works.
        if task in self._runs and task not in self._stopped:
            self._stopped.add(task)
            self._runs[task].task.cancel()

    @property
    def running(self) -> int:
        """How many tasks run here now."""
        return len(self._runs)

    @property
    def running_by_engine(self) -> Mapping[str, int]:
        """The same by engine ("": none could be found), for every engine of the cast."""
        none = dict.fromkeys((engine.name for engine in self._crew.cast.engines), 0)
        return none | self._busy

    def replicas(self) -> tuple[ReplicaState, ...]:
        """The replicas of this process's executor, as they are now."""
        return self._crew.executor.replicas()

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stopping

    @property
    def alive(self) -> bool:
        """Whether it still claims tasks."""
        return bool(self._loops) and not any(loop.done() for loop in self._loops)

    async def stop(self, drain_seconds: float) -> None:
        """Claim nothing more, let what runs end for so long, and give the rest back to the queue."""
        self._stopping = True
        self._woken.set()
        # What is being claimed at this moment still begins, so that it is given back like the others.
        if claiming := self._loops[:1]:
            await asyncio.wait(claiming, timeout=_LAST_CLAIM_SECONDS)
            claiming[0].cancel()
        # Who waits for a partner need not be waited for: the next process goes on with it.
        running = {each.task for each in self._runs.values() if not each.run.resumable}
        if running:
            log.info("letting %d tasks end, for up to %g s", len(running), drain_seconds)
            await self._until(running, drain_seconds)
        left = tuple(self._runs.values())
        for id in list(self._runs):
            self.stop_run(id)
        await asyncio.gather(*(self._give_back(each) for each in left))
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)

    def hurry(self) -> None:
        """Do not let tasks end any longer: stop now."""
        self._hurried.set()

    async def _give_back(self, stopped: _Going) -> None:
        await asyncio.wait({stopped.task})
        task = stopped.run.task
        with log_context(**log_fields(task)):
            try:
                async with asyncio.timeout(_GIVE_BACK_SECONDS):
                    if await self._crew.store.apply(task.id, lifecycle.give_back(task)):
                        log.info("task %d is given back to the queue", task.id)
            except (StoreUnavailable, TimeoutError):
                log.warning(
                    "task %d cannot be given back now; it is taken up when its lease is over", task.id
                )

    async def _until(self, running: set[asyncio.Task[None]], seconds: float) -> None:
        hurried = asyncio.create_task(self._hurried.wait())
        give_up = asyncio.get_running_loop().time() + seconds
        while running and not self._hurried.is_set():
            left = give_up - asyncio.get_running_loop().time()
            if left <= 0:
                break
            waited: set[asyncio.Task[Any]] = {hurried, *running}
            done, _ = await asyncio.wait(waited, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            running -= done
        hurried.cancel()

    async def _dispatch(self) -> None:
        while not self._stopping:
            await self._woken.wait()
            self._woken.clear()
            with self._outage.borne():
                while not self._stopping and await self._claim():
                    pass

    async def _claim(self) -> bool:
        """Begin what there is room for, with one question; returns whether more may wait."""
        rooms = self._rooms()
        self._has_room = bool(rooms)
        if not rooms:
            return False
        now = self._crew.clock()
        tasks = await self._crew.store.claim(
            self._owner, list(rooms.values()), self._limits, at=now, until=now + self._lease_seconds
        )
        self._trace(tasks, now, self._crew.clock())
        engine_of = {model: engine for engine, room in rooms.items() for model in room.models}
        for task in tasks:
            self._begin(task, engine_of[task.model])
        taken = Counter(engine_of[task.model] for task in tasks)
        # Who was given less than there was room for has all that waits, and who has no place left is not asked for.
        self._full |= {
            model
            for engine, room in rooms.items()
            if taken[engine] == room.places < _AT_ONCE
            for model in room.models
        }
        return any(number == _AT_ONCE for number in taken.values())

    def _trace(self, tasks: Sequence[Task], began: float, ended: float) -> None:
        for task in tasks:
            if task.trace:
                if task.attempts == 1:
                    self._crew.tracer.record("queue", task.created, began, parent=task.trace)
                self._crew.tracer.record("claim", began, ended, parent=task.trace)

    def _rooms(self) -> dict[str, Room]:
        """The engines that have free places, by name ("": for models that nobody can play)."""
        models: dict[str, list[str]] = {}
        places: dict[str, int] = {}
        held = self._crew.held()
        for model in {*(model.address for model in self._crew.catalogue.models), *self._strangers}:
            engine, waits = self._engine(model, held)
            if waits:
                continue
            name = engine.name if engine else ""
            models.setdefault(name, []).append(model)
            if name not in places:
                places[name] = min(_AT_ONCE, self._capacity(engine) - self._busy[name])
        self._full = {model for name, those in models.items() if places[name] <= 0 for model in those}
        return {
            name: Room(models=tuple(those), places=places[name])
            for name, those in models.items()
            if places[name] > 0
        }

    async def _look_for_strangers(self) -> None:
        known = {model.address for model in self._crew.catalogue.models}
        self._strangers = set(await self._crew.store.waiting_models()) - known

    def _engine(self, address: str, held: Mapping[str, Hold]) -> tuple[Engine | None, bool]:
        """Who plays a model, and whether its tasks wait for one that is away or held: each time they are taken up is an
        attempt.
        """
        crew = self._crew
        model = crew.catalogue.find(*address.split("/", 1))
        if model is None:
            return None, False
        away = crew.away(model)
        engine = crew.cast.choose(model, away).engine
        if engine is None:
            return None, bool(away or crew.held_of(model))
        return engine, held.get(engine.name) == "paused"

    def _capacity(self, engine: Engine | None) -> int:
        if engine is None:
            return _WITHOUT_ENGINE
        if isinstance(engine, RemoteEngine):
            return self._crew.counter.partners.at_once(engine)
        assert isinstance(engine, LocalEngine)
        return self._crew.executor.capacity(engine, self._crew.cast.options(engine))

    def _begin(self, task: Task, engine: str) -> None:
        # A process that stood still for longer than its lease may be given its own task again before it has noticed.
        self.stop_run(task.id)
        self._stopped.discard(task.id)
        run = Run(self._crew, task)
        with log_context(**log_fields(task)):
            going = asyncio.create_task(run.go(), name=f"task {task.id}")
        self._runs[task.id] = _Going(run, going, engine)
        self._busy[engine] += 1
        going.add_done_callback(lambda done: self._ended(task.id, engine, done))

    def _ended(self, id: int, engine: str, done: asyncio.Task[None]) -> None:
        self._busy[engine] -= 1
        # What a run gives back to the queue may run again before its own end is heard of.
        if id in self._runs and self._runs[id].task is done:
            del self._runs[id]
            self._stopped.discard(id)
        self._full.clear()
        if not done.cancelled() and (error := done.exception()) is not None:
            # Its lease runs out, and it is taken up again.
            with log_context(task=str(id)):
                log.error("task %d was left as it is", id, exc_info=error)
        self._woken.set()

    async def _look(self) -> None:
        # Who submitted a task may have died before it told; a limit that was reached may be free again elsewhere.
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if self._has_room:
                self._woken.set()

    async def _keep(self) -> None:
        pause = self._lease_seconds / 3
        while True:
            await asyncio.sleep(pause)
            # Who holds nothing asks nothing, and so does not learn whether the store answers.
            if self._runs:
                with self._outage.borne():
                    await self._renew()
            else:
                self._left.clear()
            pause = min(self._lease_seconds / 3, _LOOK_SECONDS if self._outage.lasts else math.inf)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._lease_seconds / 3)
            with self._outage.borne():
                await self._take_up_own()
                await self._look_for_strangers()
                if self._sees_who_is_gone():
                    await self._recover()
            if self._outage.lasts:
                self._steady = asyncio.get_running_loop().time()
            self._full.clear()
            self._woken.set()

    async def _renew(self) -> None:
        running = set(self._runs)
        now = self._crew.clock()
        held = await self._crew.store.renew(self._owner, at=now, until=now + self._lease_seconds)
        for id in running - held:
            self.stop_run(id)
        # A run that could not even write its end left its task. One that was just claimed begins before the next look.
        left = held - set(self._runs)
        self._abandoned = left & self._left
        self._left = left

    async def _take_up_own(self) -> None:
        abandoned, self._abandoned = self._abandoned, set()
        for id in abandoned:
            task = await self._crew.store.task(id)
            if task is not None and task.lease_owner == self._owner and id not in self._runs:
                await self._take_up(task)

    async def _recover(self, but_not: str = "") -> None:
        now = self._crew.clock()
        for task in await self._crew.store.expired(now, but_not=but_not):
            if task.id not in self._runs:
                await self._take_up(task)

    def _sees_who_is_gone(self) -> bool:
        """Whether leases can be judged: while the store was away, those who live could not renew theirs either."""
        return self._sole or asyncio.get_running_loop().time() - self._steady >= self._lease_seconds

    async def _take_up(self, task: Task) -> None:
        if await self._crew.store.purchases(task=task.id, only_open=True):
            # What was bought is not thrown away because this server was restarted often.
            change = lifecycle.give_back(task)
        else:
            reason = "The process that ran this task was lost."
            change = lifecycle.recover(task, self._crew.clock(), self._crew.max_attempts, reason)
        after = await self._crew.store.apply(task.id, change)
        if after is None:
            return
        with log_context(**log_fields(task)):
            log.warning("task %d was left behind by a process that is gone: %s", task.id, after.status)
        self._crew.events.publish(task.id, Event(after.status, after.reason or None, status=True))
