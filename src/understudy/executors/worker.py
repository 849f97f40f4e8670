"""A loaded pipeline and the turns it plays, whatever carries the messages: a local process, or a Ray actor."""

import pkgutil
import sys
import time
import traceback
from collections.abc import Callable

from understudy.engines.engine import Output, Pipeline
from understudy.errors import Cancelled
from understudy.executors.executor import Progress
from understudy.executors.failure import Kind, described, kind_of
from understudy.executors.protocol import (
    Done,
    Failed,
    Load,
    Progressed,
    Ready,
    Run,
    Started,
    Stopped,
)
from understudy.executors.report import Reporter

_LONGEST_DETAIL = 32 * 1024


class Worker:
    """Loads one pipeline, then runs jobs on it, one at a time. Only `cancel` may be called from another thread."""

    def __init__(
        self, send: Callable[[Started | Progressed], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._send = send
        self._clock = clock
        self._pipeline: Pipeline | None = None
        self._cancelled_turn = ""

    def load(self, order: Load) -> Ready | Failed:
        """Import and call the engine's function. A missing package means that the engine is unavailable here."""
        try:
            function = pkgutil.resolve_name(order.pipeline)
            self._pipeline = function(order.options)
        except ModuleNotFoundError as error:
            message = f"It needs the Python package {error.name}, which is not installed."
            return _failed(order.turn, error, kind="unavailable", message=message)
        except BaseException as error:  # noqa: BLE001 - a pipeline may raise anything; the server must hear of it
            return _failed(order.turn, error)
        return Ready(order.turn)

    def run(self, order: Run) -> Done | Failed | Stopped:
        """Run one job to its end; what went wrong is also printed as one clean line, for the run's log."""
        if self._pipeline is None:
            raise RuntimeError("a Run before Load")
        turn = order.turn

        def send(progress: Progress) -> None:
            self._send(Progressed(turn, progress))

        report = Reporter(send, lambda: self._cancelled_turn == turn, self._clock)
        self._send(Started(turn))
        try:
            outputs = tuple(_plain(each) for each in self._pipeline.run(order.job, report))
        except BaseException as error:  # noqa: BLE001 - see load
            if isinstance(error, Cancelled) and self._cancelled_turn == turn:
                return Stopped(turn)
            failed = _failed(turn, error)
            print(failed.message, file=sys.stderr, flush=True)  # noqa: T201 - the run's log
            return failed
        finally:
            report.end()
        return Done(turn, outputs)

    def cancel(self, turn: str) -> None:
        """Make that turn's next report raise `Cancelled`; a turn that is over is not disturbed."""
        self._cancelled_turn = turn

    def close(self) -> None:
        """Let the pipeline give its memory back."""
        if self._pipeline is not None:
            self._pipeline.close()
            self._pipeline = None


def _plain(output: Output) -> Output:
    """The output as it can be sent: raises for a path that is not text."""
    path = str(output.path)
    path.encode("utf-8")
    return Output(path)


def _failed(turn: str, error: BaseException, kind: Kind | None = None, message: str = "") -> Failed:
    detail = "".join(traceback.format_exception(error))[-_LONGEST_DETAIL:]
    return Failed(
        turn,
        kind or kind_of(error),
        message or described(error),
        detail.encode("utf-8", "replace").decode("utf-8"),
    )
