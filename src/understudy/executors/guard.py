"""The guard: a tiny process beside each replica that lets nothing outlive the server.

A replica that is wedged in C code, holding the interpreter's lock, cannot act on the server's death; a signal on
the parent's death would reach the replica alone, not the processes that its pipeline started. So before anything
else the replica forks a guard. It sleeps until one of two pipes is closed, the one that only the server holds open
or the one that only the replica does, and then kills the whole process group, itself included.
"""

import os
import select
import signal


class Guard:
    """The replica's end of it."""

    def __init__(self, pid: int, tether: int) -> None:
        self._pid = pid
        self._tether = tether

    @classmethod
    def fork(cls, lifeline: int) -> "Guard":
        """Start the guard of this process, which must lead its process group and have no second thread yet.

        `lifeline` is the reading end of a pipe that the server holds open; it is closed here and stays open there.
        """
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            _watch(lifeline, reading)
        os.close(reading)
        os.close(lifeline)
        return cls(pid, writing)

    def dismiss(self) -> None:
        """The replica ends by itself: let the guard go first, and leave no zombie."""
        os.write(self._tether, b".")
        os.waitpid(self._pid, 0)
        os.close(self._tether)


def _watch(lifeline: int, tether: int) -> None:
    try:
        _close_all_but(lifeline, tether)
        closed, _, _ = select.select([lifeline, tether], [], [])
        if tether in closed and os.read(tether, 1):
            os._exit(0)
        os.killpg(0, signal.SIGKILL)
    finally:
        os._exit(1)


def _close_all_but(*kept: int) -> None:
    """Most of all the output pipes: the server must see them end with the replica, not with its guard."""
    start = 0
    for descriptor in sorted(kept):
        os.closerange(start, descriptor)
        start = descriptor + 1
    os.closerange(start, start + 256)
