"""Files that must not be taken: pictures that are none, damaged or too large, names that lead elsewhere."""

import struct
import zlib

import pytest

from tests.api.refused import INVALID, check, nothing_happened
from tests.api.served import PROMPT, SORA, Served, picture


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it has that many pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


BAD_FILES = {
    "empty": b"",
    "text": b"hello",
    "HTML": b"<!doctype html><script>alert(1)</script>",
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "PDF": b"%PDF-1.7\n",
    "ZIP": b"PK\x03\x04" + bytes(100),
    "ELF": b"\x7fELF" + bytes(100),
    "a shell script": b"#!/bin/sh\nreboot\n",
    "HEIC": b"\0\0\0\x18ftypheic" + bytes(100),
    "a PNG's first bytes": b"\x89PNG\r\n\x1a\n",
    "half a PNG": picture(400, 400)[:200],
    "a PNG with a broken chunk": picture().replace(b"IDAT", b"IDXT"),
    "half a JPEG": picture(400, 400, "JPEG")[:700],
    "a JPEG's first bytes": b"\xff\xd8\xff\xe0" + bytes(50),
    "a WebP's first bytes": b"RIFF\x00\x00\x00\x00WEBP",
    "a GIF's first bytes": b"GIF89a",
    "a BMP's first bytes": b"BM" + bytes(12) + b"\x28\0\0\0" + bytes(20),
    "a PNG of 60000 x 60000": bomb(60_000, 60_000),
    "a PNG of 1 x 2000000000": bomb(1, 2_000_000_000),
    "a PNG of 8000 x 8000": bomb(8000, 8000),
    "a PNG of 0 x 0": bomb(0, 0),
    "an MP3": b"ID3" + bytes(100),
    "a WAV": b"RIFF\x24\0\0\0WAVEfmt " + bytes(28),
    "an MP4": b"\0\0\0\x18ftypisom" + bytes(100),
}


@pytest.mark.parametrize("content", BAD_FILES.values(), ids=BAD_FILES)
async def test_files_that_are_no_pictures(served: Served, content: bytes) -> None:
    for name in ("a.png", "a"):
        answer = await served.post(SORA, data=PROMPT, files={"inputImage": (name, content, "image/png")})
        check(served, answer, INVALID)
        message = answer.json()["errors"][1]["message"]
        assert "[inputImage]" in message
        assert not any(other in message for other in ("MP4", "WebM", "MP3", "WAV")), "it takes none of these"
    await nothing_happened(served)


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/passwd",
        "/etc/passwd",
        "..\\..\\win.ini",
        "a\\..\\b",
        "%2e%2e%2f",
        "a;rm -rf ~.png",
        "$(reboot).png",
        "a\tb.png",
        "con.png",
        "." * 300,
        "x" * 3000,
        "ab\u202egnp.exe",
        "<script>.png",
        "a'b.png",
        ".htaccess",
        "日本語.png",
        "😀",
    ],
)
async def test_names_of_files_lead_nowhere(served: Served, name: str) -> None:
    answer = await served.post("/v1/File/Upload", files={"file": (name, picture(), "image/png")})
    [file] = answer.json()["list"]
    assert file["name"].endswith(".png")
    assert not set(file["name"]) & set("/\\<>:;$%\t\u202e\0")
    assert not file["name"].startswith(".")
    assert (await served.client.get(file["url"])).content == picture()
    assert served.left_behind() == []
    roots = {path.name for path in served.parts.incoming.parent.iterdir()}
    assert roots <= {
        "files",
        "incoming",
        "understudy.db",
        "understudy.db-wal",
        "understudy.db-shm",
        "shelving",
    }
