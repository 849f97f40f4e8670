"""A progress bar on a terminal, by Rich; for `progress=` of `run`, `wait` and `resume`.

    task = client.run("openai/sora-2-pro", inputs, progress=bar())

Rich is imported when the bar is shown.
"""

from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID


def bar(console: "Console | None" = None) -> "Bar":
    """A bar on standard error, or on `console`. It is shown while the task is waited for, and then taken away."""
    return Bar(console)


class Bar:
    """Hears step, total and stage. A context manager: on the screen from `__enter__` to `__exit__`."""

    def __init__(self, console: "Console | None" = None) -> None:
        self._console = console
        self._shown: Progress | None = None
        self._row: TaskID | None = None

    def __enter__(self) -> Self:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._shown = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self._console or Console(stderr=True),
            transient=True,
        )
        self._row = self._shown.add_task("Waiting", total=None)
        self._shown.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown is not None:
            self._shown.stop()
            self._shown = None

    def __call__(self, step: int, total: int, stage: str) -> None:
        """`step` of `total` of a stage is done."""
        if self._shown is not None and self._row is not None:
            self._shown.update(self._row, description=stage, completed=step, total=total or None)
