"""An input picture, fitted to exactly the size of the clip that begins with it: no bars, no other shape.

Services that take a first frame refuse it unless it has the very size that was asked for.
"""

import io
import tempfile
from pathlib import Path
from typing import Final

import msgspec

from understudy.engines.wish import Size
from understudy.errors import EngineInputError, MediaRefused

PNG_UP_TO: Final = 4 * 1024 * 1024
"""Bytes. A larger PNG, as photos make them, is sent as a JPEG of a tenth of that: services limit uploads."""

_JPEG_QUALITY: Final = 95


class Picture(msgspec.Struct, frozen=True):
    """A picture as it is sent."""

    data: bytes
    content_type: str
    """`image/png` or `image/jpeg`."""

    @property
    def name(self) -> str:
        """A file name for an upload; says nothing of where it came from."""
        return "picture.png" if self.content_type == "image/png" else "picture.jpg"


def fitted(path: str, size: Size, png_up_to: int = PNG_UP_TO) -> Picture:
    """The picture at `path`, upright and RGB, scaled to cover `size` and cut to it around its middle.

    The same bytes every time. Never stretched: what sticks out is cut off on both sides alike. A picture that has the
    size already keeps its pixels. PNG, or JPEG if that would be larger than `png_up_to` bytes. Blocking: decodes and
    encodes. Raises `EngineInputError` if the picture cannot be read.
    """
    from PIL import Image

    from understudy.files.images import upright

    try:
        with tempfile.TemporaryDirectory() as folder, Image.open(upright(Path(path), Path(folder))) as image:
            cut = image.resize(
                size, Image.Resampling.LANCZOS, box=covering((image.width, image.height), size)
            )
    except (MediaRefused, OSError, ValueError) as error:
        raise EngineInputError(
            "The input picture cannot be read; send a JPEG, PNG or WebP picture."
        ) from error
    cut.info = {}
    png = io.BytesIO()
    cut.save(png, "PNG")
    if png.tell() <= png_up_to:
        return Picture(png.getvalue(), "image/png")
    jpeg = io.BytesIO()
    cut.save(jpeg, "JPEG", quality=_JPEG_QUALITY, subsampling="4:4:4")
    return Picture(jpeg.getvalue(), "image/jpeg")


def covering(picture: Size, size: Size) -> tuple[float, float, float, float]:
    """The largest part of a picture that has the shape of `size`, from its middle: left, top, right, bottom.

    In pixels, fractions included, so that the scale is exactly the same in both directions.
    """
    width, height = picture
    scale = max(size[0] / width, size[1] / height)
    across, down = min(size[0] / scale, width), min(size[1] / scale, height)
    left, top = (width - across) / 2, (height - down) / 2
    return left, top, left + across, top + down
