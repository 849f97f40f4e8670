"""The server's side of a replica on a node: to its pool it looks like one of this machine."""

import asyncio
import secrets
from collections.abc import Mapping
from functools import partial

from understudy.engines.engine import Job, LocalEngine, Output
from understudy.errors import EngineInputError, ReplicaLost
from understudy.executors.executor import Listener
from understudy.executors.failure import error_of
from understudy.executors.protocol import Done, Failed, Load, Run
from understudy.executors.ray.link import Link
from understudy.executors.ray.node_protocol import End, Lost, to_batch
from understudy.executors.ray.protocol import Begin, Cancel, Heard, Play, Stop
from understudy.executors.ray.timings import RayTimings
from understudy.executors.uncancelled import to_its_end


class Turn:
    """One Load or Run; `over` is done when nothing more will be heard."""

    def __init__(self, listen: Listener) -> None:
        self.name = secrets.token_hex(16)
        self.listen = listen
        self.over: asyncio.Future[End | None] = asyncio.get_running_loop().create_future()


class RayReplica:
    """A `pool.Replica` whose process is an actor's."""

    def __init__(self, link: Link, name: str, engine: LocalEngine, timings: RayTimings) -> None:
        self.alive = True
        self.pid = 0
        self.node = ""
        self.runs = 0
        self._link = link
        self._name = name
        self._engine = engine
        self._timings = timings
        self._turn: Turn | None = None
        self._gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._reason = ""

    @classmethod
    async def start(cls, link: Link, name: str, engine: LocalEngine, timings: RayTimings) -> "RayReplica":
        """A new one, in the room that was found under that name. Raises `EngineUnavailable` or `ReplicaLost`."""
        replica = cls(link, name, engine, timings)
        begun = await link.begin(Begin(name, engine.name, engine.pipeline, timings), replica)
        replica.pid, replica.node = begun.pid, begun.node
        return replica

    async def load(self, options: Mapping[str, object], listen: Listener) -> None:
        """See `Replica`."""
        order = partial(Load, pipeline=self._engine.pipeline, options=dict(options))
        self._checked(await self._play(order, listen, grace=0.0))

    async def run(self, job: Job, listen: Listener) -> tuple[Output, ...]:
        """See `Replica`."""
        self.runs += 1
        try:
            end = await self._play(partial(Run, job=job), listen, self._timings.cancel_grace)
        except UnicodeEncodeError as error:
            raise EngineInputError("A text input holds characters that are no valid Unicode.") from error
        done = self._checked(end)
        if not isinstance(done, Done):
            raise ReplicaLost(self._obituary())
        return done.outputs

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

    async def _play(self, order: "partial[Load] | partial[Run]", listen: Listener, grace: float) -> End:
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
