"""A replica: the process in which a pipeline lives. `python -m understudy.executors.replica DESCRIPTOR`.

The server starts it with a connected socket as DESCRIPTOR (`protocol` tells what is said there), pipes as standard
output and error, and as standard input a pipe on which nothing is ever written: its end is the server's end. It
leads a process group of its own, which is what dies when it has to. The main thread runs the pipeline; a second
one listens, so that a Cancel is heard during a run; a third sends the heartbeat.
"""

import ctypes
import io
import os
import queue
import signal
import socket
import sys
import threading
import time
import warnings

from understudy.executors.guard import Guard
from understudy.executors.lines import mark
from understudy.executors.protocol import (
    HEARTBEAT_SECONDS,
    Cancel,
    Failed,
    Heartbeat,
    Load,
    ProtocolError,
    Run,
    Stop,
    ToReplica,
    ToServer,
    Unpacker,
    packed,
    to_replica,
)
from understudy.executors.worker import Worker


def main() -> None:
    """Live until a Stop, a failed Load, or the server's end."""
    if os.getpgrp() != os.getpid():
        os.setsid()
    descriptor = int(sys.argv[1])
    os.set_inheritable(descriptor, False)
    guard = Guard.fork(lifeline=os.dup(0))
    _read_nothing()
    warnings.formatwarning = _warning
    output = Output()
    connection = socket.socket(fileno=descriptor)
    replica = Replica(connection, output)
    threading.Thread(target=replica.listen, name="listen", daemon=True).start()
    threading.Thread(target=replica.beat, name="heartbeat", daemon=True).start()
    replica.work()
    guard.dismiss()


class Replica:
    """A worker on a connection."""

    def __init__(self, connection: socket.socket, output: "Output") -> None:
        self._connection = connection
        self._output = output
        self._sending = threading.Lock()
        self._orders: queue.SimpleQueue[Load | Run | Stop] = queue.SimpleQueue()
        self._worker = Worker(self._send)

    def work(self) -> None:
        """Carry out orders, one after the other."""
        while not isinstance(order := self._orders.get(), Stop):
            answer = self._worker.load(order) if isinstance(order, Load) else self._worker.run(order)
            self._output.mark(order.turn)
            self._send(answer)
            if isinstance(order, Load) and isinstance(answer, Failed):
                return
        self._worker.close()

    def listen(self) -> None:
        """Hear the server out; at the connection's end, end with everything that was started here."""
        unpacker = Unpacker(to_replica)
        try:
            while data := self._connection.recv(65536):
                for message in unpacker.feed(data):
                    self._hear(message)
        except (OSError, ProtocolError) as error:
            print(f"The connection to the server broke: {error}", file=sys.stderr, flush=True)  # noqa: T201
        os.killpg(0, signal.SIGKILL)

    def beat(self) -> None:
        """Send a heartbeat every `HEARTBEAT_SECONDS`."""
        while True:
            self._send(Heartbeat())
            time.sleep(HEARTBEAT_SECONDS)

    def _hear(self, message: ToReplica) -> None:
        if isinstance(message, Cancel):
            self._worker.cancel(message.turn)
        else:
            self._orders.put(message)

    def _send(self, message: ToServer) -> None:
        data = packed(message)
        try:
            with self._sending:
                self._connection.sendall(data)
        except OSError:
            os.killpg(0, signal.SIGKILL)


class Output:
    """Standard output and error of this process: both buffered by lines, so that nothing is late or lost."""

    def __init__(self) -> None:
        # Copies, so that the marks arrive even while a pipeline has pointed 1 or 2 elsewhere.
        self._descriptors = (os.dup(1), os.dup(2))
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
        self._c_library = ctypes.CDLL(None)
        self._c_stdout = self._find_c_stdout()
        if self._c_stdout is not None:
            self._c_library.setvbuf(self._c_stdout, None, 1, ctypes.c_size_t(4096))  # 1 is _IOLBF

    def mark(self, turn: str) -> None:
        """End the turn in both streams, after everything printed so far."""
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (AttributeError, OSError, ValueError):  # a pipeline closed or replaced it
                continue
        if self._c_stdout is not None:
            self._c_library.fflush(self._c_stdout)
        for descriptor in self._descriptors:
            os.set_blocking(descriptor, True)  # a child process that shares it may have changed that
            os.write(descriptor, mark(turn))

    def _find_c_stdout(self) -> ctypes.c_void_p | None:
        for name in ("stdout", "__stdoutp"):  # glibc and musl, macOS
            try:
                return ctypes.c_void_p.in_dll(self._c_library, name)
            except ValueError:
                continue
        return None


def _read_nothing() -> None:
    """Make standard input empty: a pipeline that asks a question gets no answer instead of waiting for one."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def _warning(message: Warning | str, category: type[Warning], *_: object, **__: object) -> str:
    """A library's warning as a line of a log that callers read: without the file and the line that it comes from."""
    return f"{category.__name__}: {message}\n"


if __name__ == "__main__":
    main()
