"""One run, from the claim to the last status: preprocess, engine, postprocess."""

import asyncio
import errno
import logging
import shutil
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from secrets import token_hex

import msgspec

from understudy.catalogue.catalogue import Catalogue
from understudy.catalogue.manifest import Model
from understudy.engines.cast import Cast
from understudy.engines.engine import Job, LocalEngine, RemoteEngine
from understudy.errors import (
    EngineFailed,
    EngineInputError,
    EngineUnavailable,
    ReplicaLost,
    StorageFailed,
    StoreUnavailable,
    UnderstudyError,
)
from understudy.executors.artifact import Artifact, Here
from understudy.executors.executor import Executor
from understudy.executors.uncancelled import to_its_end
from understudy.log import add_to_context
from understudy.tasks import lifecycle
from understudy.tasks.about import span_attributes
from understudy.tasks.audition import Audition, OnHold
from understudy.tasks.delivery import Delivery, Played
from understudy.tasks.events import Event, Events
from understudy.tasks.held_task import HeldTask, Lost
from understudy.tasks.jobs import job_of
from understudy.tasks.lifecycle import Status
from understudy.tasks.minutes import Minutes
from understudy.tasks.operations.records import Hold
from understudy.tasks.postprocess import Postprocess
from understudy.tasks.preprocess import Preprocess
from understudy.tasks.purchases.buying import Buyer, NotBought, NotHeld
from understudy.tasks.purchases.counter import Counter
from understudy.tasks.purchases.verdicts import Failover, goes_on
from understudy.tasks.records import Purchase, Task
from understudy.tasks.shelf import Shelf
from understudy.tasks.store.store import Store
from understudy.tracing.tracer import NO_TRACER, Tracer

log = logging.getLogger(__name__)

_BOUGHT_RETRY_SECONDS = 15.0
_FULL = (errno.ENOSPC, errno.EDQUOT)


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
    held: Callable[[], Mapping[str, Hold]] = dict
    """The engines that operators hold, by name."""

    def away(self, model: Model) -> set[str]:
        """The engines of its cast that could play a model if the executor were not away: where no other can, it is waited for."""
        if not self.executor.away:
            return set()
        return {engine.name for engine in self.cast.of(model) if isinstance(engine, LocalEngine)}

    def held_of(self, model: Model) -> set[str]:
        """The engines of its cast that play a model, but for an operator who holds them: where no other can, they are
        waited for.
        """
        held = self.held()
        if not held:
            return set()
        able = {engine.name for engine in self.cast.able(model)}
        return {engine.name for engine in self.cast.of(model) if engine.name in held and engine.name in able}


