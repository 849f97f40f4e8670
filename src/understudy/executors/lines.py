"""From the bytes that a process prints to the lines of a run.

Lines end with LF, CRLF or a lone CR (progress bars). Invalid UTF-8 is replaced, over-long lines are cut. The end
of a turn is a mark in the stream: the byte 0x1E (ASCII's record separator), a word, the turn's name, LF.
"""

import re
from collections.abc import Callable

LONGEST_LINE = 8 * 1024
"""Bytes."""

_END = re.compile(rb"\r\n|\n|\r")
_MARK = re.compile(rb"\x1eunderstudy ([0-9a-f]{32})\n")
_MARK_LENGTH = 1 + len("understudy ") + 32 + 1


def mark(turn: str) -> bytes:
    """What ends a turn in a stream; `turn` is 32 hexadecimal digits."""
    return b"\x1eunderstudy " + turn.encode("ascii") + b"\n"


class Cutter:
    """Cuts bytes, as they arrive, into lines without their ends."""

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self._longest = longest
        self._rest = bytearray()
        self._cut = False
        self._return_held = False

    def feed(self, data: bytes) -> list[str]:
        """The lines that `data` completes. A CR that ends nothing (a bar's first) makes no empty line."""
        if not data:
            return []
        if self._return_held:
            data = b"\r" + data
        self._return_held = data.endswith(b"\r")  # half of a CRLF, perhaps
        if self._return_held:
            data = data[:-1]
        lines = []
        start = 0
        for end in _END.finditer(data):
            self._keep(data[start : end.start()])
            if self._rest or end[0] != b"\r":
                lines.append(self._take())
            start = end.end()
        self._keep(data[start:])
        return lines

    def end(self) -> list[str]:
        """What is left without a line end, as a line."""
        self._return_held = False
        return [self._take()] if self._rest else []

    def _keep(self, data: bytes) -> None:
        room = self._longest - len(self._rest)
        self._cut = self._cut or len(data) > room
        self._rest += data[:room]

    def _take(self) -> str:
        text = self._rest.decode("utf-8", "replace") + ("…" if self._cut else "")
        self._rest.clear()
        self._cut = False
        return text


class Follower:
    """Follows one stream of a replica: calls `line` with each line, `marked` with the turn that each mark ends.

    While `muted` says so nothing is cut into lines; only marks are looked for, which is quick.
    """

    def __init__(
        self,
        line: Callable[[str], None],
        marked: Callable[[str], None],
        muted: Callable[[], bool] = lambda: False,
    ) -> None:
        self._line = line
        self._marked = marked
        self._muted = muted
        self._cutter = Cutter()
        self._held = b""

    def feed(self, data: bytes) -> None:
        """Follow the next bytes. What may be the beginning of a mark is held back until more is known."""
        data = self._held + data
        start = 0
        for found in _MARK.finditer(data):
            self._lines(data[start : found.start()])
            self._end_line()
            self._marked(found[1].decode("ascii"))
            start = found.end()
        possible = data.rfind(b"\x1e", max(start, len(data) - _MARK_LENGTH + 1))
        held_from = possible if possible >= 0 else len(data)
        self._held = data[held_from:]
        self._lines(data[start:held_from])

    def end(self) -> None:
        """The stream is at its end."""
        self._lines(self._held)
        self._held = b""
        self._end_line()

    def _lines(self, data: bytes) -> None:
        if not self._muted():
            for text in self._cutter.feed(data):
                self._line(text)

    def _end_line(self) -> None:
        for text in self._cutter.end():
            self._line(text)


class Budget:
    """How much one turn may print: lines and characters of both streams together. Past it, one note, then nothing."""

    def __init__(self, lines: int = 10_000, size: int = 2 * 2**20) -> None:
        self._lines = lines
        self._size = size
        self.spent = False
        """Whether nothing more is taken."""

    def take(self, text: str) -> str | None:
        """`text` while there is room; the note in place of the first line without; None afterwards."""
        if self.spent:
            return None
        self._lines -= 1
        self._size -= len(text)
        if self._lines >= 0 and self._size >= 0:
            return text
        self.spent = True
        return "[The rest of the output is left out: it is over the limit of one run.]"
