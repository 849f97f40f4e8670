"""The real program, on a clock that a test moves, and with less patience, so that what takes minutes takes seconds.

    python -m tests.fire.program CLOCK serve ...

CLOCK is a file that holds the seconds by which this process's clock is ahead (see `clock.Clock`).
"""

import faulthandler
import mmap
import signal
import struct
import sys
import time
from pathlib import Path

GONE_SECONDS = 12.0
"""Without a sign of life for so long, a process counts as gone."""
SUBMIT_SECONDS = 8.0
"""A purchase that a dead process was making is looked up after this and `CLOCKS_APART`."""
CLOCKS_APART = 10.0
LEASE_SECONDS = 3.0


def move_clock(file: Path) -> None:
    """From now on `time.time` is as far ahead as the file says."""
    with file.open("rb") as opened:
        ahead = mmap.mmap(opened.fileno(), 8, prot=mmap.PROT_READ)
    real, read = time.time, struct.Struct("d").unpack_from

    def moved() -> float:
        (seconds,) = read(ahead)
        return real() + float(seconds)

    time.time = moved


def lose_patience() -> None:
    """Shorten what a test cannot wait for; nothing else changes."""
    from understudy.tasks import housekeeping, shelf, webhooks
    from understudy.tasks.purchases import aftercare, counter

    housekeeping.BEAT_SECONDS, housekeeping.GONE_SECONDS = 2.0, GONE_SECONDS
    shelf.STALE_SECONDS = GONE_SECONDS / 3
    counter.SUBMIT_SECONDS, counter._CLOCKS_APART = SUBMIT_SECONDS, CLOCKS_APART
    counter.LOOK_UP_PAUSES = (0.5, 1.0, 2.0)
    aftercare.BEAT_SECONDS = 2.0
    webhooks.FIRST_PAUSE, webhooks._MARGIN_SECONDS = 1.0, 3.0
    webhooks.Webhooks.__init__.__kwdefaults__["timeout"] = 4.0


if __name__ == "__main__":
    # By C code, which needs no lock of the interpreter's: a process that hangs says where (see `Process.stop`).
    faulthandler.register(signal.SIGUSR1)
    move_clock(Path(sys.argv.pop(1)))
    lose_patience()
    from understudy.cli import main

    main()
