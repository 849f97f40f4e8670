"""The minutes of a run: what an engine says is put in line, and written and told in its order.

Who speaks does not wait, and a status is on disk before it is told.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, TypeVar

from understudy.tasks import lifecycle
from understudy.tasks.events import Event
from understudy.tasks.held_task import HeldTask
from understudy.tasks.journal import Journal
from understudy.tasks.lifecycle import PATH, REACHED_AT, Status

T = TypeVar("T")

LINGER_SECONDS = 0.02
"""A status that is left again within this is written together with the next one."""


class _Step(NamedTuple):
    """A status that was reached."""

    status: Status
    at: float
    fields: dict[str, Any]
    """What is written with it."""


_Entry = Event | _Step | asyncio.Future[None] | None
"""None: the run is over. A future: to be set once everything before it is told."""


class Minutes:
    """Of one run."""

    def __init__(self, held: HeldTask, clock: Callable[[], float]) -> None:
        self._held = held
        self._clock = clock
        self._line: asyncio.Queue[_Entry] = asyncio.Queue()
        self._ahead: list[_Entry] = []
        """Taken out of the line already, and not dealt with yet."""
        self._writing: asyncio.Task[None] | None = None
        self._journal: Journal | None = None

    @property
    def journal(self) -> Journal:
        """The listener of what is played, while the minutes are taken."""
        assert self._journal is not None
        return self._journal

    @property
    def logs(self) -> dict[str, str]:
        """What was printed so far, by stream, as fields of the task; nothing, if nothing was played."""
        if self._journal is None:
            return {}
        return {"stdout": self._journal.stdout.text, "stderr": self._journal.stderr.text}

    def reached(self, status: Status, **fields: Any) -> None:
        """Put a status in line; `fields` are written with it."""
        self._line.put_nowait(_Step(status, self._clock(), fields))

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Meanwhile what a run says is written and told. Raises `Lost` at the end."""
        self._journal = journal = Journal(self._line.put_nowait, self.reached)
        self._writing = asyncio.create_task(self._write_down())
        try:
            yield
        finally:
            journal.conclude()
            self._line.put_nowait(None)
            await self._writing

    async def heard(self, work: Coroutine[Any, Any, T]) -> T:
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

    async def told(self) -> None:
        """Return once all that was heard is written."""
        assert self._writing is not None
        done = asyncio.get_running_loop().create_future()
        self._line.put_nowait(done)
        await asyncio.wait({self._writing, done}, return_when=asyncio.FIRST_COMPLETED)
        if self._writing.done():
            await self._writing

    async def _write_down(self) -> None:
        while (entry := await self._next()) is not None:
            match entry:
                case _Step():
                    await self._write_steps(entry)
                case Event():
                    self._held.tell(entry)
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
                async with asyncio.timeout(LINGER_SECONDS):
                    entry = await self._line.get()
            except TimeoutError:
                break
            if not isinstance(entry, _Step):
                self._ahead.append(entry)
                break
            step = entry
        # A second engine begins where the first one was already.
        task = self._held.task
        if PATH.index(step.status) > PATH.index(Status(task.status)):
            await self._held.write(lifecycle.advance(task, step.status, step.at, **fields))
