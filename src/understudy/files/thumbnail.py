"""A small still of a clip or a picture."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from understudy.errors import MediaRefused
from understudy.files.images import MAX_PIXELS, upright
from understudy.files.probe import Probe, opened, probe, probed
from understudy.files.sniff import accept_file

if TYPE_CHECKING:
    import av
    from av.container import InputContainer
    from PIL import Image

_QUALITY: Final = 85
# Of the clip's length. A clip often opens in black and says what it is about soon after.
_MOMENTS: Final = (0.1, 0.3, 0.6, 0.0)
# Brightness of a pixel, 0 to 255, from which on it shows something.
_NOT_BLACK: Final = 40
_MAX_DECODED: Final = 300
"""Frames from one key frame on, before what is there has to do."""


def thumbnail(path: Path, to: Path, width: int = 640) -> None:
    """Write a JPEG of the file at `path` to `to`: a picture itself, or the first moment of a clip that is not black.

    At most `width` pixels wide, never enlarged, upright. Blocking. Raises `MediaRefused` if there is nothing to see.
    """
    media = accept_file(path, ("image", "video"))
    if media.kind == "image":
        _save(_picture(path, to.parent, width), to)
        return
    with opened(path, media) as container:
        still = _frame(container, width)
    _save(still, to)


def probe_with_thumbnail(path: Path, to: Path, width: int = 640) -> Probe:
    """`probe` of a picture or clip, its `thumbnail` written to `to`: the file is opened and its headers read once.

    Blocking. Raises `MediaRefused`.
    """
    media = accept_file(path, ("image", "video"))
    if media.kind == "image":
        found = probe(path)
        _save(_picture(path, to.parent, width), to)
        return found
    with opened(path, media) as container:
        found = probed(container, path, media)
        still = _frame(container, width)
    _save(still, to)
    return found


def _save(still: "Image.Image", to: Path) -> None:
    still.save(to, "JPEG", quality=_QUALITY, optimize=True)


def _picture(path: Path, folder: Path, width: int) -> "Image.Image":
    from PIL import Image

    ready = upright(path, folder)
    try:
        with Image.open(ready) as image:
            size = _small((image.width, image.height), width)
            return image.copy() if size == image.size else image.resize(size)
    finally:
        if ready != path:
            ready.unlink()


def _small(size: tuple[int, int], width: int) -> tuple[int, int]:
    if size[0] <= width:
        return size
    return width, max(1, round(size[1] * width / size[0]))


def _frame(container: "InputContainer", width: int) -> "Image.Image":
    best: Image.Image | None = None
    most = -1
    for image in _candidates(container, width):
        bright = sum(image.convert("L").resize((64, 64)).histogram()[_NOT_BLACK:])
        if bright > most:
            best, most = image, bright
        # A title on black shows little, but something.
        if bright >= 64 * 64 // 50:
            break
    if best is None:
        raise MediaRefused("The clip has no picture in it.")
    return best


def _candidates(container: "InputContainer", width: int) -> "Iterator[Image.Image]":
    if not container.streams.video:
        return
    stream = container.streams.video[0]
    if stream.width * stream.height > MAX_PIXELS:
        raise MediaRefused("The clip's pictures have too many pixels.")
    # Threads of slices, PyAV's own choice, do not help with what has one slice a frame, and take longer to start than
    # a small clip to decode.
    stream.codec_context.thread_count = 1
    length = container.duration or 0
    start = container.start_time or 0
    for moment in _MOMENTS:
        at = start + int(length * moment)
        container.seek(at, backward=True)
        last: av.VideoFrame | None = None
        for number, frame in enumerate(container.decode(stream)):
            last = frame
            if number >= _MAX_DECODED or (frame.time or 0) * 1_000_000 >= at:
                break
        if last is not None:
            yield _still(last, width)


def _still(frame: "av.VideoFrame", width: int) -> "Image.Image":
    """Upright, and made small while its colours are converted: one pass over a large frame, not three."""
    lying = frame.rotation % 180 != 0
    upright_size = (frame.height, frame.width) if lying else (frame.width, frame.height)
    small = _small(upright_size, width)
    across, down = small[::-1] if lying else small
    image: Image.Image = frame.to_image(width=across, height=down, interpolation="AREA")  # type: ignore[no-untyped-call]
    return image.rotate(frame.rotation, expand=True)
