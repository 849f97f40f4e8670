"""What a person sees of a running task: a bar on a terminal, plain lines elsewhere. All of it on stderr."""

import sys
from typing import TYPE_CHECKING, Protocol, Self

from understudy.cli.output import note
from understudy.client.events import Event, LogLine, Progress, StatusChanged

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

PHRASES = {
    "task_queue": "Waiting in the queue",
    "task_accept": "Accepted",
    "task_preprocess_start": "Preparing the inputs",
    "task_preprocess_end": "Inputs are ready",
    "task_assign": "Getting the engine ready",
    "task_start": "Making the clip",
    "task_output": "Making the clip",
    "task_end": "The engine is done",
    "task_postprocess_start": "Finishing",
    "task_postprocess_end": "Over",
    "task_cancel": "Cancelled",
    "task_error": "Failed",
}


class Screen(Protocol):
    """Listens to a task, as a context manager."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def hear(self, event: Event) -> None:
        """Show one event."""


def screen(*, quiet: bool) -> Screen:
    """The one that fits stderr; `quiet` shows nothing."""
    if quiet:
        return Silence()
    return BarScreen() if sys.stderr.isatty() else LineScreen()


class Silence:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def hear(self, event: Event) -> None:
        """Nothing."""


class LineScreen(Silence):
    """One line per status, log line and tenth of the work."""

    def __init__(self) -> None:
        self._said = ""
        self._stage = ""
        self._tenth = 0

    def hear(self, event: Event) -> None:
        """Print what is new."""
        match event:
            case StatusChanged(status=status):
                self._say(PHRASES.get(status, status))
            case LogLine(text=text):
                self._say(f"  | {text}")
            case Progress(stage=stage, percentage=percentage):
                tenth = int(percentage // 10)
                if stage != self._stage:
                    self._stage, self._tenth = stage, 0
                if tenth > self._tenth:
                    self._tenth = tenth
                    self._say(f"  {stage} {percentage:.0f}%")

    def _say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            note(text)


class BarScreen:
    """A bar with percentage, speed and time left; log lines pass above it."""

    def __init__(self) -> None:
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        from rich.console import Console
        from rich.progress import BarColumn, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[speed]}"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._bar.start()
        self._task = self._bar.add_task("Asking the server", total=None, speed="")
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def hear(self, event: Event) -> None:
        """Move the bar."""
        if self._bar is None or self._task is None:
            return
        match event:
            case StatusChanged(status=status):
                self._bar.update(self._task, description=PHRASES.get(status, status))
            case LogLine(text=text):
                self._bar.console.print(text, style="dim", markup=False, highlight=False)
            case Progress():
                left = f"{event.remaining} left" if event.remaining else ""
                speed = "  ".join(filter(None, (event.speed, left)))
                doing = f"{PHRASES['task_output']}: {event.stage}"
                self._bar.update(
                    self._task, description=doing, total=100, completed=event.percentage, speed=speed
                )
