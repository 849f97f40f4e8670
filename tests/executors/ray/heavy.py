"""An engine whose clip has as many MiB as the prompt says: a tiny one, and a box that players skip."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from understudy.engines.engine import Job, LocalEngine, Output, Report
from understudy.testing.clip import tiny_clip


class Heavy:
    def run(self, job: Job, report: Report) -> Sequence[Output]:
        size = int(job.values["prompt"]) * 2**20
        path = Path(job.folder) / "clip.mp4"
        path.write_bytes(tiny_clip() + size.to_bytes(4, "big") + b"free" + bytes(size - 8))
        print(job.folder)
        return [Output("clip.mp4")]

    def close(self) -> None:
        pass


def load(options: Mapping[str, object]) -> Heavy:
    return Heavy()


engine = LocalEngine(name="heavy", version="1", pipeline="tests.executors.ray.heavy:load")
