"""One turn on its node: what it brings is kept until it is asked for."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from understudy.errors import EngineError, ReplicaLost
from understudy.executors.executor import RunEvent
from understudy.executors.failure import kind_of
from understudy.executors.protocol import Failed, Stopped
from understudy.executors.ray.node_protocol import Batch, End, Lost

_MORE = 0.005
"""Seconds that an answer waits for what follows its first event: all of a short run fits into one."""


class Telling:
    """Plays a turn, and collects its events and its end."""

    def __init__(self, turn: str, alive: Callable[[], bool]) -> None:
        self._turn = turn
        self._alive = alive
        self._events: list[RunEvent] = []
        self._news = asyncio.Event()
        self._end: End | None = None
        self._playing: asyncio.Task[None] | None = None

    def begin(self, play: Coroutine[Any, Any, End]) -> None:
        """Have it played."""
        self._playing = asyncio.create_task(self._to_the_end(play))

    def hear(self, event: RunEvent) -> None:
        """The listener of the turn."""
        self._events.append(event)
        self._news.set()

    def cancel(self) -> None:
        """Stop it: it ends as soon as the process is idle, or dead."""
        if self._playing is not None:
            self._playing.cancel()

    async def batch(self) -> Batch:
        """Wait for news, and return all there are."""
        await self._news.wait()
        if self._end is None and self._playing is not None:
            await asyncio.wait({self._playing}, timeout=_MORE)
        events, self._events = tuple(self._events), []
        if self._end is None:
            self._news.clear()
        return Batch(events=events, end=self._end, alive=self._alive())

    async def _to_the_end(self, play: Coroutine[Any, Any, End]) -> None:
        try:
            self._end = await play
        except asyncio.CancelledError:
            self._end = Stopped(self._turn)
        except EngineError as error:
            self._end = Failed(self._turn, kind_of(error), error.message)
        except ReplicaLost as error:
            self._end = Lost(self._turn, error.message)
        except OSError as error:
            self._end = Lost(self._turn, f"The node's disk failed: {error.strerror or error}")
        finally:
            self._news.set()
