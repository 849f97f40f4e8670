"""What the server costs when nothing happens: start-up, idle CPU and memory."""

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.processor import processor_seconds
from benchmarks.report import Figure
from understudy.testing.live import clean_environment, live, start

IDLE_SECONDS = 15.0


def measure(folder: Path) -> list[Figure]:
    """Three figures."""
    # The first start compiles and makes the data folder; what counts is every one after it.
    start(folder / "start").stop()
    starts = []
    for _ in range(5):
        began = time.perf_counter()
        server = start(folder / "start")
        starts.append(time.perf_counter() - began)
        server.stop()
    with live(folder / "idle", engine="animatic") as server:
        time.sleep(2)
        before, began = processor_seconds(server.process.pid), time.perf_counter()
        time.sleep(IDLE_SECONDS)
        cpu = (processor_seconds(server.process.pid) - before) / (time.perf_counter() - began)
        memory = _resident(server.process.pid)
    return [
        Figure(what="start to first answer", measured=sorted(starts)[2], goal=1, unit="s", at_least=False),
        Figure(what="idle server, share of a core", measured=cpu, goal=0.01, unit="%", at_least=False),
        Figure(what="idle server, resident memory", measured=memory, goal=120, unit="MiB", at_least=False),
        Figure(
            what="understudy --help",
            measured=min(_help() for _ in range(5)),
            goal=0.3,
            unit="s",
            at_least=False,
        ),
    ]


def _help() -> float:
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "understudy", "--help"],
        capture_output=True,
        check=True,
        env=clean_environment(),
    )
    return time.perf_counter() - began


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")
