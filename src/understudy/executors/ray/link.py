"""The server's end of a driver: its process, what is said to it, and its end."""

import asyncio
import logging
import os
import socket
import sys
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Protocol

import msgspec

from understudy.errors import EngineUnavailable, ReplicaLost, UnderstudyError
from understudy.executors.connection import Connection, OutputPipe
from understudy.executors.environment import without_settings
from understudy.executors.failure import public
from understudy.executors.lines import Follower
from understudy.executors.ray.demand import Demand
from understudy.executors.ray.fit import Node
from understudy.executors.ray.protocol import (
    Begin,
    Begun,
    Connected,
    Crowded,
    FromDriver,
    Gone,
    Heard,
    Nodes,
    Place,
    Placed,
    Refused,
    Release,
    Unconnected,
    from_driver,
)
from understudy.executors.uncancelled import to_its_end

log = logging.getLogger(__name__)

_END = 3.0
"""Seconds that a driver may take to end after its connection."""


class NoRay(UnderstudyError):
    """Ray cannot be asked at the moment: why."""


class Inmate(Protocol):
    """A replica of a driver, as those see it who bring it news."""

    def hear(self, heard: Heard) -> None:
        """A turn has brought something."""

    def lose(self, reason: str) -> None:
        """It is gone."""


class Link:
    """One driver. When it is lost, so is everything that it had in the cluster."""

    def __init__(self, address: str, crowded: Callable[[bool], None]) -> None:
        """`crowded` is called while replicas of other servers wait for room: with True, if for cards."""
        self.nodes: tuple[Node, ...] = ()
        self.lost = False
        self._address = address
        self._crowded = crowded
        self._reason = ""
        self._last_words: deque[str] = deque(maxlen=3)
        self._inmates: dict[str, Inmate] = {}
        self._answers: dict[tuple[type[msgspec.Struct], str], asyncio.Future[Any]] = {}

    @classmethod
    async def open(cls, address: str, crowded: Callable[[bool], None]) -> "Link":
        """A driver that is connected to the cluster. Raises `NoRay`."""
        link = cls(address, crowded)
        try:
            await link._start()
        except OSError as error:
            raise NoRay(f"The process that talks to Ray could not be started: {error}") from error
        try:
            await link._answer(Connected, "")
        except BaseException:
            await to_its_end(link.close())
            raise
        return link

    def send(self, message: msgspec.Struct) -> None:
        """Send it, if the driver still lives. Raises `UnicodeEncodeError` for text that is no Unicode."""
        self._connection.send(message)

    async def place(self, replica: str, engine: str, demand: Demand, patience: float) -> None:
        """Wait until there is room for it. Raises `EngineUnavailable` if no node is big enough, `NoRay`.

        Cancelled or failed, it leaves nothing behind.
        """
        self.send(Place(replica, engine, demand, patience))
        try:
            answer = await self._answer(Placed, replica)
        except BaseException:
            self.release(replica)
            raise
        if isinstance(answer, Refused):
            self.release(replica)
            raise EngineUnavailable(answer.reason)

    async def begin(self, order: Begin, inmate: Inmate) -> Begun:
        """Start it in its room. Raises `EngineUnavailable` if it cannot live there, `ReplicaLost`."""
        self._inmates[order.replica] = inmate
        self.send(order)
        try:
            answer = await self._answer(Begun, order.replica)
        except NoRay as error:
            raise ReplicaLost(error.message) from error
        if isinstance(answer, Gone):
            raise EngineUnavailable(answer.reason) if answer.unfit else ReplicaLost(answer.reason)
        assert isinstance(answer, Begun)
        return answer

    def release(self, replica: str) -> None:
        """End it, and give its room back."""
        self._inmates.pop(replica, None)
        self.send(Release(replica))

    async def close(self) -> None:
        """End the driver, and all that it has."""
        self._reason = self._reason or "The server is stopping."
        self._connection.close()
        await asyncio.wait({self._life}, timeout=_END)
        if not self._life.done():
            self._process.kill()
            await asyncio.wait({self._life})

    async def _answer(self, kind: type[FromDriver], replica: str) -> FromDriver:
        """The answer of that kind, or what came in its place. Raises `NoRay` if the driver is lost."""
        if self.lost:
            raise NoRay(self._reason)
        future = self._answers[kind, replica] = asyncio.get_running_loop().create_future()
        try:
            answer: FromDriver = await future
            return answer
        finally:
            del self._answers[kind, replica]

    async def _start(self) -> None:
        with ExitStack() as theirs, ExitStack() as unless_started:
            our_end, their_end = socket.socketpair()
            theirs.callback(their_end.close)
            self._connection = await Connection.over(our_end, self._hear, from_driver)
            unless_started.callback(self._connection.close)
            lifeline, self._lifeline = os.pipe()
            theirs.callback(os.close, lifeline)
            unless_started.callback(os.close, self._lifeline)
            reading, writing = os.pipe()
            theirs.callback(os.close, writing)
            self._output = await OutputPipe.over(reading, Follower(self._line, lambda _: None))
            unless_started.callback(self._output.close)
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "understudy.executors.ray.driver"),
                *(str(their_end.fileno()), self._address),
                stdin=lifeline,
                stdout=writing,
                stderr=writing,
                pass_fds=[their_end.fileno()],
                start_new_session=True,
                env={**without_settings(os.environ), "RAY_USAGE_STATS_ENABLED": "0"},
            )
            unless_started.pop_all()
        self._life = asyncio.create_task(self._live(), name="Ray's driver")

    async def _live(self) -> None:
        await self._connection.closed
        os.close(self._lifeline)
        gone = asyncio.create_task(self._process.wait())
        await asyncio.wait({gone}, timeout=_END)
        if not gone.done():
            self._process.kill()
            await gone
        await asyncio.wait({self._output.closed}, timeout=_END)
        self._output.close()
        last_words = " ".join(self._last_words)
        self._lose(f"The process that talks to Ray at {self._address} was lost. Its last words: {last_words}")

    def _hear(self, message: FromDriver) -> None:
        if isinstance(message, Heard):
            if inmate := self._inmates.get(message.replica):
                inmate.hear(message)
        elif isinstance(message, Nodes):
            self.nodes = message.nodes
        elif isinstance(message, Crowded):
            self._crowded(message.gpus)
        elif isinstance(message, Unconnected):
            self._lose(message.reason)
        elif isinstance(message, Connected):
            self._settle(Connected, "", message)
        elif isinstance(message, Placed | Refused):
            self._settle(Placed, message.replica, message)
        else:
            self._settle(Begun, message.replica, message)
            if isinstance(message, Gone) and (inmate := self._inmates.get(message.replica)):
                inmate.lose(message.reason)

    def _settle(self, kind: type[FromDriver], replica: str, answer: FromDriver) -> None:
        future = self._answers.get((kind, replica))
        if future is not None and not future.done():
            future.set_result(answer)

    def _line(self, text: str) -> None:
        self._last_words.append(public(text))
        log.debug("Ray: %s", text)

    def _lose(self, reason: str) -> None:
        if self.lost:
            return
        self.lost = True
        self._reason = self._reason or reason
        self._connection.close()
        for future in self._answers.values():
            if not future.done():
                future.set_exception(NoRay(self._reason))
        for inmate in tuple(self._inmates.values()):
            inmate.lose(self._reason)
