"""The engine `talker`: says what time it is, again and again, once it is told to begin. Its prompt is JSON:

    {"go": "a file to wait for", "ticks": 10, "every": 0.5, "first": 0.2, "rest": 1.0}

Each line is `tick NUMBER TIME`, in Unix seconds; `every`, `first` and `rest`, the pause before the clip, are seconds.
"""

import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from understudy.engines.engine import Job, LocalEngine, Output, Report
from understudy.testing.clip import tiny_clip


class Talker:
    """The pipeline."""

    def __init__(self) -> None:
        self._clip = tiny_clip()

    def run(self, job: Job, report: Report) -> Sequence[Output]:
        """Say that it runs, wait, talk, and hand over a clip."""
        wanted = json.loads(str(job.values["prompt"]))
        print("here", flush=True)
        while not os.path.exists(wanted["go"]):  # noqa: PTH110 - asked for often
            time.sleep(0.1)
        due = time.monotonic() + wanted["first"]
        for number in range(wanted["ticks"]):
            time.sleep(max(0.0, due - time.monotonic()))
            print(f"tick {number} {time.time():.6f}", flush=True)
            due += wanted["every"]
        time.sleep(wanted["rest"])
        path = Path(job.folder) / "clip.mp4"
        path.write_bytes(self._clip)
        return [Output(str(path))]

    def close(self) -> None:
        """Nothing to give back."""


def load(options: Mapping[str, object]) -> Talker:
    """The pipeline; it has no options of its own."""
    return Talker()


engine = LocalEngine(name="talker", version="1", preview=True, pipeline="tests.fire.talker:load")
