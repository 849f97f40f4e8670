"""One run, from the claim to the last status: preprocess, engine, postprocess.

Every status is on disk before anyone is told of it. Where a write finds that the task is no longer ours (killed, lease
lost), `Lost` ends the run, and its result is thrown away.
"""

import asyncio
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from understudy.catalogue.catalogue import Catalogue
from understudy.catalogue.manifest import Model
from understudy.engines.cast import Cast
from understudy.engines.engine import Job, LocalEngine, Output
from understudy.errors import (
    EngineUnavailable,
    ReplicaLost,
    StorageFailed,
    StoreUnavailable,
    UnderstudyError,
)
from understudy.executors.executor import Executor
from understudy.executors.uncancelled import to_its_end
from understudy.tasks import lifecycle
from understudy.tasks.events import Event, Events
from understudy.tasks.journal import Journal
from understudy.tasks.lifecycle import Change, Status
from understudy.tasks.postprocess import Postprocess
from understudy.tasks.preprocess import Preprocess
from understudy.tasks.records import Task
from understudy.tasks.shelf import Shelf
from understudy.tasks.store.store import Store

log = logging.getLogger(__name__)

_STORE_RETRY_SECONDS = (0.1, 0.5, 1.0, 2.0, 4.0)


class Lost(Exception):
    """The task is no longer ours."""


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
    folder: Path
    """Where each run has a folder of its own while it lasts."""
    clock: Callable[[], float]
    max_attempts: int = 3


class Run:
    """One claimed task on its way."""

    def __init__(self, crew: Crew, task: Task) -> None:
        self._crew = crew
        self._journal: Journal | None = None
        self.task = task
        """As it was written last."""

    async def go(self) -> None:
        """Bring the task to its end. Cancelling this stops the engine and leaves the task as it is."""
        folder = self._crew.folder / f"{self.task.id}-{self.task.attempts}"
        self._tell(Event(self.task.status, status=True))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            await self._through(folder)
        except Lost:
            log.info("task %d is no longer held by this run; its result is thrown away", self.task.id)
            await self._keep_log()
        except asyncio.CancelledError:
            await self._keep_log()
            raise
        finally:
            await to_its_end(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))

    async def _through(self, folder: Path) -> None:
        crew = self._crew
        try:
            model = self._model()
            files = await self._prepare(folder)
            engine = await self._assign(model)
            outputs = await self._play(engine, folder, files)
            await self._write(lifecycle.advance(self.task, Status.POSTPROCESS_START, crew.clock()))
            await self._deliver(model, outputs, folder)
        except (Lost, asyncio.CancelledError):
            raise
        except (ReplicaLost, StorageFailed, StoreUnavailable) as error:
            now, reason = crew.clock(), error.message
            log.warning("task %d, attempt %d: %s", self.task.id, self.task.attempts, reason)
            await self._write(lifecycle.recover(self.task, now, crew.max_attempts, reason, **self._logs()))
        except UnderstudyError as error:
            await self._write(lifecycle.fail(self.task, crew.clock(), error.message, **self._logs()))
        except Exception:
            log.exception("task %d failed for a reason of ours", self.task.id)
            reason = "The server made a mistake; its log has the details. Nothing was charged."
            await self._write(lifecycle.fail(self.task, crew.clock(), reason, **self._logs()))

    def _model(self) -> Model:
        model = self._crew.catalogue.find(*self.task.model.split("/", 1))
        if model is None:
            raise EngineUnavailable(f"{self.task.model} is no longer offered here.")
        return model

    async def _prepare(self, folder: Path) -> dict[str, tuple[str, ...]]:
        if not self.task.sources:
            return {}
        crew = self._crew
        await self._write(lifecycle.advance(self.task, Status.PREPROCESS_START, crew.clock()))
        prepared = await crew.preprocess.prepare(self.task, folder / "inputs")
        change = lifecycle.advance(
            self.task, Status.PREPROCESS_END, crew.clock(), sources=prepared.sources, media=prepared.media
        )
        async with crew.shelf.holding(prepared.fetched):
            await self._write(msgspec.structs.replace(change, files=tuple(prepared.fetched)))
        return prepared.paths

    async def _assign(self, model: Model) -> LocalEngine:
        choice = self._crew.cast.choose(model)
        tried = [{"engine": each.engine, "reason": each.reason} for each in choice.tried]
        engine = choice.engine
        if engine is None:
            raise EngineUnavailable(
                f"No engine can play {model.address} here now. "
                + " ".join(f"{each['engine']}: {each['reason']}" for each in tried)
            )
        facts: dict[str, object] = {
            "name": engine.name,
            "version": engine.version,
            "preview": engine.preview,
            "tried": tried,
            "seed": str(self.task.seed),
        }
        labels = self._crew.cast.labels(engine)
        played_by = facts | {name: label for name, label in labels.items() if name not in facts}
        await self._write(lifecycle.advance(self.task, Status.ASSIGN, self._crew.clock(), engine=played_by))
        return engine

    async def _play(
        self, engine: LocalEngine, folder: Path, files: dict[str, tuple[str, ...]]
    ) -> tuple[Output, ...]:
        work = folder / "outputs"
        work.mkdir()
        job = Job(
            id=str(self.task.id),
            model=self.task.model,
            values=self.task.values,
            files=files,
            seed=self.task.seed,
            folder=str(work),
        )
        # The listener must not wait, and a status must be on disk before it is told: so what it hears is put in line.
        line: asyncio.Queue[Event | Status | None] = asyncio.Queue()
        self._journal = journal = Journal(line.put_nowait, line.put_nowait)
        writing = asyncio.create_task(self._write_down(line))
        options = self._crew.cast.options(engine)
        playing = asyncio.create_task(self._crew.executor.run(engine, options, job, journal))
        try:
            await asyncio.wait({writing, playing}, return_when=asyncio.FIRST_COMPLETED)
            if writing.done():
                await writing
            return await playing
        finally:
            playing.cancel()
            await asyncio.wait({playing})
            journal.conclude()
            line.put_nowait(None)
            await writing

    async def _write_down(self, line: "asyncio.Queue[Event | Status | None]") -> None:
        while (entry := await line.get()) is not None:
            if isinstance(entry, Status):
                await self._write(lifecycle.advance(self.task, entry, self._crew.clock()))
            else:
                self._tell(entry)

    async def _deliver(self, model: Model, outputs: tuple[Output, ...], folder: Path) -> None:
        crew = self._crew
        result = await crew.postprocess.process(self.task, model, outputs, folder / "thumbnails")
        async with crew.shelf.holding(result.files):
            await self._write(
                lifecycle.finish(
                    self.task,
                    crew.clock(),
                    pexit="0",
                    files=tuple(result.files),
                    charge=result.charge,
                    cost=result.cost,
                    **self._logs(),
                )
            )

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
        for status in lifecycle.steps(before, task.status):
            ends = status == task.status and change.ends
            self._tell(Event(status, (task.reason or None) if ends else None, status=True))

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
