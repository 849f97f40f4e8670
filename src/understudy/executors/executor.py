"""Where local engines run: the one interface that the dispatcher sees, whatever runs behind it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol

import msgspec

from understudy.engines.engine import Job, LocalEngine, Output
from understudy.executors.artifact import Artifact


class Loading(msgspec.Struct, frozen=True, tag="loading"):
    """A replica is being started for the job; the engine is not loaded yet."""


class Started(msgspec.Struct, frozen=True, tag="started"):
    """The pipeline has begun with the job."""


class Progress(msgspec.Struct, frozen=True, kw_only=True, tag="progress"):
    """`step` of `total` of a stage is done. Speed in steps a second, times in seconds."""

    stage: str
    step: int
    total: int
    unit: str
    speed: float
    elapsed: float
    remaining: float


class Line(msgspec.Struct, frozen=True, tag="line"):
    """One line that the pipeline printed, without its line end."""

    stream: Literal["stdout", "stderr"]
    text: str


RunEvent = Loading | Started | Progress | Line
Listener = Callable[[RunEvent], None]


State = Literal["starting", "idle", "busy", "stopping", "backing-off", "waiting"]
"""`waiting`: for room, such as graphics cards."""


class ReplicaState(msgspec.Struct, frozen=True, kw_only=True):
    """One replica, for operators."""

    engine: str
    pid: int
    """0 while there is no process: between a failure and the next start."""
    state: State
    job: str = ""
    since: float = 0.0
    """When it entered that state, in Unix seconds."""
    runs: int = 0
    node: str = ""
    """The machine it is on; empty for this one."""


class Executor(Protocol):
    """Runs jobs on replicas, starts those it needs and unloads those that idle."""

    @property
    def away(self) -> str:
        """Why nothing at all can run at the moment; it tries to find back by itself. "" as long as it can."""

    async def run(
        self, engine: LocalEngine, options: Mapping[str, object], job: Job, listen: Listener
    ) -> tuple[Output, ...]:
        """Run one job to its end; waits for a free replica and for its cards. `listen` hears events in order, all before this returns.

        Cancelling the coroutine stops the run: co-operatively within a grace time, then by SIGKILL; when
        `CancelledError` comes out of it, the engine is free.

        Each output is a regular file inside the job's folder, its path absolute.

        Raises `EngineError` (one of its kinds) for what the pipeline raised or if it made no file, `ReplicaLost`
        if its process died or the executor was closed.
        """

    def playing(
        self, engine: LocalEngine, options: Mapping[str, object], job: Job, listen: Listener
    ) -> AbstractAsyncContextManager[tuple[Artifact, ...]]:
        """As `run`, but with the files left where they were made.

        Files that are not on this machine are kept, with the replica that made them, until the context is left. It
        can be left in another task than it was entered in.
        """

    async def warm(self, engine: LocalEngine, options: Mapping[str, object]) -> None:
        """Load the replicas that stay loaded when idle (the option `replicas_min`), before a first job comes.

        Raises as `run` does for what keeps one from being loaded.
        """

    def capacity(self, engine: LocalEngine, options: Mapping[str, object]) -> int:
        """How many jobs of this engine can run at the same time, if no other does; no more than find cards.

        Raises `ConfigurationError` for a bad option.
        """

    def replicas(self) -> tuple[ReplicaState, ...]:
        """The replicas as they are now."""

    def unload(self, engine: str) -> int:
        """Stop every replica of this engine that has nothing to do, those that stay loaded, too; returns how many.

        They are gone a moment later. A job that comes meanwhile has another one started.
        """

    async def close(self) -> None:
        """Stop every replica, running ones too; nothing of ours is left behind."""