class Run:
    """One claimed task on its way."""

    def __init__(self, crew: Crew, task: Task) -> None:
        self._crew = crew
        self._held = HeldTask(crew.store, crew.events, task)
        self._minutes = Minutes(self._held, crew.clock)
        self._has_bought = False
        self.resumable = False
        """Whether it waits for a partner: another run can go on with that at any time."""

    @property
    def task(self) -> Task:
        """As it was written last."""
        return self._held.task

    async def go(self) -> None:
        """Bring the task to its end. Cancelling this stops the engine and leaves the task as it is."""
        about = span_attributes(self.task)
        with self._crew.tracer.span("run", about, kind="consumer", parent=self.task.trace) as span:
            self._held.span = span
            await self._go()

    async def _go(self) -> None:
        # The same attempt may begin here twice: one that is given back because of its purchase does not count.
        folder = self._crew.folder / f"{self.task.id}-{self.task.attempts}-{token_hex(4)}"
        self._held.tell(Event(self.task.status, status=True))
        try:
            folder.mkdir(parents=True)
            await self._through(folder)
        except Lost:
            log.info("task %d is no longer held by this run; its result is thrown away", self.task.id)
            await self._held.keep_log(self._minutes.logs)
        except asyncio.CancelledError:
            await self._held.keep_log(self._minutes.logs)
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
            async with AsyncExitStack() as kept:
                async with self._minutes.taken():
                    played = await self._perform(model, files, folder, kept)
                with crew.tracer.span("postprocess"):
                    delivery = Delivery(
                        postprocess=crew.postprocess, shelf=crew.shelf, held=self._held, clock=crew.clock
                    )
                    await delivery.make(model, played, folder, self._minutes.logs)
        except (Lost, NotHeld) as lost:
            raise Lost from lost
        except asyncio.CancelledError:
            raise
        except (ReplicaLost, StorageFailed, StoreUnavailable) as error:
            await self._try_again(error.message)
        except OnHold:
            log.info("task %d waits: an operator holds the engine that could play it", self.task.id)
            await self._held.write(lifecycle.give_back(self.task))
        except EngineUnavailable as error:
            wanted = crew.catalogue.find(*self.task.model.split("/", 1))
            if wanted is not None and crew.away(wanted):
                await self._try_again(error.message)
            else:
                await self._fail(error.message)
        except UnderstudyError as error:
            await self._fail(error.message)
        except Exception as error:
            if isinstance(error, OSError) and error.errno in _FULL:
                await self._try_again(f"The server's disk is full: {error.strerror}.")
                return
            log.exception("task %d failed for a reason of ours", self.task.id)
            await self._fail(
                "The server made a mistake; its log has the details. Nothing is charged to the project."
            )

    async def _fail(self, reason: str) -> None:
        now = self._crew.clock()
        await self._held.write(lifecycle.fail(self.task, now, reason, **self._minutes.logs))

    async def _try_again(self, reason: str) -> None:
        """Back to the queue, unless that was the last attempt."""
        crew, now = self._crew, self._crew.clock()
        log.warning("task %d, attempt %d: %s", self.task.id, self.task.attempts, reason)
        if self._has_bought and self.task.attempts < crew.max_attempts:
            # What was paid is not to be lost because a disk was full for a second.
            await crew.counter.sleep(_BOUGHT_RETRY_SECONDS * self.task.attempts)
        change = lifecycle.recover(self.task, now, crew.max_attempts, reason, **self._minutes.logs)
        await self._held.write(change)

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
            await self._held.write(lifecycle.advance(self.task, Status.PREPROCESS_START, crew.clock()))
            prepared = await crew.preprocess.prepare(self.task, folder / "inputs")
            change = lifecycle.advance(
                self.task, Status.PREPROCESS_END, crew.clock(), sources=prepared.sources, media=prepared.media
            )
            async with crew.shelf.holding(prepared.fetched):
                await self._held.write(msgspec.structs.replace(change, files=tuple(prepared.fetched)))
            return prepared.paths

    async def _perform(
        self, model: Model, files: dict[str, tuple[str, ...]], folder: Path, kept: AsyncExitStack
    ) -> Played:
        """Have the clip made by the first engine of the cast that can, going down it as far as the money allows.

        What it made is there until `kept` is closed.
        """
        crew = self._crew
        audition = Audition(
            cast=crew.cast,
            counter=crew.counter,
            held=self._held,
            minutes=self._minutes,
            model=model,
            failover=crew.failover,
            held_by_operators=lambda: crew.held_of(model),
        )
        await audition.look_back()
        self._has_bought = self._has_bought or audition.purchase is not None
        while True:
            engine, never = await audition.next(), audition.failover == "never"
            add_to_context(engine=engine.name)
            job = await self._job(files, folder / f"outputs-{len(audition.tried)}")
            try:
                with crew.tracer.span("engine", {"understudy.engine": engine.name}):
                    if isinstance(engine, RemoteEngine):
                        return await self._minutes.heard(self._buy(engine, job, audition.purchase))
                    assert isinstance(engine, LocalEngine)
                    return Played(outputs=await self._minutes.heard(self._play(engine, job, kept)))
            except NotBought as ended:
                if not goes_on(ended.purchase, audition.failover):
                    raise EngineFailed(ended.purchase.note) from ended
                audition.failed(engine, ended.purchase.note)
            except EngineUnavailable as error:
                # Nothing has begun, at a partner either: what an open purchase bought, only its own engine can bring.
                if audition.purchase is None:
                    crew.cast.doubt(engine, error.message)
                if never or audition.purchase is not None:
                    raise
                audition.failed(engine, error.message)
            except EngineInputError as error:
                if never or not isinstance(engine, RemoteEngine) or audition.purchase is not None:
                    raise
                audition.failed(engine, error.message)
            await self._minutes.told()

    async def _job(self, files: dict[str, tuple[str, ...]], work: Path) -> Job:
        work.mkdir()  # noqa: ASYNC240 - a change of threads takes longer
        return job_of(self.task, files, work)

    async def _play(self, engine: LocalEngine, job: Job, kept: AsyncExitStack) -> tuple[Artifact, ...]:
        options = self._crew.cast.options(engine)
        playing = self._crew.executor.playing(engine, options, job, self._minutes.journal)
        return await kept.enter_async_context(playing)

    async def _buy(self, engine: RemoteEngine, job: Job, purchase: Purchase | None) -> Played:
        counter = self._crew.counter
        partner = await counter.partners.of(engine)
        self.resumable = self._has_bought = True
        try:
            buyer = Buyer(counter, engine, partner, self.task, job, self._minutes.journal)
            bought = await buyer.buy(purchase)
        finally:
            self.resumable = False
        return Played(
            outputs=tuple(Here(Path(each.path)) for each in bought.outputs),
            settlement=counter.settlement(bought.purchase, "delivered", bought.purchase.estimate),
            notes=bought.notes,
            preview=bought.purchase.preview,
        )
