"""The picture that a clip begins with."""

from PIL import Image

from understudy.engines.mappings.picture import covering
from understudy.engines.wish import Size
from understudy.errors import EngineInputError


def first_frame(path: str, size: Size) -> Image.Image:
    """The middle of the picture of an upright file, cut to the shape of `size` (width, height) and scaled to it; RGB.

    The pipeline would stretch it to another shape. Raises `EngineInputError` if it cannot be read.
    """
    try:
        with Image.open(path) as image:
            picture = image.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise EngineInputError(
            "The input picture cannot be read; send a JPEG, PNG or WebP picture."
        ) from error
    return picture.resize(size, Image.Resampling.LANCZOS, box=covering(picture.size, size))
