"""The image that a clip begins with: read, cut to a shape, and made a tensor. Heavy imports wait for the call."""

from typing import TYPE_CHECKING, Final

from understudy.engines.ovi.sizes import Size, image_size, limited, requested_size
from understudy.errors import EngineInputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

_UNREADABLE: Final = "The input image cannot be read; send a JPEG, PNG or WebP picture."


def picture_size(path: str) -> Size:
    """Height and width in pixels, from the header alone. Raises `EngineInputError`."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            return image.height, image.width
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise EngineInputError(_UNREADABLE) from error


def load_picture(path: str) -> "NDArray[np.uint8]":
    """The picture of an upright file as RGB, [h, w, 3]; transparency is dropped, as the reference does.

    Raises `EngineInputError` if it cannot be read.
    """
    import numpy as np
    from PIL import Image

    try:
        with Image.open(path) as image:
            return np.array(image.convert("RGB"), dtype=np.uint8)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise EngineInputError(_UNREADABLE) from error


def first_frame(picture: "NDArray[np.uint8]", requested: Size | None, area: int) -> "Tensor":
    """The frame that a clip of `area` pixels begins with, float32 [1, 3, H, W]; its size is the clip's.

    Without a `requested` size the picture's shape decides, as in the reference, which stretches the picture by the
    few pixels that the size is off. With one the picture fills it and is cut at the edges, never stretched to
    another shape; the reference ignores the size then.
    """
    if requested is not None:
        size = requested_size(*requested, area)
        return image_tensor(cover(picture, size), size)
    height, width = picture.shape[:2]
    if limited((height, width)) != (height, width):
        picture = cover(picture, limited((height, width)))
        height, width = picture.shape[:2]
    return image_tensor(picture, image_size(height, width, area))


def cover(picture: "NDArray[np.uint8]", size: Size) -> "NDArray[np.uint8]":
    """The largest part of `picture` [h, w, 3] that has the shape of `size`, from its middle; a view, not scaled."""
    height, width = picture.shape[:2]
    shape = size[1] / size[0]
    rows = min(height, max(1, round(width / shape)))
    columns = min(width, max(1, round(height * shape)))
    top, left = (height - rows) // 2, (width - columns) // 2
    return picture[top : top + rows, left : left + columns]


def image_tensor(picture: "NDArray[np.uint8]", size: Size) -> "Tensor":
    """`picture` [h, w, 3] at `size`, as the video autoencoder takes it: float32 [1, 3, H, W], black -1, white 1.

    Bicubic with a = -0.75 and without anti-aliasing, as the model was given its images; edges overshoot [-1, 1]
    slightly. A picture that has the size already is not resampled.
    """
    import numpy as np
    import torch

    # Copied: a view cut out by `cover` is neither contiguous nor surely writable, which torch would warn about.
    pixels = torch.from_numpy(np.array(picture.transpose(2, 0, 1), order="C"))[None]  # uint8 [1, 3, h, w]
    values = pixels.to(torch.float32) / 255 * 2 - 1
    if values.shape[-2:] == torch.Size(size):
        return values
    return torch.nn.functional.interpolate(values, size=size, mode="bicubic", align_corners=False)
