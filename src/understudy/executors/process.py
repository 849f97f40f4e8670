"""The server's side of one replica: its process, the turn that is being played, and its end."""

import asyncio
import logging
import os
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from understudy.engines.engine import Job, LocalEngine
from understudy.errors import EngineInputError, ReplicaLost
from understudy.executors.artifact import Here
from understudy.executors.connection import Connection, OutputPipe
from understudy.executors.environment import for_replica
from understudy.executors.executor import Listener, Started
from understudy.executors.failure import described, error_of, obituary
from understudy.executors.lines import Follower
from understudy.executors.outputs import checked_outputs
from understudy.executors.protocol import (
    Answer,
    Cancel,
    Done,
    Failed,
    Heartbeat,
    Load,
    Progressed,
    Run,
    Stop,
    ToServer,
    to_server,
)
from understudy.executors.protocol import Started as Begun
from understudy.executors.timings import Timings
from understudy.executors.turn import STREAMS, Stream, Turn
from understudy.executors.uncancelled import to_its_end

log = logging.getLogger(__name__)

_DRAIN = 1.0
"""Seconds that the process may end after its connection, and the ends of its pipes come after its own."""
_REAP = 0.4
"""Seconds that a killed process may take to vanish. One that hangs in the kernel (a driver) is not waited for."""


