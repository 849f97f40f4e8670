"""Pictures made from a stored clip: a thumbnail as WebP, a sheet of frames as JPEG. Blocking."""

import io
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from understudy.errors import MediaRefused
from understudy.files.images import MAX_PIXELS
from understudy.files.probe import opened
from understudy.files.sniff import EVERYTHING, accept_file
from understudy.files.thumbnail import thumbnail

if TYPE_CHECKING:
    import av
    from av.container import InputContainer
    from PIL import Image

COLUMNS: Final = 4
ROWS: Final = 3
_CELL: Final = 320
"""Pixels of a frame's longer side on the sheet."""
_QUALITY: Final = 80
_MOST_DECODED: Final = 720
"""Frames of a clip that is decoded from end to end: half a minute at 24 a second."""
_SECOND: Final = 1_000_000
"""In ffmpeg's ticks."""


def webp(path: Path) -> bytes:
    """The thumbnail of a clip, or of a picture, as WebP. Raises `MediaRefused` if there is nothing to see."""
    from PIL import Image

    with TemporaryDirectory() as folder:
        still = Path(folder) / "still.jpg"
        thumbnail(path, still)
        with Image.open(still) as image:
            file = io.BytesIO()
            image.save(file, "WEBP", quality=_QUALITY)
    return file.getvalue()


def sheet(path: Path) -> bytes:
    """Twelve frames of a clip, evenly spaced, four in a row, as JPEG. Raises `MediaRefused` if it has no pictures."""
    from PIL import Image

    cells = list(_cells(path))
    if not cells:
        raise MediaRefused("The clip has no picture in it.")
    width, height = cells[0].size
    whole = Image.new("RGB", (COLUMNS * width, ROWS * height))
    for number in range(COLUMNS * ROWS):
        row, column = divmod(number, COLUMNS)
        whole.paste(cells[min(number, len(cells) - 1)], (column * width, row * height))
    file = io.BytesIO()
    whole.save(file, "JPEG", quality=_QUALITY, optimize=True)
    return file.getvalue()


def _cells(path: Path) -> "Iterator[Image.Image]":
    with opened(path, accept_file(path, EVERYTHING)) as container:
        if not container.streams.video:
            return
        stream = container.streams.video[0]
        if stream.width * stream.height > MAX_PIXELS:
            raise MediaRefused("The clip's pictures have too many pixels.")
        begin, length = (container.start_time or 0) / _SECOND, (container.duration or 0) / _SECOND
        moments = [begin + length * (number + 0.5) / (COLUMNS * ROWS) for number in range(COLUMNS * ROWS)]
        if length * float(stream.average_rate or 24) <= _MOST_DECODED:
            frames = _passing(islice(container.decode(stream), _MOST_DECODED), moments)
        else:
            frames = _nearby(container, stream, moments)
        for frame in frames:
            yield _small(frame)


def _passing(frames: "Iterator[av.VideoFrame]", moments: list[float]) -> "Iterator[av.VideoFrame]":
    """The frame that is shown at each moment, which come in their order."""
    waiting = deque(moments)
    shown: av.VideoFrame | None = None
    for frame in frames:
        while waiting and shown is not None and (frame.time or 0.0) > waiting[0]:
            waiting.popleft()
            yield shown
        shown = frame
    if shown is not None:
        yield from (shown for _ in waiting)


def _nearby(
    container: "InputContainer", stream: "av.VideoStream", moments: list[float]
) -> "Iterator[av.VideoFrame]":
    """Of a long clip the key frame before each moment: one frame is decoded for each."""
    for moment in moments:
        container.seek(int(moment * _SECOND), backward=True)
        yield from islice(container.decode(stream), 1)


def _small(frame: "av.VideoFrame") -> "Image.Image":
    scale = min(1.0, _CELL / max(frame.width, frame.height))
    width, height = (max(2, 2 * round(side * scale / 2)) for side in (frame.width, frame.height))
    small: Image.Image = frame.reformat(width=width, height=height).to_image()  # type: ignore[no-untyped-call]
    return small.rotate(frame.rotation, expand=True)
