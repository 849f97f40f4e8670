"""One run, from the claim to the last status: preprocess, engine, postprocess.

Every status is on disk before anyone is told of it. Where a write finds that the task is no longer ours (killed, lease
lost), `Lost` ends the run, and its result is thrown away.
"""

import asyncio
import errno
import logging
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any, NamedTuple, TypeVar

import msgspec

from understudy.catalogue.catalogue import Catalogue
from understudy.catalogue.manifest import Model
from understudy.engines.cast import Cast, Tried
from understudy.engines.engine import Engine, Job, LocalEngine, Output, RemoteEngine
from understudy.errors import (
    EngineFailed,
    EngineInputError,
    EngineUnavailable,
    ReplicaLost,
    StorageFailed,
    StoreUnavailable,
    UnderstudyError,
)
from understudy.executors.executor import Executor
from understudy.executors.uncancelled import to_its_end
from understudy.log import add_to_context
from understudy.tasks import lifecycle
from understudy.tasks.about import outcome_of, span_attributes
from understudy.tasks.events import Event, Events
from understudy.tasks.jobs import job_of
from understudy.tasks.journal import Journal
from understudy.tasks.lifecycle import PATH, REACHED_AT, Change, Status
from understudy.tasks.postprocess import Postprocess
from understudy.tasks.preprocess import Preprocess
from understudy.tasks.purchases.buying import Buyer, NotBought, NotHeld
from understudy.tasks.purchases.counter import Counter
from understudy.tasks.purchases.verdicts import Failover, failover_of, goes_on
from understudy.tasks.records import Purchase, Settlement, Task
from understudy.tasks.shelf import Shelf
from understudy.tasks.store.store import Store
from understudy.tracing.tracer import NO_TRACER, Span, Tracer

log = logging.getLogger(__name__)

T = TypeVar("T")
_BOUGHT_RETRY_SECONDS = 15.0
_FULL = (errno.ENOSPC, errno.EDQUOT)
_STORE_RETRY_SECONDS = (0.1, 0.5, 1.0, 2.0, 4.0)


_LINGER_SECONDS = 0.02
"""A status that is left again within this is written together with the next one."""


class _Step(NamedTuple):
    """A status that was reached."""

    status: Status
    at: float
    fields: dict[str, Any]
    """What is written with it."""


_Entry = Event | _Step | asyncio.Future[None] | None
"""None: the run is over. A future: to be set once everything before it is told."""