class ReplicaProcess:
    """One replica's process. `start` it, `load` it once, `run` jobs one at a time, `stop` it."""

    def __init__(
        self,
        engine: LocalEngine,
        timings: Timings,
        clock: Callable[[], float],
        cards: Sequence[str] = (),
    ) -> None:
        self.alive = True
        self.pid = 0
        self.node = ""
        self.runs = 0
        self.holds = False
        self._engine = engine
        self._timings = timings
        self._clock = clock
        self._cards = cards
        self._turn: Turn | None = None
        self._cause = ""
        self._outputs: list[OutputPipe] = []
        self._last_words: deque[str] = deque(maxlen=3)
        self._heard = clock()

    @classmethod
    async def start(
        cls,
        engine: LocalEngine,
        timings: Timings,
        clock: Callable[[], float],
        cards: Sequence[str] = (),
    ) -> "ReplicaProcess":
        """A new process, fresh and without the server's memory, locks and threads. Raises `ReplicaLost`.

        With `cards`, names as CUDA_VISIBLE_DEVICES takes them, it sees these alone.
        """
        replica = cls(engine, timings, clock, cards)
        try:
            await replica._start()
        except OSError as error:
            message = f"A process for engine {engine.name} could not be started. {described(error)}"
            raise ReplicaLost(message) from error
        return replica

    async def load(self, options: Mapping[str, object], listen: Listener) -> None:
        """Load the engine's pipeline. Raises `EngineError` or `ReplicaLost`; the process is of no use then."""
        order = partial(Load, pipeline=self._engine.pipeline, options=dict(options))
        answer = await self._play(order, listen, grace=0.0)
        if isinstance(answer, Failed):
            self._raise(answer)

    async def run(self, job: Job, listen: Listener) -> tuple[Here, ...]:
        """What the pipeline made: regular files inside the job's folder. Raises `EngineError` or `ReplicaLost`.

        If the coroutine is cancelled, `CancelledError` comes out once the process is idle, or dead.
        """
        self.runs += 1
        try:
            answer = await self._play(partial(Run, job=job), listen, self._timings.cancel_grace)
        except UnicodeEncodeError as error:
            raise EngineInputError("A text input holds characters that are no valid Unicode.") from error
        if isinstance(answer, Failed):
            self._raise(answer)
        if not isinstance(answer, Done):
            raise ReplicaLost(self._obituary())
        return tuple(Here(Path(each.path)) for each in checked_outputs(job, answer.outputs))

    async def let_go(self) -> None:
        """See `pool.Replica`: the job's folder is the caller's."""

    async def stop(self) -> None:
        """End it: in peace if it is idle or heeds its cancel, by force after the grace. Nothing of it is left."""
        self._cause = self._cause or "was stopped"
        if self._turn is not None:
            self._connection.send(Cancel(self._turn.name))
        self._connection.send(Stop())
        await asyncio.wait({self._life}, timeout=self._timings.stop_grace)
        await self.kill("was stopped")

    async def kill(self, cause: str) -> None:
        """End it and every process that it started, at once."""
        if not self._life.done():
            self._cause = self._cause or cause
            self._kill_group()
            await asyncio.wait({self._life}, timeout=_REAP)
            if not self._life.done():
                log.warning(
                    "Process %d of engine %s was killed and is not gone yet", self.pid, self._engine.name
                )
                self._lose()

    async def gone(self) -> str:
        """Wait for its end, whoever brings it about; how it ended."""
        await asyncio.wait({self._life})
        return self._obituary()

    async def _start(self) -> None:
        with ExitStack() as theirs, ExitStack() as unless_started:
            our_end, their_end = socket.socketpair()
            theirs.callback(their_end.close)
            self._connection = await Connection.over(our_end, self._hear, to_server)
            unless_started.callback(self._connection.close)
            lifeline, self._lifeline = os.pipe()
            theirs.callback(os.close, lifeline)
            unless_started.callback(os.close, self._lifeline)
            writing = []
            for stream in STREAMS:
                reading_end, writing_end = os.pipe()
                writing.append(writing_end)
                theirs.callback(os.close, writing_end)
                self._outputs.append(await OutputPipe.over(reading_end, self._follower(stream)))
                unless_started.callback(self._outputs[-1].close)
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "understudy.executors.replica", str(their_end.fileno())),
                stdin=lifeline,
                stdout=writing[0],
                stderr=writing[1],
                pass_fds=[their_end.fileno()],
                start_new_session=True,
                env=for_replica(os.environ, self._cards),
            )
            unless_started.pop_all()
        self.pid = self._process.pid
        self._life = asyncio.create_task(self._live(), name=f"replica {self.pid} of {self._engine.name}")

    async def _play(self, order: Callable[[str], Load | Run], listen: Listener, grace: float) -> Answer:
        turn = self._turn = Turn(listen)
        self._last_words.clear()
        try:
            self._connection.send(order(turn.name))
            if not self.alive:
                turn.lose(ReplicaLost(self._obituary()))
            await asyncio.wait({turn.over})
        except asyncio.CancelledError:
            await to_its_end(self._cancel(turn, grace))
            raise
        finally:
            self._turn = None
        if turn.answer is None:
            raise turn.lost or ReplicaLost(self._obituary())
        return turn.answer

    async def _cancel(self, turn: Turn, grace: float) -> None:
        self._connection.send(Cancel(turn.name))
        await asyncio.wait({turn.over}, timeout=grace)
        if turn.answer is None:
            await self.kill("was killed: it did not stop when asked to")

    async def _live(self) -> None:
        """From birth to the last trace: whoever waits for this task knows that the process is gone."""
        pulse = asyncio.create_task(self._feel_pulse())
        gone = asyncio.create_task(self._process.wait())
        first: list[asyncio.Future[Any]] = [gone, self._connection.closed]
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        self.alive = False
        pulse.cancel()
        # A process that has hung up is ending by itself: its own exit status says more than SIGKILL would.
        await asyncio.wait({gone}, timeout=_DRAIN)
        self._kill_group()
        ends: list[asyncio.Future[Any]] = [gone, *(output.closed for output in self._outputs)]
        await asyncio.wait(ends, timeout=_DRAIN)
        self._connection.close()
        for output in self._outputs:
            output.close()
        os.close(self._lifeline)
        self._lose()
        await asyncio.wait([self._connection.closed, *ends])

    async def _feel_pulse(self) -> None:
        suspected = False
        while True:
            silent = self._clock() - self._heard
            if silent < self._timings.silence:
                suspected = False
                await asyncio.sleep(self._timings.silence - silent)
            elif not suspected:
                # A second look: the whole machine may have stood still, and the next heartbeat be on its way.
                suspected = True
                await asyncio.sleep(min(1.0, self._timings.silence / 4))
            else:
                self._cause = self._cause or f"fell silent for {silent:.0f} s and was killed"
                self._kill_group()
                return

    def _hear(self, message: ToServer) -> None:
        self._heard = self._clock()
        turn = self._turn
        if isinstance(message, Heartbeat) or turn is None or message.turn != turn.name:
            return
        if isinstance(message, Begun):
            turn.tell(Started())
        elif isinstance(message, Progressed):
            turn.tell(message.progress)
        else:
            turn.answered(message)

    def _follower(self, stream: Stream) -> Follower:
        def line(text: str) -> None:
            if stream == "stderr":
                self._last_words.append(text)
            if self._turn is not None:
                self._turn.line(stream, text)
            else:
                log.info("%s of idle engine %s: %s", stream, self._engine.name, text)

        def marked(name: str) -> None:
            if self._turn is not None and self._turn.name == name:
                self._turn.mark(stream)

        return Follower(line, marked, lambda: self._turn is not None and self._turn.muted)

    def _lose(self) -> None:
        self.alive = False
        if self._turn is not None:
            self._turn.lose(ReplicaLost(self._obituary()))

    def _obituary(self) -> str:
        return obituary(self._engine.name, self._process.returncode, self._last_words, self._cause)

    def _raise(self, failed: Failed) -> None:
        # What the inputs or the setting-up are to blame for needs no traceback; only the inputs are a caller's affair.
        ours = failed.kind in ("failed", "memory")
        level = logging.INFO if failed.kind == "input" else logging.WARNING
        log.log(level, "Engine %s: %s", self._engine.name, failed.message)
        log.log(logging.WARNING if ours else logging.DEBUG, "%s", failed.detail)
        raise error_of(failed.kind, failed.message)

    def _kill_group(self) -> None:
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # macOS answers so for a group of zombies
            return
