"""A scene that is a picture: the camera moves over it."""

from pathlib import Path as FilePath
from typing import Final

from PIL import Image

from understudy.engines.animatic.picture.motion import NARROWEST, View
from understudy.engines.animatic.picture.planes import Planes
from understudy.errors import EngineInputError

_OVERSAMPLED: Final = 1.12
"""Source pixels for each of the frame's at the narrowest view: with fewer, sharpness flickers as the camera moves."""
_BEYOND: Final = 1.5
"""How much of a picture longer than the frame is kept beyond it, as a share of the frame."""
_MOST_PIXELS: Final = 120_000_000


def picture_size(path: str) -> tuple[int, int]:
    """Width and height in pixels, from the header alone. Raises `EngineInputError`."""
    try:
        with Image.open(path) as image:
            return image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise EngineInputError("The input image cannot be read; send a JPEG, PNG or WebP picture.") from error


class Photo:
    """One picture, ready to be seen through any `View`, cut to the frame's shape from its middle."""

    def __init__(self, path: str, width: int, height: int) -> None:
        """Raises `EngineInputError` if it cannot be read."""
        self._frame = (width, height)
        image = _read(path)
        cover = max(width / image.width, height / image.height)
        factor = cover * _OVERSAMPLED / NARROWEST
        keep = (
            min(image.width, width / cover * _BEYOND),
            min(image.height, height / cover * _BEYOND),
        )
        left, top = (image.width - keep[0]) / 2, (image.height - keep[1]) / 2
        size = (max(2, round(keep[0] * factor)), max(2, round(keep[1] * factor)))
        self._source = Planes.from_image(
            image.resize(size, Image.Resampling.LANCZOS, box=(left, top, left + keep[0], top + keep[1]))
        )
        self._factor = _OVERSAMPLED / NARROWEST

    def draw(self, view: View) -> Planes:
        """The frame that `view` shows."""
        width, height = self._frame
        all_width, all_height = self._source.size
        w, h = (
            min(all_width, width * self._factor) * view.scale,
            min(all_height, height * self._factor) * view.scale,
        )
        x = (all_width - w) / 2 * (1 + view.x)
        y = (all_height - h) / 2 * (1 + view.y)
        box = (max(0.0, x), max(0.0, y), min(float(all_width), x + w), min(float(all_height), y + h))
        half = (box[0] / 2, box[1] / 2, box[2] / 2, box[3] / 2)
        small = (width // 2, height // 2)
        # Hamming: as sharp as bicubic when the picture is scaled down, in two thirds of the time.
        return Planes(
            self._source.y.resize((width, height), Image.Resampling.HAMMING, box=box),
            self._source.u.resize(small, Image.Resampling.HAMMING, box=half),
            self._source.v.resize(small, Image.Resampling.HAMMING, box=half),
        )


def _read(path: str) -> Image.Image:
    try:
        with Image.open(FilePath(path)) as image:
            if image.width * image.height > _MOST_PIXELS or min(image.size) < 1:
                raise EngineInputError("The input image has too many pixels.")
            return image.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise EngineInputError("The input image cannot be read; send a JPEG, PNG or WebP picture.") from error
