"""The structure of a JPEG file, as far as its cost has to be known before it is decoded. Pure."""

import re
from typing import Final

_SOS: Final = 0xDA
_EOI: Final = 0xD9
# Markers without a length (ITU-T T.81, B.1.1.3): TEM, the restarts, SOI.
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
# In coded data a byte 0xFF is followed by 0 (stuffing), a restart, or more 0xFF (fill).
_NEXT_MARKER: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)


def scans(data: bytes) -> int:
    """How many scans the picture in `data` is coded in: one, or around ten if it is progressive.

    Counts up to the end of the picture, so that what follows it, or lies in its metadata, does not matter.
    """
    count = 0
    at = 2
    while (found := _NEXT_MARKER.search(data, at)) is not None:
        marker = data[found.end() - 1]
        at = found.end()
        if marker == _EOI:
            break
        count += marker == _SOS
        if marker not in _BARE:
            at += max(2, int.from_bytes(data[at : at + 2], "big"))
    return count
