"""A process that follows: it loads a model, and does its share of each run as the process that leads says."""

import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple, NoReturn

import torch

from understudy.engines.ovi.denoiser import Solo
from understudy.engines.ovi.parallel.arrangement import Arrangement
from understudy.engines.ovi.parallel.member import Member
from understudy.engines.ovi.parallel.orders import (
    Answer,
    Denoise,
    Failed,
    Go,
    Meet,
    Order,
    Ready,
    Stop,
    encode,
    read_order,
)
from understudy.errors import Cancelled

Load = Callable[[torch.device, Mapping[str, object]], Solo]
"""Makes what one process computes with, on its device, out of the engine's options. A function of a module."""


class Seat(NamedTuple):
    """Which of the processes one is, and what it works with."""

    rank: int
    arrangement: Arrangement
    device: str
    load: Load
    options: Mapping[str, object]


def follow(connection: Connection, seat: Seat) -> None:
    """Live until a `Stop`, a failure, or the end of the process that leads."""
    follower = Follower(connection, seat)
    try:
        follower.work()
    except Exception as error:  # noqa: BLE001 - goes to the leader, typed
        traceback.print_exc()
        follower.answer(Failed.of(error))
        # At once: others may be waiting for this process in an operation that it will not come to.
        _end(1)
    _end(0)


def _end(status: int) -> NoReturn:
    """Without the seconds that torch takes to put everything away."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


class Follower:
    """A member on a connection."""

    def __init__(self, connection: Connection, seat: Seat) -> None:
        self._connection = connection
        self._seat = seat
        self._orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
        threading.Thread(target=self._listen, name="listen", daemon=True).start()

    def work(self) -> None:
        """Load, meet the others, and carry out runs."""
        seat, device = self._seat, torch.device(self._seat.device)
        if device.type == "cuda":
            torch.cuda.set_device(device)
        solo = seat.load(device, seat.options)
        self.answer(Ready())
        member = None
        while not isinstance(order := self._orders.get(), Stop):
            if isinstance(order, Meet):
                member = Member(solo, seat.arrangement, seat.rank, Path(order.folder))
            elif isinstance(order, Denoise) and member is not None:
                self._run(member, order)
            self.answer(Ready())
        if member is not None:
            member.leave()

    def answer(self, answer: Answer) -> None:
        """Tell the process that leads; if it is gone, so is this one."""
        try:
            self._connection.send_bytes(encode(answer))
        except OSError:
            os._exit(1)

    def _run(self, member: Member, order: Denoise) -> None:
        try:
            member(order.request, self._told)
        except Cancelled:
            return

    def _told(self, step: int, total: int, /) -> None:
        # Each process asks at the same point of the loop, so all stop with the same operations behind them.
        if not isinstance(self._orders.get(), Go):
            raise Cancelled("The run was asked to stop.")

    def _listen(self) -> None:
        """Hear orders, also while the main thread waits for a device; the connection's end is the process's."""
        while True:
            try:
                order = read_order(self._connection.recv_bytes())
            except (EOFError, OSError):
                os._exit(1)
            self._orders.put(order)
