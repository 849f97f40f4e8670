"""Pictures and other media: whole ones of every kind, and what hands with ill will make of them."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from understudy.testing.clip import tiny_clip


def _drawn(width: int = 48, height: int = 27, mode: str = "RGB") -> Image.Image:
    """A gradient: every row and column of it is different."""
    picture = Image.linear_gradient("L").resize((width, height))
    red, blue = picture, picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    return Image.merge("RGB", (red, picture.rotate(180), blue)).convert(mode)


def _saved(kind: str, picture: Image.Image | None = None, **options: Any) -> bytes:
    file = io.BytesIO()
    (picture or _drawn()).save(file, kind, **options)
    return file.getvalue()


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "maker"
    exif.get_ifd(0x8769)[0x9003] = "2026:01:01 00:00:00"
    return exif


def _texts() -> PngImagePlugin.PngInfo:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("comment", "a" * 300, zip=True)
    texts.add_itxt("title", "b" * 300, "en", "title", zip=True)
    return texts


_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
_FRAMES = [_drawn(40, 30).rotate(angle) for angle in (0, 90, 180)]

PICTURES = {
    "png": _saved("PNG"),
    "png, one bit": _saved("PNG", _drawn(mode="1")),
    "png, palette": _saved("PNG", _drawn(mode="P"), transparency=0),
    "png, 16 bits": _saved("PNG", _drawn(mode="I;16")),
    "png, texts": _saved("PNG", _drawn(mode="RGBA"), pnginfo=_texts(), icc_profile=_PROFILE, exif=_exif()),
    "png, animated": _saved("PNG", _FRAMES[0], save_all=True, append_images=_FRAMES[1:]),
    "jpeg": _saved("JPEG"),
    "jpeg, progressive": _saved("JPEG", progressive=True, exif=_exif(), icc_profile=_PROFILE, comment=b"a"),
    "jpeg, cmyk": _saved("JPEG", _drawn(mode="CMYK")),
    "jpeg, grey": _saved("JPEG", _drawn(mode="L"), optimize=True),
    "jpeg, several": _saved("MPO", _FRAMES[0], save_all=True, append_images=_FRAMES[1:]),
    "webp": _saved("WEBP", exif=_exif(), icc_profile=_PROFILE),
    "webp, lossless": _saved("WEBP", _drawn(mode="RGBA"), lossless=True),
    "webp, animated": _saved("WEBP", _FRAMES[0], save_all=True, append_images=_FRAMES[1:]),
    "gif": _saved("GIF"),
    "gif, animated": _saved("GIF", _FRAMES[0], save_all=True, append_images=_FRAMES[1:], loop=0),
    "bmp": _saved("BMP"),
    "bmp, palette": _saved("BMP", _drawn(mode="P")),
    "avif": _saved("AVIF"),
    "avif, animated": _saved("AVIF", _FRAMES[0], save_all=True, append_images=_FRAMES[1:]),
}

OTHERS = {
    "mp4": tiny_clip(),
    "wav": b"RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\x08\0\0\0"
    + bytes(8),
    "mp3": b"ID3\4\0\0\0\0\0\0" + b"\xff\xfb\x90\0" + bytes(413),
    "ogg": b"OggS\0\2" + bytes(20) + b"\1\x1e\1vorbis" + bytes(22),
    "flac": b"fLaC\x80\0\0\x22" + bytes(34),
    "webm": b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm" + bytes(40),
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "pdf": b"%PDF-1.7\n",
}

_SIZES = (
    0,
    1,
    2,
    255,
    256,
    4000,
    16_384,
    16_385,
    50_000,
    65_535,
    65_536,
    2**24 - 1,
    2**31 - 1,
    2**31,
    2**32 - 1,
)


@st.composite
def media(draw: st.DrawFn) -> bytes:
    """A file: whole, or damaged in a way that its format makes interesting."""
    content = draw(st.sampled_from([*PICTURES.values(), *PICTURES.values(), *OTHERS.values()]))
    for _ in range(draw(st.integers(0, 3))):
        content = draw(_damaged(content))
    return content


@st.composite
def _damaged(draw: st.DrawFn, content: bytes) -> bytes:
    match draw(st.integers(0, 7)):
        case 0:
            return content[: draw(st.integers(0, len(content)))]
        case 1:  # what the header says of sizes
            return _with(content, draw(st.integers(0, min(64, len(content)))), draw(_number()))
        case 2:
            return _with(content, draw(st.integers(0, len(content))), draw(_number()))
        case 3:
            return _with(content, draw(st.integers(0, len(content))), draw(st.binary(min_size=1, max_size=6)))
        case 4:
            at, length = draw(st.integers(0, len(content))), draw(st.integers(1, 200))
            return (
                content[:at]
                + content[at : at + length] * draw(st.sampled_from([0, 2, 3, 100]))
                + content[at + length :]
            )
        case 5:
            return content + draw(st.sampled_from([bytes(1000), b"\xff" * 1000, *PICTURES.values()]))
        case 6:
            other = draw(st.sampled_from([*PICTURES.values()]))
            return content[: draw(st.integers(0, len(content)))] + other[draw(st.integers(0, len(other))) :]
        case _:
            return _chunks_changed(content, draw(st.integers(0, 8)), draw(_change()))


@st.composite
def _number(draw: st.DrawFn) -> bytes:
    size = draw(st.sampled_from(_SIZES))
    form = draw(st.sampled_from([">I", "<I", ">H", "<H", "B"]))
    return struct.pack(form, min(size, 256 ** struct.calcsize(form) - 1))


def _with(content: bytes, at: int, put: bytes) -> bytes:
    return content[:at] + put + content[at + len(put) :]


Change = Callable[[bytes, bytes], tuple[bytes, bytes]]


@st.composite
def _change(draw: st.DrawFn) -> Change:
    """What to do with the name and the data of one chunk of a PNG; its sum will be right."""
    number, at = draw(_number()), draw(st.integers(0, 20))
    big = zlib.compress(bytes(draw(st.sampled_from([1000, 10_000_000]))), 9)
    return draw(
        st.sampled_from(
            [
                lambda name, data: (name, _with(data, at, number)),
                lambda name, data: (name, b""),
                lambda name, data: (name, data[:at]),
                lambda name, data: (b"IDAT", data),
                lambda name, data: (b"zTXt", b"a\0\0" + big),
                lambda name, data: (b"iTXt", b"a\0\1\0\0\0" + big),
                lambda name, data: (b"iCCP", b"a\0\0" + big),
                lambda name, data: (b"eXIf", b"MM\0*" + number * 4),
                lambda name, data: (b"eXIf", b"II*\0\x08\0\0\0\1\0\x12\1" + number * 8),
                lambda name, data: (b"acTL", number * 2),
                lambda name, data: (b"fcTL", number * 7),
                lambda name, data: (b"fdAT", number + data),
                lambda name, data: (b"tRNS", number),
                lambda name, data: (b"PLTE", number * 3),
                lambda name, data: (b"IEND", b""),
                lambda name, data: (b"IDAT", big),
            ]
        )
    )


def _chunks_changed(content: bytes, which: int, change: Change) -> bytes:
    """A PNG with one chunk changed; anything else as it is."""
    if not content.startswith(b"\x89PNG\r\n\x1a\n"):
        return content
    made, rest, number = content[:8], content[8:], 0
    while len(rest) >= 12:
        length = int.from_bytes(rest[:4], "big")
        name, data = rest[4:8], rest[8 : 8 + length]
        rest = rest[12 + length :]
        if number == which:
            name, data = change(name, data)
        made += struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        number += 1
    return made + rest
