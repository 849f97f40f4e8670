from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.errors import MediaRefused
from understudy.files.sniff import EVERYTHING, PICTURES, TYPES, accept, accept_file, sniff


def ftyp(major: bytes, *compatible: bytes) -> bytes:
    body = b"ftyp" + major + bytes(4) + b"".join(compatible)
    return (len(body) + 4).to_bytes(4, "big") + body


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "image/png"),
        (b"GIF89a\x01\x00", "image/gif"),
        (b"GIF87a\x01\x00", "image/gif"),
        (b"RIFF\x1a\x00\x00\x00WEBPVP8L", "image/webp"),
        (b"BM" + bytes(12) + b"\x28\x00\x00\x00", "image/bmp"),
        (ftyp(b"avif"), "image/avif"),
        (ftyp(b"mif1", b"mif1", b"avif", b"miaf"), "image/avif"),
        (ftyp(b"isom", b"isom"), "video/mp4"),
        (ftyp(b"mp42"), "video/mp4"),
        (ftyp(b"M4V "), "video/mp4"),
        (ftyp(b"3gp5"), "video/mp4"),
        (ftyp(b"qt  "), "video/quicktime"),
        (b"\x00\x00\x00\x08wide\x00\x00", "video/quicktime"),
        (ftyp(b"M4A "), "audio/mp4"),
        (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm", "video/webm"),
        (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x88matroska", "video/x-matroska"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav"),
        (b"ID3\x04\x00\x00", "audio/mpeg"),
        (b"\xff\xfb\x90\x64", "audio/mpeg"),
        (b"\xff\xf1\x50\x80", "audio/aac"),
        (b"fLaC\x00\x00", "audio/flac"),
        (b"OggS" + bytes(24) + b"OpusHead", "audio/ogg"),
    ],
)
def test_accepted_types(head: bytes, expected: str) -> None:
    media = sniff(head)
    assert media is not None
    assert media.content_type == expected
    assert TYPES[expected] is media


@pytest.mark.parametrize(
    ("head", "sentence"),
    [
        (b"", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", "SVG"),
        (b"\xef\xbb\xbf  <?xml version='1.0'?><svg>", "SVG"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"\n<HTML>", "web page"),
        (ftyp(b"heic"), "HEIC"),
        (ftyp(b"mif1", b"heic"), "HEIC"),
        (b"%PDF-1.7", "not a file of an accepted type"),
        (b"#EXTM3U\nhttp://10.0.0.1/x.ts", "not a file of an accepted type"),
        (b"ffconcat version 1.0\nfile /etc/passwd", "not a file of an accepted type"),
        (b"PK\x03\x04", "not a file of an accepted type"),
        (b"MZ\x90", "not a file of an accepted type"),
        (b"%!PS-Adobe-3.0 EPSF", "not a file of an accepted type"),
        (b"II*\x00", "not a file of an accepted type"),
        (b"BM is no bitmap, though it begins so", "not a file of an accepted type"),
        (b"RIFF\x00\x00\x00\x00AVI ", "not a file of an accepted type"),
        (b"OggS" + bytes(24) + b"\x80theora", "not a file of an accepted type"),
        (b"\xff\xff\xff\xff", "not a file of an accepted type"),
        (ftyp(b"crx "), "not a file of an accepted type"),
    ],
)
def test_what_is_not_accepted_is_told_so(head: bytes, sentence: str) -> None:
    with pytest.raises(MediaRefused, match=sentence):
        accept(head, EVERYTHING)


def test_only_the_kinds_that_an_input_takes() -> None:
    with pytest.raises(MediaRefused, match="video/mp4; only image"):
        accept(ftyp(b"isom"), PICTURES)


def test_only_types_that_are_taken_are_named() -> None:
    with pytest.raises(MediaRefused) as pictures:
        accept(b"%PDF-1.7", PICTURES)
    assert str(pictures.value).endswith("(JPEG, PNG, WebP, GIF, BMP, AVIF).")
    with pytest.raises(MediaRefused) as everything:
        accept(b"%PDF-1.7", EVERYTHING)
    for media in TYPES.values():
        named = media.extensions[0][1:].upper().replace("JPG", "JPEG")
        assert named in str(everything.value).upper()
        assert (named in str(pictures.value).upper()) == (media.kind == "image")


def test_a_file_is_told_by_its_bytes_not_its_name(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(b"GIF89a\x01\x00")
    assert accept_file(path, PICTURES).content_type == "image/gif"
    path = tmp_path / "picture.png"
    path.write_bytes(b"<script>alert(1)</script>")
    with pytest.raises(MediaRefused):
        accept_file(path, PICTURES)


@settings(deadline=None)
@given(st.binary(max_size=64))
def test_any_bytes_can_be_looked_at(head: bytes) -> None:
    media = sniff(head)
    assert media is None or media.content_type in TYPES
