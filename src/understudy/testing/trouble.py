"""The engine `trouble`: misbehaves as its prompt says, in every way that a real engine might. For tests.

Words in square brackets in the job's `prompt` are carried out in order; then a tiny clip is made, as `instant` does.

    [sleep S]        work for S seconds, a step every 10 ms: can be cancelled
    [steps N]        report N steps at once
    [hang]           never end, and never look whether it was cancelled
    [wedge]          the same, holding the interpreter's lock: not even a heartbeat gets through
    [children]       start a process, print "child PID", then hang
    [crash]          abort, as a C library does
    [exit N]         end the process with exit code N
    [oom]            raise MemoryError
    [raise TEXT]     raise RuntimeError(TEXT)
    [badinput TEXT]  raise EngineInputError(TEXT)
    [unavailable T]  raise EngineUnavailable(T)
    [say TEXT]       print TEXT on standard output         [complain TEXT]  on standard error
    [warn TEXT]      warn with TEXT, as libraries do
    [env NAME]       print what the environment variable holds, or "unset"
    [puts TEXT]      the C library's puts: its buffer is not Python's
    [ask]            read a line from standard input, of which there is none: raises EOFError
    [print N]        print N lines, "out 0" and "err 0" onwards, on both
    [bar N]          a progress bar of N steps on standard error: lines that end with a carriage return
    [raw]            bytes that are no UTF-8, past Python's own buffers, without a line end
    [flood N]        N MiB on standard output in one line
    [nothing]        hand over no file
    [missing]        hand over the name of a file that does not exist
    [outside]        hand over a file outside the job's folder
    [link]           hand over a symbolic link to such a file
    [garbage]        hand over a file that is no media

Its options: `load`, words as above to be carried out while it is loaded; `close`, while it is closed; `unavailable`,
the reason why it is not available here; `labels`, a table of what it says of itself (anything else: it fails to).

Give its import path, `understudy.testing.trouble:engine`, wherever engines can be named.
"""

import ctypes
import os
import re
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from understudy.engines.engine import Availability, Job, LocalEngine, Output, Report
from understudy.errors import EngineInputError, EngineUnavailable

_WORD = re.compile(r"\[(\w+)(?: ([^\]]*))?\]")
_STEP = 0.01
"""Seconds."""


class Trouble:
    """The pipeline."""

    def __init__(self, options: Mapping[str, object]) -> None:
        self._options = options
        _act(str(options.get("load", "")), _report_to_nobody)

    def run(self, job: Job, report: Report) -> Sequence[Output]:
        """Do what the prompt says, then make the tiny clip, or what it was told to hand over instead."""
        words = _act(str(job.values.get("prompt", "")), report)
        folder = Path(job.folder)
        for word in words:
            if word in _OUTPUTS:
                return _OUTPUTS[word](folder)
        return _clip(folder)

    def close(self) -> None:
        """Do what the option says."""
        _act(str(self._options.get("close", "")), _report_to_nobody)


def load(options: Mapping[str, object]) -> Trouble:
    """The pipeline."""
    return Trouble(options)


def _availability(options: Mapping[str, object]) -> Availability:
    reason = str(options.get("unavailable", ""))
    return Availability(
        ok=not reason, reason=reason, remedy="Take the option unavailable away." if reason else ""
    )


def _labels(options: Mapping[str, object]) -> Mapping[str, str]:
    labels = options.get("labels", {})
    if not isinstance(labels, Mapping):
        raise TypeError("labels that are no table")
    return labels


engine = LocalEngine(
    name="trouble",
    version="1",
    preview=True,
    pipeline="understudy.testing.trouble:load",
    availability=_availability,
    labels=_labels,
)


def _act(text: str, report: Report) -> tuple[str, ...]:
    """Carry out the words of `text`, and say which there were. A word that is not known does nothing."""
    words = _WORD.findall(text)
    for word, argument in words:
        if word in _DEEDS:
            _DEEDS[word](argument, report)
    return tuple(word for word, _ in words)


