"""The engine `instant`: plays every model at once, with the same tiny clip. For tests, and to measure overheads.

Give its import path, `understudy.testing.instant:engine`, wherever engines can be named.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from understudy.engines.engine import Job, LocalEngine, Output, Report
from understudy.testing.clip import tiny_clip


class Instant:
    """Writes `clip.mp4` and reports two steps."""

    def __init__(self) -> None:
        self._clip = tiny_clip()

    def run(self, job: Job, report: Report) -> Sequence[Output]:
        """Write the clip into the job's folder."""
        report(1, 2)
        path = Path(job.folder) / "clip.mp4"
        path.write_bytes(self._clip)
        report(2, 2)
        return [Output(str(path))]

    def close(self) -> None:
        """Nothing to give back."""


def load(options: Mapping[str, object]) -> Instant:
    """The pipeline; it has no options."""
    return Instant()


engine = LocalEngine(
    name="instant",
    version="1",
    preview=True,
    pipeline="understudy.testing.instant:load",
)
