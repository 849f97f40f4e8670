"""All processes that make a clip: this one, which leads, and those that follow."""

import shutil
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from understudy.engines.ovi.denoiser import Solo
from understudy.engines.ovi.parallel.arrangement import Arrangement
from understudy.engines.ovi.parallel.follower import Load, Seat
from understudy.engines.ovi.parallel.member import Member
from understudy.engines.ovi.parallel.orders import Meet, Order, Stop
from understudy.engines.ovi.parallel.peer import Peer
from understudy.errors import EngineError

_GRACE: Final = 5.0
"""Seconds in which a process ends by itself."""
_NEWS: Final = 2.0
"""Seconds in which one hears that a process is lost, once an operation with it has failed."""


class Team:
    """Lives until it is closed, or until it loses one of its processes: then all of them are ended."""

    def __init__(
        self, arrangement: Arrangement, devices: Sequence[str], load: Load, options: Mapping[str, object]
    ) -> None:
        """Start the processes of all devices but the first; they load while this one does."""
        self._arrangement = arrangement
        self._closing = False
        self._failure: EngineError | None = None
        self._told = threading.Event()
        self._member: Member | None = None
        self._peers: list[Peer] = []
        self._folder = Path(tempfile.mkdtemp(prefix="understudy-ovi-"))
        try:
            for rank in range(1, arrangement.processes):
                self._peers.append(Peer(Seat(rank, arrangement, devices[rank], load, options), self._lose))
        except BaseException:
            self.close()
            raise

    @property
    def pids(self) -> tuple[int | None, ...]:
        """Of the processes that follow, by rank."""
        return tuple(peer.pid for peer in self._peers)

    @property
    def intact(self) -> bool:
        """Whether no process has been lost."""
        return self._failure is None

    @property
    def member(self) -> Member:
        """This process's part; there is one once all have met."""
        assert self._member is not None
        return self._member

    def meet(self, solo: Solo) -> None:
        """Connect everybody, as soon as all have loaded. Raises the `EngineError` of one that could not."""
        self.settle()
        self.order(Meet(str(self._folder)))
        self._member = Member(solo, self._arrangement, 0, self._folder)
        self.settle()

    def order(self, order: Order) -> None:
        """Tell every process that follows. Raises `EngineFailed` if one is gone."""
        for peer in self._peers:
            peer.order(order)

    def settle(self) -> None:
        """Wait until all have done what they were ordered. Raises the `EngineError` of one that failed."""
        for peer in self._peers:
            peer.settle()

    def failure(self) -> EngineError | None:
        """Why an operation with the others may have failed just now; None if none of them is lost."""
        self._told.wait(_NEWS)
        return self._failure

    def close(self, *, at_once: bool = False) -> None:
        """End every process: in peace if there is time and all of them listen, by force otherwise."""
        self._closing = True
        if not at_once and self.intact:
            try:
                self.order(Stop())
            except EngineError:
                at_once = True
        for peer in self._peers:
            peer.end(0.0 if at_once else _GRACE)
        if self._member is not None:
            self._member.leave()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _lose(self, failure: EngineError) -> None:
        """One process is lost. End the others: whoever waits for one of them then fails, and does not hang."""
        if self._closing or self._told.is_set():
            return
        self._failure = failure
        self._told.set()
        for peer in list(self._peers):
            peer.end()
        if self._member is not None:
            self._member.leave()