def _report_to_nobody(step: int, total: int, /, *, stage: str = "Generate", unit: str = "it") -> None:
    """The report of those who are not running a job."""


def _sleep(seconds: str, report: Report) -> None:
    total = max(1, round(float(seconds) / _STEP))
    for step in range(total):
        time.sleep(_STEP)
        report(step + 1, total)


def _steps(number: str, report: Report) -> None:
    for step in range(int(number)):
        report(step + 1, int(number), unit="step")


def _hang(_: str, __: Report) -> None:
    while True:
        time.sleep(0.1)


def _wedge(_: str, __: Report) -> None:
    ctypes.PyDLL(None).sleep(3600)  # unlike CDLL, PyDLL keeps the lock during the call


def _children(_: str, report: Report) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
    print("child", child.pid, flush=True)  # noqa: T201
    _hang("", report)


def _crash(_: str, __: Report) -> None:
    os.abort()


def _exit(code: str, _: Report) -> None:
    os._exit(int(code))


def _oom(_: str, __: Report) -> None:
    raise MemoryError


def _raise(text: str, _: Report) -> None:
    raise RuntimeError(text)


def _bad_input(text: str, _: Report) -> None:
    raise EngineInputError(text or "These inputs cannot be played.")


def _unavailable(text: str, _: Report) -> None:
    raise EngineUnavailable(text or "It cannot run here.")


def _say(text: str, _: Report) -> None:
    print(text)  # noqa: T201


def _complain(text: str, _: Report) -> None:
    print(text, file=sys.stderr)  # noqa: T201


def _warn(text: str, _: Report) -> None:
    warnings.warn(text, stacklevel=1)


def _env(name: str, _: Report) -> None:
    sys.stdout.write(os.environ.get(name, "unset") + "\n")


def _puts(text: str, _: Report) -> None:
    ctypes.CDLL(None).puts(text.encode())


def _ask(_: str, __: Report) -> None:
    input()


def _print(number: str, _: Report) -> None:
    for count in range(int(number)):
        print("out", count)  # noqa: T201
        print("err", count, file=sys.stderr)  # noqa: T201


def _bar(number: str, _: Report) -> None:
    for count in range(int(number)):
        print(f"\rstep {count}", end="", file=sys.stderr, flush=True)  # noqa: T201


def _raw(_: str, __: Report) -> None:
    os.write(1, b"caf\xe9 \xff")


def _flood(mebibytes: str, _: Report) -> None:
    for _each in range(int(mebibytes)):
        sys.stdout.write("x" * 2**20)


_DEEDS: Mapping[str, Callable[[str, Report], None]] = {
    "sleep": _sleep,
    "steps": _steps,
    "hang": _hang,
    "wedge": _wedge,
    "children": _children,
    "crash": _crash,
    "exit": _exit,
    "oom": _oom,
    "raise": _raise,
    "badinput": _bad_input,
    "unavailable": _unavailable,
    "say": _say,
    "complain": _complain,
    "warn": _warn,
    "env": _env,
    "puts": _puts,
    "ask": _ask,
    "print": _print,
    "bar": _bar,
    "raw": _raw,
    "flood": _flood,
}


def _clip(folder: Path) -> list[Output]:
    from understudy.testing.clip import tiny_clip

    path = folder / "clip.mp4"
    path.write_bytes(tiny_clip())
    return [Output(str(path))]


def _garbage(folder: Path) -> list[Output]:
    path = folder / "clip.mp4"
    path.write_bytes(b"This is no video.")
    return [Output(str(path))]


def _link(folder: Path) -> list[Output]:
    path = folder / "clip.mp4"
    path.symlink_to(sys.executable)
    return [Output(str(path))]


_OUTPUTS: Mapping[str, Callable[[Path], list[Output]]] = {
    "nothing": lambda _: [],
    "missing": lambda folder: [Output(str(folder / "missing.mp4"))],
    "outside": lambda _: [Output(sys.executable)],
    "link": _link,
    "garbage": _garbage,
}
