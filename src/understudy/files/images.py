"""Pictures from outside: verified within bounds, and brought into the one form that engines get."""

from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from understudy.errors import MediaRefused
from understudy.files.jpeg import scans
from understudy.files.sniff import JPEG, PICTURES, accept_file

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS: Final = 50_000_000
"""What `verify_image` allows unless told otherwise; decoded, that is 200 MB."""

_LONGEST_SIDE: Final = 16_384
# Encoders make around ten. A scan of 70 bytes costs the decoder another 44 ms at 49 megapixels, as measured.
_MAX_SCANS: Final = 50
_EXIF_ORIENTATION: Final = 0x0112


class ImageInfo(msgspec.Struct, frozen=True):
    """A picture that was decoded completely."""

    width: int
    height: int
    """Both in pixels, as stored: before its orientation is applied."""
    format: str
    """Its content type."""


def verify_image(path: Path, max_pixels: int = MAX_PIXELS) -> ImageInfo:
    """Decode the picture at `path`, after its header was found to be within bounds; of an animation, the first frame.

    The type is told by the first bytes, and only that type's decoder sees the file. Blocking: up to seconds.
    Raises `MediaRefused`, saying why: not a picture, damaged, incomplete, or too large.
    """
    image = _decode(path, max_pixels).image
    return ImageInfo(image.width, image.height, accept_file(path, PICTURES).content_type)


def upright(path: Path, folder: Path, max_pixels: int = MAX_PIXELS) -> Path:
    """The picture at `path` as engines get it: RGB, 8 bits, sRGB, upright, still.

    `path` itself if it is so already, or a new file in `folder`: a JPEG of a JPEG, a PNG of all else. Transparent
    parts become white, as on the paper or the page that such pictures are drawn for. Of an animation the first frame
    is taken. A colour profile is applied, and ignored if it is damaged. Blocking.
    Raises `MediaRefused` like `verify_image`.
    """
    image, orientation, moving = _decode(path, max_pixels)
    if image.mode == "RGB" and orientation == 1 and not moving and not _has_other_colours(image):
        return path
    ready = _turned(_on_white(_in_srgb(image)), orientation)
    if image.format in ("JPEG", "MPO"):
        # A photo as PNG is ten times as large, and engines elsewhere have limits.
        made = folder / f"{token_hex(8)}.jpg"
        ready.save(made, "JPEG", quality=95, subsampling="4:4:4")
    else:
        # Level 1: a fifth of the time of the default, for a file that lives as long as the run.
        made = folder / f"{token_hex(8)}.png"
        ready.save(made, "PNG", compress_level=1)
    return made


class _Decoded(NamedTuple):
    image: "Image.Image"
    """Its first frame, in memory."""
    orientation: int
    """1 to 8, as EXIF counts."""
    moving: bool


def _decode(path: Path, max_pixels: int) -> _Decoded:
    from PIL import Image

    media = accept_file(path, PICTURES)
    if media == JPEG and scans(path.read_bytes()) > _MAX_SCANS:
        raise MediaRefused(
            "The JPEG is put together from too many passes; save it again, not as progressive."
        )
    try:
        with Image.open(path, formats=[media.content_type.partition("/")[2].upper()]) as image:
            _bound(image.size, max_pixels)
            # A JPEG with more pictures behind it (depth, a preview) is not an animation. Asked before the first frame is
            # read: a GIF looks for its second one to tell, and would want to read the first again from a closed file.
            moving = media != JPEG and getattr(image, "is_animated", False)
            image.load()
            _bound(image.size, max_pixels)
            orientation = image.getexif().get(_EXIF_ORIENTATION, 1)
    except MediaRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise MediaRefused(f"The picture has too many pixels; the limit is {max_pixels:,}.") from error
    except Exception as error:  # what a decoder raises on hostile bytes is not documented anywhere
        raise MediaRefused(
            "The picture is damaged or incomplete; save it again and send it once more."
        ) from error
    return _Decoded(image, int(orientation) if orientation in range(2, 9) else 1, moving)


def _bound(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise MediaRefused("The picture is empty.")
    if width * height > max_pixels or max(size) > _LONGEST_SIDE:
        raise MediaRefused(
            f"The picture has {width} x {height} pixels; "
            f"at most {max_pixels:,} are allowed, and {_LONGEST_SIDE:,} on a side."
        )


def _has_other_colours(image: "Image.Image") -> bool:
    profile = image.info.get("icc_profile")
    named = (b"sRGB", "sRGB".encode("utf-16-be"))
    return isinstance(profile, bytes) and not any(name in profile for name in named)


def _in_srgb(image: "Image.Image") -> "Image.Image":
    """`image` with its colour profile applied, as RGB or, if it has transparency, RGBA."""
    import io

    from PIL import ImageCms

    profile = image.info.get("icc_profile")
    wanted = "RGBA" if image.has_transparency_data else "RGB"
    apply = _has_other_colours(image)
    if image.mode.startswith("I;16"):
        # 16 bits of grey: convert() would cut the values off at 255 instead of scaling them.
        image = image.convert("I").point([value >> 8 for value in range(65536)], "L")
    if image.mode not in ("RGB", "RGBA", "L", "CMYK"):
        image = image.convert(wanted)
    if apply:
        # A profile that is damaged, or of another kind of picture, is as good as none.
        with suppress(ImageCms.PyCMSError):
            own = ImageCms.getOpenProfile(io.BytesIO(profile or b""))
            srgb = ImageCms.createProfile("sRGB")
            image = ImageCms.profileToProfile(image, own, srgb, outputMode=wanted) or image
    return image if image.mode == wanted else image.convert(wanted)


def _on_white(image: "Image.Image") -> "Image.Image":
    from PIL import Image

    if image.mode == "RGB":
        return image
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def _turned(image: "Image.Image", orientation: int) -> "Image.Image":
    """`image` as it was seen; without the data that came along. Exif 2.32, 4.6.4, tag 274."""
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    turned = image.transpose(turns[orientation]) if orientation in turns else image.copy()
    turned.info = {}
    return turned
