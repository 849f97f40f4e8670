"""What a file is, by its first bytes: the claimed name and Content-Type of something from outside prove nothing.

Only types on this list are ever taken in or served. SVG and HTML are not on it: a browser would run their scripts.
"""

import re
from collections.abc import Collection
from pathlib import Path
from typing import Final, Literal

import msgspec

from understudy.errors import MediaRefused

Kind = Literal["image", "video", "audio"]
PICTURES: Final[tuple[Kind, ...]] = ("image",)
EVERYTHING: Final[tuple[Kind, ...]] = ("image", "video", "audio")

_NAMED: Final[dict[Kind, str]] = {
    "image": "JPEG, PNG, WebP, GIF, BMP, AVIF",
    "video": "MP4, MOV, WebM, MKV",
    "audio": "WAV, MP3, FLAC, OGG, M4A, AAC",
}

_KINDS: Final[dict[str, Kind]] = {"image": "image", "video": "video", "audio": "audio"}

HEAD: Final = 4096
"""Bytes from the start of a file that are enough for `sniff`."""


class MediaType(msgspec.Struct, frozen=True):
    """One type of file that is accepted."""

    content_type: str
    extensions: tuple[str, ...]
    """The usual one first, with the dot, lower case."""

    @property
    def kind(self) -> Kind:
        """Picture, video or sound."""
        return _KINDS[self.content_type.partition("/")[0]]


JPEG = MediaType("image/jpeg", (".jpg", ".jpeg"))
PNG = MediaType("image/png", (".png",))
GIF = MediaType("image/gif", (".gif",))
WEBP = MediaType("image/webp", (".webp",))
BMP = MediaType("image/bmp", (".bmp",))
AVIF = MediaType("image/avif", (".avif",))
MP4 = MediaType("video/mp4", (".mp4", ".m4v"))
MOV = MediaType("video/quicktime", (".mov",))
WEBM = MediaType("video/webm", (".webm",))
MKV = MediaType("video/x-matroska", (".mkv",))
WAV = MediaType("audio/wav", (".wav",))
MP3 = MediaType("audio/mpeg", (".mp3",))
FLAC = MediaType("audio/flac", (".flac",))
OGG = MediaType("audio/ogg", (".ogg", ".oga", ".opus"))
M4A = MediaType("audio/mp4", (".m4a",))
AAC = MediaType("audio/aac", (".aac",))

TYPES: dict[str, MediaType] = {
    each.content_type: each
    for each in (JPEG, PNG, GIF, WEBP, BMP, AVIF, MP4, MOV, WEBM, MKV, WAV, MP3, FLAC, OGG, M4A, AAC)
}

# Major brands of ISO base media files (ISO/IEC 14496-12, registered at mp4ra.org).
_MP4_BRAND = re.compile(
    rb"isom|iso[2-9a-c]|mp4[12]|avc1|dash|M4V |M4VH|MSNV|mmp4|f4v |3gp\d|3g2\w|cmf[2c]|XAVC"
)
_M4A_BRANDS = (b"M4A ", b"M4B ")
_AVIF_BRANDS = (b"avif", b"avis")
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
_QUICKTIME_ATOMS = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
# Sizes of the known versions of a bitmap's second header.
_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
_OGG_SOUND = (b"\x01vorbis", b"OpusHead", b"\x7fFLAC", b"Speex   ")


def sniff(head: bytes) -> MediaType | None:
    """The type of a file that begins with `head` (`HEAD` bytes, or all of it); None if it is not an accepted one."""
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    if head.startswith(b"BM"):
        return BMP if int.from_bytes(head[14:18], "little") in _BMP_HEADERS else None
    if head.startswith(b"fLaC"):
        return FLAC
    if head.startswith((b"RIFF", b"RF64")):
        return {b"WEBP": WEBP, b"WAVE": WAV}.get(head[8:12])
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return _matroska(head)
    if head.startswith(b"OggS"):
        return OGG if any(codec in head[:128] for codec in _OGG_SOUND) else None
    if head.startswith(b"ID3"):
        return MP3
    if head[4:8] == b"ftyp":
        return _iso_media(head)
    if head[4:8] in _QUICKTIME_ATOMS:
        return MOV
    return _bare_sound(head)


def accept(head: bytes, kinds: Collection[Kind]) -> MediaType:
    """`sniff`, for a file that has to be of one of `kinds`. Raises `MediaRefused`, saying what to send instead."""
    media = sniff(head)
    if media is None:
        raise MediaRefused(_what_it_is_not(head, kinds))
    if media.kind not in kinds:
        raise MediaRefused(
            f"The file is {media.content_type}; only {' or '.join(kinds)} files are taken here."
        )
    return media


def accept_file(path: Path, kinds: Collection[Kind]) -> MediaType:
    """`accept` of the file at `path`."""
    with path.open("rb") as file:
        return accept(file.read(HEAD), kinds)


def _what_it_is_not(head: bytes, kinds: Collection[Kind]) -> str:
    """What something that `sniff` does not know looks like, and what to send."""
    start = head[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return "This looks like a HEIC picture, which is not accepted; save it as JPEG or PNG."
    if start.startswith((b"<svg", b"<?xml")):
        return "SVG and XML are not accepted; send the picture as PNG or JPEG."
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<script")):
        return "This is a web page, not a media file; give the address of the file itself."
    if not head:
        return "The file is empty."
    named = ", ".join(_NAMED[kind] for kind in EVERYTHING if kind in kinds)
    return f"This is not a file of an accepted type ({named})."


def _iso_media(head: bytes) -> MediaType | None:
    brand = head[8:12]
    if brand in _AVIF_BRANDS:
        return AVIF
    if brand in _HEIF_BRANDS:
        # The generic brands of pictures: only the list of compatible brands tells which coding is inside.
        length = min(int.from_bytes(head[:4], "big"), 256)
        compatible = {head[at : at + 4] for at in range(16, length, 4)}
        return AVIF if brand in (b"mif1", b"msf1") and compatible & set(_AVIF_BRANDS) else None
    if brand in _M4A_BRANDS:
        return M4A
    if brand == b"qt  ":
        return MOV
    return MP4 if _MP4_BRAND.fullmatch(brand) else None


def _matroska(head: bytes) -> MediaType | None:
    # The DocType element (ID 0x4282) of the EBML header, RFC 8794; its length is one byte in every real file.
    found = re.search(rb"\x42\x82[\x84-\x88](webm|matroska)", head[:256])
    return None if found is None else WEBM if found[1] == b"webm" else MKV


def _bare_sound(head: bytes) -> MediaType | None:
    # MPEG audio without a container starts at its first frame: 11 or 12 set bits, ISO/IEC 11172-3 and 13818-7.
    if len(head) < 4 or head[0] != 0xFF:
        return None
    if head[1] & 0xF6 == 0xF0:  # ADTS: 12 bits of sync, layer 0
        return AAC if (head[2] >> 2) & 0xF < 13 else None
    mpeg, layer, rate, sampling = (head[1] >> 3) & 3, (head[1] >> 1) & 3, head[2] >> 4, (head[2] >> 2) & 3
    known = head[1] & 0xE0 == 0xE0 and mpeg != 1 and layer == 1 and 0 < rate < 15 and sampling != 3
    return MP3 if known else None
