"""The end of a run that went well: its files are looked at, priced, and put on the shelf with the last status."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec

from understudy.catalogue.manifest import Model
from understudy.executors.artifact import Artifact
from understudy.tasks import lifecycle
from understudy.tasks.held_task import HeldTask
from understudy.tasks.lifecycle import Status
from understudy.tasks.minutes import LINGER_SECONDS
from understudy.tasks.postprocess import Postprocess, Result
from understudy.tasks.records import Settlement
from understudy.tasks.shelf import Shelf


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine brought."""

    outputs: tuple[Artifact, ...]
    settlement: Settlement | None = None
    """How its purchase ends with the task, if it was bought."""
    notes: tuple[str, ...] = ()
    """What was played in another way than it was asked for."""
    preview: bool = False
    """Whether something stood in for the model at a partner, although its engine is none that does."""


class Delivery:
    """Of one run."""

    def __init__(
        self, *, postprocess: Postprocess, shelf: Shelf, held: HeldTask, clock: Callable[[], float]
    ) -> None:
        self._postprocess = postprocess
        self._shelf = shelf
        self._held = held
        self._clock = clock

    async def make(self, model: Model, played: Played, folder: Path, logs: dict[str, str]) -> None:
        """End the task; thumbnails are drawn in `folder`, `logs` are its last."""
        at = self._clock()
        result = await self._processed(model, played, folder, at)
        played_by = dict(self._held.task.engine or {})
        if played.notes:
            played_by["notes"] = list(played.notes)
        if played.preview:
            played_by["preview"] = True
        async with self._shelf.holding(result.files):
            await self._held.write(
                lifecycle.finish(
                    self._held.task,
                    self._clock(),
                    pexit="0",
                    files=tuple(result.files),
                    charge=result.charge,
                    cost=result.cost,
                    settlement=played.settlement,
                    engine=played_by,
                    ended=at,
                    postprocess_started=at,
                    **logs,
                )
            )

    async def _processed(self, model: Model, played: Played, folder: Path, at: float) -> Result:
        begun = asyncio.Event()
        marking = asyncio.create_task(self._mark(at, begun))
        # Who is stopped while it is waited for hears no more of it.
        marking.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            # The price is by the time that the engine was busy, which ends here.
            task = msgspec.structs.replace(self._held.task, ended=at)
            result = await self._postprocess.process(task, model, played.outputs, folder)
        finally:
            if not begun.is_set():
                marking.cancel()
            await asyncio.wait({marking})
            failure = None if marking.cancelled() else marking.exception()
        if failure is not None:
            raise failure
        return result

    async def _mark(self, at: float, begun: asyncio.Event) -> None:
        """Write that it has begun, unless it is over at once."""
        await asyncio.sleep(LINGER_SECONDS)
        begun.set()
        await self._held.write(lifecycle.advance(self._held.task, Status.POSTPROCESS_START, at))
