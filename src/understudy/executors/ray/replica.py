"""The server's side of a replica on a node: to its pool it looks like one of this machine."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from understudy.engines.engine import Job, LocalEngine
from understudy.errors import EngineInputError, ReplicaLost
from understudy.executors.artifact import Artifact, Here, Seen
from understudy.executors.executor import Listener, RunEvent
from understudy.executors.failure import error_of
from understudy.executors.outputs import checked_outputs
from understudy.executors.protocol import Done, Failed, Load, Run
from understudy.executors.ray.held import Held
from understudy.executors.ray.link import Link
from understudy.executors.ray.node_protocol import (
    End,
    Finished,
    LetGo,
    Look,
    Looked,
    Lost,
    Made,
    OnNode,
    Order,
    Store,
    Unstored,
    to_batch,
)
from understudy.executors.ray.protocol import Begin, Cancel, Fetch, Heard, Play, Stop
from understudy.executors.ray.storing import Storing
from understudy.executors.ray.timings import RayTimings
from understudy.executors.uncancelled import to_its_end

_FILES_GRACE = 5.0
"""Seconds that work on files may take to stop: a cancelled upload waits for an answer that is on its way for 3 s."""


class Turn:
    """One order; `over` is done when nothing more will be heard."""

    def __init__(self, listen: Listener) -> None:
        self.name = secrets.token_hex(16)
        self.listen = listen
        self.over: asyncio.Future[End | None] = asyncio.get_running_loop().create_future()


class RayReplica:
    """A `pool.Replica` whose process is an actor's."""

    def __init__(
        self, link: Link, name: str, engine: LocalEngine, timings: RayTimings, storing: Storing
    ) -> None:
        self.alive = True
        self.holds = False
        self.pid = 0
        self.node = ""
        self.runs = 0
        self._link = link
        self._name = name
        self._engine = engine
        self._timings = timings
        self._storing = storing
        self._order = asyncio.Lock()
        """One at a time."""
        self._turn: Turn | None = None
        self._gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._reason = ""

    @classmethod
    async def start(
        cls, link: Link, name: str, engine: LocalEngine, timings: RayTimings, storing: Storing
    ) -> "RayReplica":
        """A new one, in the room that was found under that name. Raises `EngineUnavailable` or `ReplicaLost`."""
        replica = cls(link, name, engine, timings, storing)
        order = Begin(name, engine.name, engine.pipeline, timings, storing.address)
        begun = await link.begin(order, replica)
        replica.pid, replica.node = begun.pid, begun.node
        return replica

    async def load(self, options: Mapping[str, object], listen: Listener) -> None:
        """See `Replica`."""
        order = partial(Load, pipeline=self._engine.pipeline, options=dict(options))
        self._checked(await self._play(order, listen, grace=0.0))

    async def run(self, job: Job, listen: Listener) -> tuple[Artifact, ...]:
        """See `Replica`."""
        self.runs += 1
        self.holds = False
        try:
            end = await self._play(partial(Run, job=job), listen, self._timings.cancel_grace)
        except UnicodeEncodeError as error:
            raise EngineInputError("A text input holds characters that are no valid Unicode.") from error
        match self._checked(end):
            case Done(outputs=outputs):
                return tuple(Here(Path(each.path)) for each in checked_outputs(job, outputs))
            case Made(files=files):
                return tuple(Held(self, each, Path(job.folder)) for each in files)
        raise ReplicaLost(self._obituary())

    async def let_go(self) -> None:
        """See `Replica`."""
        if self.holds:
            with suppress(ReplicaLost):  # its files are lost with it
                await self._about_files(LetGo)
            self.holds = False

    @property
    def stores(self) -> bool:
        """See `Keeper`."""
        return bool(self._storing.address)

    async def look(self, file: OnNode) -> tuple[Seen, OnNode]:
        """See `Keeper`."""
        end = await self._about_files(partial(Look, file=file))
        if not isinstance(end, Looked):
            raise ReplicaLost(self._obituary())
        return end.seen, end.thumbnail

    async def store(self, file: OnNode, key: str) -> str:
        """See `Keeper`."""
        end = await self._about_files(partial(Store, file=file, key=key))
        return end.reason if isinstance(end, Unstored) else self._finished(end)

    async def fetch(self, file: OnNode, to: Path) -> None:
        """See `Keeper`."""
        self._finished(await self._about_files(partial(Fetch, file=file, to=str(to))))

    def could_not_store(self, reason: str) -> None:
        """See `Keeper`."""
        self._storing.could_not(self.node, reason)

    async def stop(self) -> None:
        """See `Replica`."""
        if self.alive:
            self._link.send(Stop(self._name))
            await asyncio.wait({self._gone}, timeout=self._timings.stop_grace + self._timings.answer)
        await self.kill("was stopped")

    async def kill(self, cause: str) -> None:
        """See `Replica`."""
        self._link.release(self._name)
        self.lose(f"The replica of engine {self._engine.name} {cause}.")

    def hear(self, heard: Heard) -> None:
        """See `Inmate`."""
        batch = to_batch.decode(heard.batch)
        turn = self._turn
        if turn is None or heard.turn != turn.name:
            return
        self.alive = self.alive and batch.alive
        self.holds = self.holds or isinstance(batch.end, Made)
        for event in batch.events:
            turn.listen(event)
        if batch.end is not None and not turn.over.done():
            turn.over.set_result(batch.end)

    def lose(self, reason: str) -> None:
        """See `Inmate`."""
        self.alive = False
        self._reason = self._reason or reason
        if not self._gone.done():
            self._gone.set_result(None)
        if self._turn is not None and not self._turn.over.done():
            self._turn.over.set_result(None)

    async def _about_files(self, order: Callable[[str], Order | Fetch]) -> End:
        async with self._order:
            if not self.holds:
                raise ReplicaLost(f"The files of engine {self._engine.name} on node {self.node} were let go.")
            return self._checked(await self._play(order, _hear_nothing, _FILES_GRACE))

    def _finished(self, end: End) -> str:
        if not isinstance(end, Finished):
            raise ReplicaLost(self._obituary())
        return ""

    async def _play(self, order: Callable[[str], Order | Fetch], listen: Listener, grace: float) -> End:
        turn = self._turn = Turn(listen)
        try:
            if not self.alive:
                raise ReplicaLost(self._obituary())
            self._link.send(Play(self._name, order(turn.name)))
            await asyncio.wait({turn.over})
        except asyncio.CancelledError:
            await to_its_end(self._cancel(turn, grace))
            raise
        finally:
            self._turn = None
        end = turn.over.result()
        if end is None:
            raise ReplicaLost(self._obituary())
        return end

    async def _cancel(self, turn: Turn, grace: float) -> None:
        self._link.send(Cancel(self._name, turn.name))
        await asyncio.wait({turn.over}, timeout=grace + self._timings.answer)
        if not turn.over.done():
            await self.kill("was killed: it did not stop when asked to")

    def _checked(self, end: End) -> End:
        if isinstance(end, Failed):
            raise error_of(end.kind, end.message)
        if isinstance(end, Lost):
            raise ReplicaLost(end.reason)
        return end

    def _obituary(self) -> str:
        return self._reason or f"The replica of engine {self._engine.name} on node {self.node} was lost."


def _hear_nothing(_: RunEvent) -> None:
    """Nothing is said of files."""
