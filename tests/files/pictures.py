"""Pictures that a decent camera would not make."""

import struct
import zlib


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def zeros(count: int) -> bytes:
    """`count` zero bytes, packed a thousand to one."""
    packer = zlib.compressobj(9)
    block = bytes(1 << 20)
    packed = b"".join(packer.compress(block) for _ in range(count >> 20))
    return packed + packer.compress(bytes(count & 0xFFFFF)) + packer.flush()


def png(width: int, height: int, *, rows: int | None = None, extra: bytes = b"") -> bytes:
    """A black grey-scale PNG whose header says `width` x `height`, with the data of `rows` rows."""
    data = zeros((1 + width) * (height if rows is None else rows))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def webp(width: int, height: int, frame: bytes) -> bytes:
    """An animated WebP of one frame, taken from the still WebP `frame`, on a canvas of its own size."""
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    picture = bytes(6) + bytes([7, 0, 0, 7, 0, 0]) + bytes([10, 0, 0, 0]) + frame[12:]
    body = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + size
    body += b"ANIM" + struct.pack("<IIH", 6, 0, 0)
    body += b"ANMF" + struct.pack("<I", len(picture)) + picture
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def many_scans(jpeg: bytes, times: int) -> bytes:
    """A progressive JPEG whose last scan is there `times` times more."""
    last = jpeg.rindex(b"\xff\xda")
    return jpeg[:-2] + jpeg[last:-2] * times + b"\xff\xd9"
