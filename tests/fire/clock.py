"""The clock of one process of the installation, which a test moves while it runs."""

import mmap
import struct
from pathlib import Path


class Clock:
    """Ahead of the real one by what was said last."""

    def __init__(self, file: Path) -> None:
        """`file` is made; `tests.fire.program` is given it."""
        self.file = file
        file.write_bytes(struct.pack("d", 0.0))
        with file.open("r+b") as opened:
            self._held = mmap.mmap(opened.fileno(), 8)

    def step(self, ahead: float) -> None:
        """To so many seconds ahead of the real time; negative: behind it."""
        struct.pack_into("d", self._held, 0, ahead)
