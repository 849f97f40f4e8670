"""What a person sees of downloads: a bar per file on a terminal, plain lines elsewhere. All of it on stderr."""

import sys
from typing import TYPE_CHECKING, Protocol, Self

from understudy.cli.output import note

if TYPE_CHECKING:
    from rich.progress import TaskID

    from understudy.engines.ovi.weights.sources import Source


class Transfers(Protocol):
    """Listens to downloads, as a context manager."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def hear(self, source: "Source", done: int, size: int) -> None:
        """`done` of the `size` bytes of a file are there."""


def transfers(*, quiet: bool) -> Transfers:
    """The one that fits stderr; `quiet` shows nothing."""
    if quiet:
        return Silence()
    return Bars() if sys.stderr.isatty() else Lines()


class Silence:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def hear(self, source: "Source", done: int, size: int) -> None:
        """Nothing."""


class Lines(Silence):
    """One line per file and tenth of it."""

    def __init__(self) -> None:
        self._said = ("", -1)

    def hear(self, source: "Source", done: int, size: int) -> None:
        """Print what is new."""
        tenth = 10 * done // max(size, 1)
        if self._said != (source.here, tenth):
            self._said = (source.here, tenth)
            note(f"{source.here} {10 * tenth}%")


class Bars:
    """A bar for each file, with its size, speed and the time that is left."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def hear(self, source: "Source", done: int, size: int) -> None:
        """Move the file's bar."""
        if source.here not in self._tasks:
            # What an earlier attempt left is no part of this one's speed.
            self._tasks[source.here] = self._bars.add_task(source.here, total=size, completed=done)
        self._bars.update(self._tasks[source.here], completed=done)
