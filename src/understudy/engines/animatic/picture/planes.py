"""Pictures as the encoder takes them: planar YUV 4:2:0, BT.709, limited range.

All drawing happens here: half the samples of RGB, and no conversion per frame.
"""

from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

_TO_YUV: Final = np.array(
    [[0.2126, 0.7152, 0.0722], [-0.114572, -0.385428, 0.5], [0.5, -0.454153, -0.045847]], np.float32
)
"""ITU-R BT.709-6, section 3."""
_SCALE: Final = np.array([219.0, 224.0, 224.0], np.float32) / 255
_OFFSET: Final = np.array([16.0, 128.0, 128.0], np.float32)

Box = tuple[int, int, int, int]
RGB = tuple[float, float, float]


def yuv(rgb: NDArray[np.float32]) -> NDArray[np.float32]:
    """sRGB in 0..255, (..., 3), as Y, U, V in their limited ranges, same shape."""
    return np.asarray((rgb @ _TO_YUV.T) * _SCALE + _OFFSET, np.float32)


def yuv_colour(rgb: RGB) -> tuple[int, int, int]:
    """One colour."""
    y, u, v = np.rint(yuv(np.asarray(rgb, np.float32))).astype(int)
    return int(y), int(u), int(v)


class Planes:
    """A picture of even width and height that can be drawn on: Y in full, U and V in half resolution."""

    def __init__(self, y: Image.Image, u: Image.Image, v: Image.Image) -> None:
        self.y, self.u, self.v = y, u, v

    @classmethod
    def filled(cls, width: int, height: int, rgb: RGB = (0, 0, 0)) -> Self:
        """A picture of one colour."""
        y, u, v = yuv_colour(rgb)
        half = (width // 2, height // 2)
        return cls(Image.new("L", (width, height), y), Image.new("L", half, u), Image.new("L", half, v))

    @classmethod
    def from_array(cls, rgb: NDArray[np.float32], dither: NDArray[np.float32] | None = None) -> Self:
        """From sRGB in 0..255, (height, width, 3); `dither`, (height, width), is added to Y against banding."""
        y = rgb @ (_TO_YUV[0] * _SCALE[0]) + _OFFSET[0]
        if dither is not None:
            y += dither
        quarter = (rgb[0::2, 0::2] + rgb[1::2, 0::2] + rgb[0::2, 1::2] + rgb[1::2, 1::2]) * np.float32(0.25)
        u, v = (quarter @ (_TO_YUV[each] * _SCALE[each]) + _OFFSET[each] for each in (1, 2))
        return cls(*(_plane(part) for part in (y, u, v)))

    @classmethod
    def from_image(cls, image: Image.Image) -> Self:
        """From an RGB picture of any size; an odd last row or column is left out."""
        width, height = image.width // 2 * 2, image.height // 2 * 2
        pixels = np.asarray(image.crop((0, 0, width, height)))
        bands = [cls.from_array(pixels[top : top + 64].astype(np.float32)) for top in range(0, height, 64)]
        whole = Planes.filled(width, height)
        for number, band in enumerate(bands):
            whole.y.paste(band.y, (0, number * 64))
            whole.u.paste(band.u, (0, number * 32))
            whole.v.paste(band.v, (0, number * 32))
        return cls(whole.y, whole.u, whole.v)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.y.size

    def copy(self) -> "Planes":
        """A picture of its own."""
        return Planes(self.y.copy(), self.u.copy(), self.v.copy())

    def paste(self, fill: "Planes", box: Box, mask: Image.Image | None = None) -> None:
        """Lay the same region of `fill`, a picture of the same size, over `box` (all even), through `mask` (L)."""
        left, top, right, bottom = box
        half = (left // 2, top // 2, right // 2, bottom // 2)
        small = mask.reduce(2) if mask is not None else None
        self.y.paste(fill.y.crop(box), box, mask)
        self.u.paste(fill.u.crop(half), half, small)
        self.v.paste(fill.v.crop(half), half, small)

    def array(self) -> NDArray[np.uint8]:
        """The three planes one after the other, (height * 3 / 2, width): what `ClipWriter.video` takes."""
        width, height = self.size
        out = np.empty((height * 3 // 2, width), np.uint8)
        out[:height] = np.asarray(self.y)
        quarter = width * height // 4
        flat = out.reshape(-1)[width * height :]
        flat[:quarter] = np.asarray(self.u).reshape(-1)
        flat[quarter:] = np.asarray(self.v).reshape(-1)
        return out


def _plane(values: NDArray[np.float32]) -> Image.Image:
    # Half added: the cast cuts off.
    return Image.fromarray((np.clip(values, 16, 240) + np.float32(0.5)).astype(np.uint8))


class Sprite:
    """A small picture with transparency that is laid over frames at an even place."""

    def __init__(self, image: Image.Image, left: int, top: int) -> None:
        """From an RGBA picture; it is widened so that place and size become even."""
        x, y = left // 2 * 2, top // 2 * 2
        width, height = (image.width + left - x + 1) // 2 * 2, (image.height + top - y + 1) // 2 * 2
        wide = Image.new("RGBA", (width, height))
        wide.paste(image, (left - x, top - y))
        # Transparent pixels take the mean colour, or the halved chroma would have dark rims.
        pixels = np.asarray(wide)
        shown = pixels[..., 3] > 0
        solid = pixels[..., :3].astype(np.float32)
        solid[~shown] = solid[shown].mean(axis=0) if shown.any() else 0
        self._planes = Planes.from_array(solid)
        self._alpha = wide.getchannel("A")
        self._small = self._alpha.reduce(2)
        self.box: Box = (x, y, x + width, y + height)

    def draw(self, frame: Planes, opacity: float = 1.0) -> None:
        """Lay it over `frame`."""
        if opacity <= 0:
            return
        alpha, small = self._alpha, self._small
        if opacity < 1:
            alpha, small = _faded(alpha, opacity), _faded(small, opacity)
        x, y = self.box[:2]
        frame.y.paste(self._planes.y, (x, y), alpha)
        frame.u.paste(self._planes.u, (x // 2, y // 2), small)
        frame.v.paste(self._planes.v, (x // 2, y // 2), small)


def _faded(alpha: Image.Image, opacity: float) -> Image.Image:
    return ImageChops.multiply(alpha, Image.new("L", alpha.size, round(255 * opacity)))
