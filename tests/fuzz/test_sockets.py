"""The socket: frames and messages of every kind."""

import json
import struct
from collections.abc import Iterator
from typing import NamedTuple

from hypothesis import strategies as st

from tests.fuzz.budget import fuzz
from tests.fuzz.target import MIB, Target
from tests.fuzz.texts import mangled, values, written

OPENING = (
    b"GET /v1 HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
_DEFLATE = b"sec-websocket-extensions: permessage-deflate\r\n"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
_CLOSES = (1000, 1002, 1003, 1007, 1008, 1009)
"""RFC 6455, 7.4.1: in order, or for what the client has done; 1011 would be a mistake of the server."""


def frame(kind: int, payload: bytes, *, first: int = 0x80, masked: bool = True) -> bytes:
    """One frame (RFC 6455, 5.2), with a mask of zeros; `first` are the flags of its first byte."""
    mask = 0x80 if masked else 0
    if len(payload) < 126:
        size = struct.pack("B", mask | len(payload))
    elif len(payload) < 1 << 16:
        size = struct.pack(">BH", mask | 126, len(payload))
    else:
        size = struct.pack(">BQ", mask | 127, len(payload))
    return struct.pack("B", first | kind) + size + (bytes(4) if masked else b"") + payload


class Talk(NamedTuple):
    """What one client sends."""

    deflated: bool
    data: bytes


@st.composite
def messages(draw: st.DrawFn, token: str) -> bytes:
    """JSON that is what the socket wants, or not."""
    tokens = st.sampled_from([token, token, "x" * 30, "", "\0", "x" * 70_000]) | values
    fields = {
        "type": draw(st.sampled_from(["task_info", "task_info", "error", ""]) | values),
        "tasktoken": draw(tokens),
    }
    if draw(st.booleans()):
        fields[draw(st.sampled_from(["socketaccesstoken", "type", "more"]))] = draw(tokens)
    body = written(fields).encode("utf-8", "surrogatepass")
    return draw(mangled(body)) if draw(st.booleans()) else body


@st.composite
def talks(draw: st.DrawFn, token: str) -> Talk:
    """Some frames, each as it should be or not."""
    data = b""
    for _ in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from([TEXT, TEXT, TEXT, BINARY, CLOSE, PING, PONG, 0, 3, 15]))
        payload = draw(
            messages(token)
            | st.binary(max_size=200)
            | st.sampled_from([b"", b"\xff", bytes(125), bytes(70_000)])
        )
        flags = draw(st.sampled_from([0x80, 0x80, 0x80, 0, 0xC0, 0x40, 0xF0]))
        made = frame(kind, payload, first=flags, masked=draw(st.integers(0, 9)) > 0)
        data += made * draw(st.sampled_from([1, 1, 1, 1, 2, 300]))
    return Talk(draw(st.booleans()), draw(mangled(data)) if draw(st.integers(0, 4)) == 0 else data)


def test_talks(target: Target) -> None:
    """Whatever is said, the socket says nothing but what it may, and closes when it is told to."""
    id, token = target.caller.run()
    target.caller.end_of(id)

    def talk(case: Talk) -> None:
        opening = OPENING + (_DEFLATE if case.deflated else b"") + b"\r\n"
        received = target.exchange(case.data + frame(CLOSE, b"\x03\xe8"), greeting=opening, patience=0.1)
        head, _, frames = received.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), received
        if not case.deflated:
            for kind, payload in _frames(frames):
                _check(kind, payload, id)

    with target.watched(growth=64 * MIB, peak=128 * MIB):
        fuzz(talk, talks(token), cases=100, share=0.1)


def _frames(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The server's frames; the last may be cut off where the client hung up."""
    while len(data) >= 2:
        kind, size, start = data[0] & 0x0F, data[1], 2
        assert data[0] & 0xF0 == 0x80, "the server sends whole messages"
        if size == 126:
            size, start = int.from_bytes(data[2:4], "big"), 4
        elif size == 127:
            size, start = int.from_bytes(data[2:10], "big"), 10
        if len(data) < start + size:
            return
        yield kind, data[start : start + size]
        data = data[start + size :]


def _check(kind: int, payload: bytes, id: str) -> None:
    match kind:
        case 1:
            message = json.loads(payload)
            if message["result"]:
                assert set(message) == {"type", "id", "tasktoken", "message", "result"}
                assert message["id"] == id, "of no other task anything is told"
            else:
                assert set(message) == {"type", "tasktoken", "message", "result"}
                assert message["message"]
        case 8:
            # One without a code is answered without one.
            assert not payload or int.from_bytes(payload[:2], "big") in _CLOSES, payload
        case _:
            assert kind in (PING, PONG)
