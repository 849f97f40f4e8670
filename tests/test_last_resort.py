"""A process that has to end does, in programs of their own: whatever it is that does not let it go."""

import subprocess
import sys
import time

import msgspec
import pytest

PROGRAM = """
import asyncio, logging, sys, threading, time
from contextlib import asynccontextmanager
from understudy.last_resort import LastResort

logging.basicConfig(format="%(message)s")

async def stubborn():
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass

@asynccontextmanager
async def house():
    try:
        yield
    finally:
        await asyncio.wait({asyncio.create_task(stubborn(), name="guest")})

def nap():
    time.sleep(60)

async def main(last_resort):
    last_resort.within(60)
    last_resort.within(SECONDS)
    last_resort.within(60)
    BODY

asyncio.run(main(LastResort()))
print("left", flush=True)
"""


class Ended(msgspec.Struct, frozen=True):
    """How it ended."""

    code: int
    seconds: float
    left: bool
    """Whether it came to its own end."""
    said: str


def ended(body: str, seconds: float = 0.2, *, heard: bool = True) -> Ended:
    """`body`: the last lines of `main`. `heard`: whether somebody reads what it says."""
    program = PROGRAM.replace("SECONDS", str(seconds)).replace("BODY", body.replace("\n", "\n    "))
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            if not heard:
                process.wait(20)
            output, said = process.communicate(timeout=20)
        finally:
            process.kill()
    return Ended(process.returncode, time.monotonic() - began, "left" in output, said)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("async with house():\n    pass", "guest in stubborn > sleep"),
        ("async with house():\n    pass", "Task-1 in main > _AsyncGeneratorContextManager.__aexit__ > house > wait"),
        ("asyncio.create_task(stubborn(), name='a guest who stays')", "a guest who stays in stubborn > sleep"),
        ("asyncio.get_running_loop().run_in_executor(None, nap)", "asyncio_0 in nap"),
        ("threading.Thread(target=nap, name='sleeper').start()", "sleeper in nap"),
        ("time.sleep(60)", "Task-1 in main"),
    ],
    ids=["context", "where it stands", "task", "executor", "thread", "loop"],
)  # fmt: skip
def test_what_does_not_let_go_is_named(body: str, named: str) -> None:
    end = ended(body)
    assert end.code == 1
    assert end.seconds < 10
    assert end.said.startswith("the server did not stop within 0 s and is ended; what still went on: ")
    assert named in end.said
    assert end.said.count("\n") == 1


def test_nobody_has_to_read_the_log() -> None:
    end = ended("sys.stderr.write('x' * 1_000_000)", heard=False)
    assert (end.code, end.left) == (1, False)
    assert end.seconds < 10


def test_who_ends_in_time_is_left_alone() -> None:
    end = ended("await asyncio.sleep(0.1)", 5.0)
    assert (end.code, end.left, end.said) == (0, True, "")
    assert end.seconds < 4
