"""A process that follows, as the one that leads sees it."""

import multiprocessing
import queue
import threading
from collections.abc import Callable

from understudy.engines.ovi.parallel.follower import Seat, follow
from understudy.engines.ovi.parallel.orders import Answer, Failed, Order, PeerLost, encode, read_answer
from understudy.errors import EngineError


class Peer:
    """Takes orders, answers each of those that say so, and is heard when it dies."""

    def __init__(self, seat: Seat, lost: Callable[[EngineError], None]) -> None:
        """Start it, fresh, in this process's group: what ends the group ends it too.

        `lost` is called from another thread when it fails or dies.
        """
        context = multiprocessing.get_context("spawn")
        self._lost = lost
        self._device = seat.device
        self._answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=follow, args=(theirs, seat), name=f"ovi {seat.device}", daemon=True
        )
        self._process.start()
        # Its end is held by it alone, so that its death ends the connection.
        theirs.close()
        threading.Thread(target=self._listen, name=f"listen {seat.device}", daemon=True).start()

    @property
    def pid(self) -> int | None:
        """Of its process."""
        return self._process.pid

    def order(self, order: Order) -> None:
        """Say it; a process that is gone is told of by `lost`."""
        try:
            self._connection.send_bytes(encode(order))
        except OSError as error:
            raise self._gone() from error

    def settle(self) -> None:
        """Wait until it has done what it was ordered. Raises the `EngineError` that kept it from it."""
        answer = self._answers.get()
        if isinstance(answer, Failed):
            raise answer.error

    def end(self, grace: float = 0.0) -> None:
        """Wait so many seconds for its end, and then end it."""
        self._process.join(grace)
        self._process.kill()
        self._process.join(1.0)

    def _listen(self) -> None:
        with self._connection:
            while True:
                try:
                    answer = read_answer(self._connection.recv_bytes())
                except (EOFError, OSError):
                    answer = Failed.of(self._gone())
                if isinstance(answer, Failed):
                    self._lost(answer.error)
                self._answers.put(answer)
                if isinstance(answer, Failed):
                    return

    def _gone(self) -> PeerLost:
        return PeerLost(f"The process that computed on {self._device} is gone; the log may tell why.")
