"""An engine whose output is its inputs, one after the other, in a folder inside the job's."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from understudy.engines.engine import Job, LocalEngine, Output, Report


class Copier:
    def run(self, job: Job, report: Report) -> Sequence[Output]:
        folder = Path(job.folder) / "made"
        folder.mkdir()
        with (folder / "joined").open("wb") as joined:
            for paths in job.files.values():
                for path in paths:
                    joined.write(Path(path).read_bytes())
        (folder / "empty").touch()
        print(hashlib.sha256((folder / "joined").read_bytes()).hexdigest(), job.folder)
        return [Output("made/joined"), Output(str(folder / "empty"))]

    def close(self) -> None:
        pass


def load(options: Mapping[str, object]) -> Copier:
    return Copier()


engine = LocalEngine(name="copier", version="1", pipeline="tests.executors.ray.copier:load")