class Lost(Exception):
    """The task is no longer ours."""


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine brought."""

    outputs: tuple[Output, ...]
    settlement: Settlement | None = None
    """How its purchase ends with the task, if it was bought."""
    notes: tuple[str, ...] = ()
    """What was played in another way than it was asked for."""
    preview: bool = False
    """Whether something stood in for the model at a partner, although its engine is none that does."""


class Crew(msgspec.Struct, frozen=True, kw_only=True):
    """What every run works with."""

    store: Store
    events: Events
    catalogue: Catalogue
    cast: Cast
    executor: Executor
    preprocess: Preprocess
    postprocess: Postprocess
    shelf: Shelf
    counter: Counter
    failover: Mapping[str, Failover] = {}
    """By model, "*" for all others."""
    folder: Path
    """Where each run has a folder of its own while it lasts."""
    clock: Callable[[], float]
    max_attempts: int = 3
    tracer: Tracer = NO_TRACER


class Run:
    """One claimed task on its way."""

    def __init__(self, crew: Crew, task: Task) -> None:
        self._crew = crew
        self._journal: Journal | None = None
        self._span: Span | None = None
        self._line: asyncio.Queue[_Entry] = asyncio.Queue()
        self._ahead: list[_Entry] = []
        """Taken out of the line already, and not dealt with yet."""
        self._writing: asyncio.Task[None] | None = None
        self._has_bought = False
        self.resumable = False
        """Whether it waits for a partner: another run can go on with that at any time."""
        self.task = task
        """As it was written last."""

    async def go(self) -> None:
        """Bring the task to its end. Cancelling this stops the engine and leaves the task as it is."""
        about = span_attributes(self.task)
        with self._crew.tracer.span("run", about, kind="consumer", parent=self.task.trace) as self._span:
            await self._go()

    async def _go(self) -> None:
        # The same attempt may begin here twice: one that is given back because of its purchase does not count.
        folder = self._crew.folder / f"{self.task.id}-{self.task.attempts}-{token_hex(4)}"
        self._tell(Event(self.task.status, status=True))
        try:
            folder.mkdir(parents=True)
            await self._through(folder)
        except Lost:
            log.info("task %d is no longer held by this run; its result is thrown away", self.task.id)
            await self._keep_log()
        except asyncio.CancelledError:
            await self._keep_log()
            raise
        finally:
            if self._has_bought:
                self._crew.counter.over.set()
            await to_its_end(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))

    async def _through(self, folder: Path) -> None:
        crew = self._crew
        try:
            model = self._model()
            files = await self._prepare(folder)
            async with self._hearing():
                played = await self._perform(model, files, folder)
            with crew.tracer.span("postprocess"):
                await self._deliver(model, played, folder)
        except (Lost, NotHeld) as lost:
            raise Lost from lost
        except asyncio.CancelledError:
            raise
        except (ReplicaLost, StorageFailed, StoreUnavailable) as error:
            await self._try_again(error.message)
        except UnderstudyError as error:
            await self._write(lifecycle.fail(self.task, crew.clock(), error.message, **self._logs()))
        except Exception as error:
            if isinstance(error, OSError) and error.errno in _FULL:
                await self._try_again(f"The server's disk is full: {error.strerror}.")
                return
            log.exception("task %d failed for a reason of ours", self.task.id)
            reason = "The server made a mistake; its log has the details. Nothing is charged to the project."
            await self._write(lifecycle.fail(self.task, crew.clock(), reason, **self._logs()))

    async def _try_again(self, reason: str) -> None:
        """Back to the queue, unless that was the last attempt."""
        crew, now = self._crew, self._crew.clock()
        log.warning("task %d, attempt %d: %s", self.task.id, self.task.attempts, reason)
        if self._has_bought and self.task.attempts < crew.max_attempts:
            # What was paid is not to be lost because a disk was full for a second.
            await crew.counter.sleep(_BOUGHT_RETRY_SECONDS * self.task.attempts)
        await self._write(lifecycle.recover(self.task, now, crew.max_attempts, reason, **self._logs()))

    def _model(self) -> Model:
        model = self._crew.catalogue.find(*self.task.model.split("/", 1))
        if model is None:
            raise EngineUnavailable(f"{self.task.model} is no longer offered here.")
        return model

    async def _prepare(self, folder: Path) -> dict[str, tuple[str, ...]]:
        if not self.task.sources:
            return {}
        crew = self._crew
        with crew.tracer.span("preprocess"):
            await self._write(lifecycle.advance(self.task, Status.PREPROCESS_START, crew.clock()))
            prepared = await crew.preprocess.prepare(self.task, folder / "inputs")
            change = lifecycle.advance(
                self.task, Status.PREPROCESS_END, crew.clock(), sources=prepared.sources, media=prepared.media
            )
            async with crew.shelf.holding(prepared.fetched):
                await self._write(msgspec.structs.replace(change, files=tuple(prepared.fetched)))
            return prepared.paths

    async def _perform(self, model: Model, files: dict[str, tuple[str, ...]], folder: Path) -> Played:
        """Have the clip made by the first engine of the cast that can, going down it as far as the money allows."""
        failover = failover_of(model.address, self._crew.failover)
        tried, purchase = await self._so_far(failover)
        while True:
            engine = await self._assign(model, tried, purchase)
            add_to_context(engine=engine.name)
            job = await self._job(files, folder / f"outputs-{len(tried)}")
            try:
                with self._crew.tracer.span("engine", {"understudy.engine": engine.name}):
                    if isinstance(engine, RemoteEngine):
                        return await self._heard(self._buy(engine, job, purchase))
                    assert isinstance(engine, LocalEngine)
                    outputs = await self._heard(self._play(engine, job))
                    return Played(outputs=outputs)
            except NotBought as ended:
                if not goes_on(ended.purchase, failover):
                    raise EngineFailed(ended.purchase.note) from ended
                tried.append(Tried(engine.name, ended.purchase.note))
            except EngineUnavailable as error:
                # Nothing has begun, at a partner either: what an open purchase bought, only its own engine can bring.
                if purchase is None:
                    self._crew.cast.doubt(engine, error.message)
                if failover == "never" or purchase is not None:
                    raise
                tried.append(Tried(engine.name, error.message))
            except EngineInputError as error:
                if failover == "never" or not isinstance(engine, RemoteEngine) or purchase is not None:
                    raise
                tried.append(Tried(engine.name, error.message))
            purchase = None
            await self._told()

    async def _so_far(self, failover: Failover) -> tuple[list[Tried], Purchase | None]:
        """What earlier attempts bought: engines that have failed, and the purchase that is open.

        Raises `EngineFailed` if one has ended in a way that no other engine may follow.
        """
        tried: list[Tried] = []
        if self.task.engine is None:  # it is written down before anything is bought
            return tried, None
        for purchase in await self._crew.store.purchases(task=self.task.id):
            if purchase.state != "settled":
                self._has_bought = True
                return tried, purchase
            if not goes_on(purchase, failover):
                raise EngineFailed(purchase.note)
            tried.append(Tried(purchase.engine, purchase.note))
        return tried, None

    async def _assign(self, model: Model, tried: list[Tried], purchase: Purchase | None) -> Engine:
        cast = self._crew.cast
        engine: Engine | None
        if purchase is not None:
            engine, passed = self._crew.counter.partners.engine(purchase.engine), self._passed_over(tried)
            if engine is None:
                took = "may have taken" if purchase.state == "intended" else "had taken"
                raise EngineFailed(f"{purchase.engine} {took} the job, and is not set up here any more.")
        else:
            choice = cast.choose(model, {each.engine for each in tried})
            engine, passed = choice.engine, [*tried, *choice.tried]
        if engine is None:
            raise EngineUnavailable(
                f"No engine can play {model.address} here now. "
                + " ".join(f"{each.engine}: {each.reason}" for each in passed)
            )
        facts: dict[str, object] = {
            "name": engine.name,
            "version": engine.version,
            "preview": engine.preview,
            "tried": [{"engine": each.engine, "reason": each.reason} for each in passed],
            "seed": str(self.task.seed),
        }
        labels = cast.labels(engine)
        played_by = facts | {name: label for name, label in labels.items() if name not in facts}
        if PATH.index(Status(self.task.status)) >= PATH.index(Status.ASSIGN):
            await self._write(lifecycle.note(self.task, engine=played_by))
        else:
            self._line.put_nowait(_Step(Status.ASSIGN, self._crew.clock(), {"engine": played_by}))
            if isinstance(engine, RemoteEngine):
                # Who takes the task up after a crash is to know who was passed over before the purchase began.
                await self._told()
        return engine

    def _passed_over(self, tried: list[Tried]) -> list[Tried]:
        """The engines before the one that has an open purchase: as the attempt that began it wrote them down."""
        written = (self.task.engine or {}).get("tried", ())
        return [Tried(each["engine"], each["reason"]) for each in written] or tried

    async def _job(self, files: dict[str, tuple[str, ...]], work: Path) -> Job:
        await asyncio.to_thread(work.mkdir)
        return job_of(self.task, files, work)

    async def _play(self, engine: LocalEngine, job: Job) -> tuple[Output, ...]:
        assert self._journal is not None
        options = self._crew.cast.options(engine)
        return await self._crew.executor.run(engine, options, job, self._journal)

    async def _buy(self, engine: RemoteEngine, job: Job, purchase: Purchase | None) -> Played:
        assert self._journal is not None
        counter = self._crew.counter
        partner = await counter.partners.of(engine)
        self.resumable = self._has_bought = True
        try:
            buyer = Buyer(counter, engine, partner, self.task, job, self._journal)
            bought = await buyer.buy(purchase)
        finally:
            self.resumable = False
        return Played(
            outputs=bought.outputs,
            settlement=counter.settlement(bought.purchase, "delivered", bought.purchase.estimate),
            notes=bought.notes,
            preview=bought.purchase.preview,
        )

    @asynccontextmanager
    async def _hearing(self) -> AsyncIterator[None]:
        """Meanwhile what a run says is told, in its order."""
        # The listener must not wait, and a status must be on disk before it is told: so what it hears is put in line.
        self._journal = journal = Journal(self._line.put_nowait, self._reached)
        self._writing = asyncio.create_task(self._write_down())
        try:
            yield
        finally:
            journal.conclude()
            self._line.put_nowait(None)
            await self._writing

    async def _heard(self, work: Coroutine[Any, Any, T]) -> T:
        """Await a run, unless what it says cannot be written any more; stopped in either case when this ends."""
        assert self._writing is not None
        playing = asyncio.create_task(work)
        try:
            await asyncio.wait({self._writing, playing}, return_when=asyncio.FIRST_COMPLETED)
            if self._writing.done():
                await self._writing
            return await playing
        finally:
            playing.cancel()
            await asyncio.wait({playing})

    async def _told(self) -> None:
        """Return once all that was heard is written."""
        assert self._writing is not None
        done = asyncio.get_running_loop().create_future()
        self._line.put_nowait(done)
        await asyncio.wait({self._writing, done}, return_when=asyncio.FIRST_COMPLETED)
        if self._writing.done():
            await self._writing

    def _reached(self, status: Status) -> None:
        self._line.put_nowait(_Step(status, self._crew.clock(), {}))

    async def _write_down(self) -> None:
        while (entry := await self._next()) is not None:
            match entry:
                case _Step():
                    await self._write_steps(entry)
                case Event():
                    self._tell(entry)
                case _:
                    entry.set_result(None)

    async def _next(self) -> _Entry:
        return self._ahead.pop() if self._ahead else await self._line.get()

    async def _write_steps(self, step: _Step) -> None:
        """Those that follow each other at once, in one write."""
        fields: dict[str, Any] = {}
        while True:
            fields |= {REACHED_AT[step.status]: step.at} if step.status in REACHED_AT else {}
            fields |= step.fields
            if step.status is Status.OUTPUT:
                break
            try:
                async with asyncio.timeout(_LINGER_SECONDS):
                    entry = await self._line.get()
            except TimeoutError:
                break
            if not isinstance(entry, _Step):
                self._ahead.append(entry)
                break
            step = entry
        # A second engine begins where the first one was already.
        if PATH.index(step.status) > PATH.index(Status(self.task.status)):
            await self._write(lifecycle.advance(self.task, step.status, step.at, **fields))

    async def _deliver(self, model: Model, played: Played, folder: Path) -> None:
        crew, at = self._crew, self._crew.clock()
        begun = asyncio.Event()
        marking = asyncio.create_task(self._mark_postprocess(at, begun))
        # Who is stopped while it is waited for hears no more of it.
        marking.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            # The price is by the time that the engine was busy, which ends here.
            task = msgspec.structs.replace(self.task, ended=at)
            result = await crew.postprocess.process(task, model, played.outputs, folder / "thumbnails")
        finally:
            if not begun.is_set():
                marking.cancel()
            await asyncio.wait({marking})
            failure = None if marking.cancelled() else marking.exception()
        if failure is not None:
            raise failure
        played_by = dict(self.task.engine or {})
        if played.notes:
            played_by["notes"] = list(played.notes)
        if played.preview:
            played_by["preview"] = True
        async with crew.shelf.holding(result.files):
            await self._write(
                lifecycle.finish(
                    self.task,
                    crew.clock(),
                    pexit="0",
                    files=tuple(result.files),
                    charge=result.charge,
                    cost=result.cost,
                    settlement=played.settlement,
                    engine=played_by,
                    ended=at,
                    postprocess_started=at,
                    **self._logs(),
                )
            )

    async def _mark_postprocess(self, at: float, begun: asyncio.Event) -> None:
        """Unless it is over at once."""
        await asyncio.sleep(_LINGER_SECONDS)
        begun.set()
        await self._write(lifecycle.advance(self.task, Status.POSTPROCESS_START, at))

    async def _keep_log(self) -> None:
        """Whoever killed the task sees what it had said."""
        logs = self._logs()
        if not any(logs.values()):
            return
        try:
            await self._crew.store.keep_log(self.task.id, self.task.attempts, **logs)
        except StoreUnavailable as error:
            log.warning("the log of task %d is lost: %s", self.task.id, error.__cause__ or error)

    def _logs(self) -> dict[str, Any]:
        if self._journal is None:
            return {}
        return {"stdout": self._journal.stdout.text, "stderr": self._journal.stderr.text}

    async def _write(self, change: Change) -> None:
        """Carry out a change, then tell of it. Raises `Lost`."""
        before = self.task.status
        task = await self._apply(change)
        if task is None:
            raise Lost
        self.task = task
        if task.status == before:
            return
        for status in lifecycle.steps(before, task.status):
            ends = status == task.status and change.ends
            self._tell(Event(status, (task.reason or None) if ends else None, status=True))
            if self._span is not None:
                self._span.event(status)
        if self._span is not None and change.ends:
            self._span.set({"understudy.outcome": outcome_of(task)})

    async def _apply(self, change: Change) -> Task | None:
        for pause in _STORE_RETRY_SECONDS:
            try:
                return await self._crew.store.apply(self.task.id, change)
            except StoreUnavailable:
                log.warning(
                    "task %d: the store cannot be written; trying again in %.1f s", self.task.id, pause
                )
                await asyncio.sleep(pause)
        return await self._crew.store.apply(self.task.id, change)

    def _tell(self, event: Event) -> None:
        self._crew.events.publish(self.task.id, event)
