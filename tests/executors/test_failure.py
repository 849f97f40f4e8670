import pytest

from understudy.errors import (
    EngineError,
    EngineFailed,
    EngineInputError,
    EngineOutOfMemory,
    EngineUnavailable,
)
from understudy.executors.failure import Kind, described, error_of, kind_of, obituary, public


class OutOfMemoryError(RuntimeError):
    """As torch names it."""


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (EngineUnavailable("x"), "unavailable"),
        (EngineInputError("x"), "input"),
        (EngineOutOfMemory("x"), "memory"),
        (EngineFailed("x"), "failed"),
        (EngineError("x"), "failed"),
        (MemoryError(), "memory"),
        (OutOfMemoryError("x"), "memory"),
        (RuntimeError("CUDA error: out of memory"), "memory"),
        (RuntimeError("x"), "failed"),
        (SystemExit(3), "failed"),
    ],
)
def test_kinds(error: BaseException, kind: Kind) -> None:
    assert kind_of(error) == kind
    assert isinstance(error_of(kind, "words"), EngineError)
    assert str(error_of(kind, "words")) == "words"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no such file: /home/someone/models/weights.bin", "no such file: weights.bin"),
        ("'/a/b/c' and (/d/e)", "'c' and (e)"),
        ("~/models/x.bin", "x.bin"),
        ("see https://example.org/a/b", "see https://example.org/a/b"),
        ("2/3 it/s", "2/3 it/s"),
        ("two\n  lines", "two lines"),
        ("\udc80", "?"),
        ("x" * 2000, "x" * 999 + "…"),
    ],
)
def test_what_may_leave_this_machine(text: str, shown: str) -> None:
    assert public(text) == shown


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("no"), "ValueError: no"),
        (ValueError(), "ValueError"),
        (EngineInputError("too long"), "too long"),
        (EngineFailed(""), "EngineFailed"),
        (
            FileNotFoundError(2, "No such file", "/a/b/weights.bin"),
            "FileNotFoundError: No such file: weights.bin",
        ),
        (OSError("plain"), "OSError: plain"),
    ],
)
def test_descriptions(error: BaseException, words: str) -> None:
    assert described(error) == words


def test_out_of_memory_names_the_setting_that_helps() -> None:
    assert "replicas" in described(MemoryError())
    assert described(EngineOutOfMemory("set offload")) == "set offload"


@pytest.mark.parametrize(
    ("returncode", "cause", "words"),
    [
        (0, "", "ended with exit code 0."),
        (3, "", "ended with exit code 3."),
        (-6, "", "was killed by SIGABRT."),
        (-250, "", "was killed by signal 250."),
        (None, "", "closed its connection."),
        (-9, "fell silent for 60 s and was killed", "fell silent for 60 s and was killed."),
    ],
)
def test_obituaries(returncode: int | None, cause: str, words: str) -> None:
    assert obituary("ovi", returncode, cause=cause) == f"The process of engine ovi {words}"


def test_last_words() -> None:
    words = obituary("ovi", -11, ["first", " ", "in /a/b/c.py"])
    assert words == "The process of engine ovi was killed by SIGSEGV. Its last words: first | in c.py"
