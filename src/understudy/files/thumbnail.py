"""A small still of a clip or a picture."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from understudy.errors import MediaRefused
from understudy.files.images import MAX_PIXELS, upright
from understudy.files.probe import opened
from understudy.files.sniff import MediaType, accept_file

if TYPE_CHECKING:
    import av
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
    still = _picture(path, to.parent) if media.kind == "image" else _frame(path, media)
    height = max(1, round(still.height * width / still.width))
    if still.width > width:
        still = still.resize((width, height))
    still.save(to, "JPEG", quality=_QUALITY, optimize=True)


def _picture(path: Path, folder: Path) -> "Image.Image":
    from PIL import Image

    ready = upright(path, folder)
    try:
        with Image.open(ready) as image:
            return image.copy()
    finally:
        if ready != path:
            ready.unlink()


def _frame(path: Path, media: MediaType) -> "Image.Image":
    best: Image.Image | None = None
    most = -1
    for image in _candidates(path, media):
        bright = sum(image.convert("L").resize((64, 64)).histogram()[_NOT_BLACK:])
        if bright > most:
            best, most = image, bright
        # A title on black shows little, but something.
        if bright >= 64 * 64 // 50:
            break
    if best is None:
        raise MediaRefused("The clip has no picture in it.")
    return best


def _candidates(path: Path, media: MediaType) -> "Iterator[Image.Image]":
    with opened(path, media) as container:
        if not container.streams.video:
            return
        stream = container.streams.video[0]
        if stream.width * stream.height > MAX_PIXELS:
            raise MediaRefused("The clip's pictures have too many pixels.")
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
                picture: Image.Image = last.to_image()  # type: ignore[no-untyped-call]
                yield picture.rotate(last.rotation, expand=True)
