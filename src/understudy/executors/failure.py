"""What went wrong, in words that may leave this machine, and as errors of our tree on the other side of a process."""

import re
import signal
from collections.abc import Iterable
from typing import Literal

from understudy.errors import (
    EngineError,
    EngineFailed,
    EngineInputError,
    EngineOutOfMemory,
    EngineUnavailable,
)

Kind = Literal["unavailable", "input", "memory", "failed"]

_CLASSES: dict[Kind, type[EngineError]] = {
    "unavailable": EngineUnavailable,
    "input": EngineInputError,
    "memory": EngineOutOfMemory,
    "failed": EngineFailed,
}
_MEMORY_TYPES = frozenset({"MemoryError", "OutOfMemoryError"})
"""The second is torch's; the types are told by name, so that torch need not be imported."""

_PATH = re.compile(r"(?<![\w/:.~-])~?/(?:[^\s/'\":,;]+/)+(?=[^\s/'\":,;])")
"""The folders of an absolute path, but not the middle of an address such as https://host/a/b or a fraction."""

_LONGEST = 1000


def public(text: str) -> str:
    """`text` on one line, of bounded length, valid Unicode, and without the folders of this machine's paths."""
    line = " ".join(_PATH.sub("", text).split())
    line = line.encode("utf-8", "replace").decode("utf-8")
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def kind_of(error: BaseException) -> Kind:
    """Which kind of `EngineError` an exception out of a pipeline is."""
    for kind, error_class in _CLASSES.items():
        if isinstance(error, error_class):
            return kind
    names = {each.__name__ for each in type(error).__mro__}
    if names & _MEMORY_TYPES or (isinstance(error, RuntimeError) and "out of memory" in str(error).lower()):
        return "memory"
    return "failed"


def described(error: BaseException) -> str:
    """The sentence for the user: an `EngineError`'s own words, "Type: message" for any other exception."""
    if isinstance(error, EngineError):
        return public(error.message) or type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        named = f": {error.filename}" if isinstance(error.filename, str) else ""
        text = f"{type(error).__name__}: {error.strerror}{named}"
    else:
        text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if kind_of(error) == "memory":
        text += ". A smaller or shorter clip needs less memory, and so do fewer replicas (the engine's option replicas)."
    return public(text)


def error_of(kind: Kind, message: str) -> EngineError:
    """The error that stands for a failure on the other side."""
    return _CLASSES[kind](message)


def obituary(engine: str, returncode: int | None, last_lines: Iterable[str] = (), cause: str = "") -> str:
    """How a replica was lost: our own reason if there is one, else the exit code or signal, and its last words.

    `returncode` as `subprocess` has it: -N for signal N, None if the process is not gone yet.
    """
    if cause:
        end = cause
    elif returncode is None:
        end = "closed its connection"
    elif returncode >= 0:
        end = f"ended with exit code {returncode}"
    else:
        end = f"was killed by {_signal_name(-returncode)}"
        if returncode == -signal.SIGKILL:
            end += " (often the system's way to say that memory ran out)"
    words = " | ".join(public(line)[:200] for line in last_lines if line.strip())
    return f"The process of engine {engine} {end}." + (f" Its last words: {words}" if words else "")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
