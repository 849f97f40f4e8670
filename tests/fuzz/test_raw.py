"""Bytes on a connection, which may be HTTP or not: garbage, pipelines, old versions, chunks, slow senders."""

from typing import NamedTuple

from hypothesis import strategies as st

from tests.fuzz.answers import read
from tests.fuzz.budget import fuzz
from tests.fuzz.target import MIB, Target
from tests.fuzz.texts import mangled

_LINES = (
    b"GET /healthz HTTP/1.1",
    b"GET / HTTP/1.1",
    b"HEAD /healthz HTTP/1.1",
    b"POST /v1/Task/List HTTP/1.1",
    b"POST /v1/Run/openai/sora-2-pro HTTP/1.1",
    b"POST /v1/videos HTTP/1.1",
    b"POST /mcp HTTP/1.1",
    b"GET /v1 HTTP/1.1",
    b"OPTIONS * HTTP/1.1",
    b"CONNECT a:80 HTTP/1.1",
    b"TRACE / HTTP/1.1",
    b"GET http://a/healthz HTTP/1.1",
    b"GET http://a HTTP/1.1",
    b"GET //a HTTP/1.1",
    b"GET /%zz?%zz#a HTTP/1.1",
    b"GET /\xff HTTP/1.1",
    b"GET  /healthz HTTP/1.1",
    b"GET /healthz",
    b"GET /healthz HTTP/0.9",
    b"GET /healthz HTTP/1.0",
    b"GET /healthz HTTP/1.2",
    b"GET /healthz HTTP/9.9",
    b"PRI * HTTP/2.0",
    b"MADEUP / HTTP/1.1",
    b"get / HTTP/1.1",
    b"",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"\xff\xfe",
    b"GET /" + b"a" * 70_000 + b" HTTP/1.1",
)
_HEADERS = (
    b"host: a",
    b"host: a",
    b"host: a",
    b"host:",
    b"host: a, b",
    b"connection: close",
    b"connection: keep-alive",
    b"connection: upgrade",
    b"connection: upgrade, close",
    b"upgrade: websocket",
    b"upgrade: h2c",
    b"http2-settings: AAMAAABkAAQAAP__",
    b"sec-websocket-version: 13",
    b"sec-websocket-version: 12",
    b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    b"sec-websocket-key: a",
    b"sec-websocket-extensions: permessage-deflate; client_max_window_bits=99",
    b"sec-websocket-protocol: \xff",
    b"content-length: 0",
    b"content-length: 5",
    b"content-length: -5",
    b"content-length: +5",
    b"content-length: 5, 5",
    b"content-length: 0x5",
    b"content-length: " + b"9" * 30,
    b"transfer-encoding: chunked",
    b"transfer-encoding: Chunked",
    b"transfer-encoding: gzip, chunked",
    b"transfer-encoding: chunked, gzip",
    b"transfer-encoding:\tchunked",
    b"transfer-encoding : chunked",
    b"transfer-encoding: x",
    b"expect: 100-continue",
    b"trailer: a",
    b"content-type: multipart/form-data; boundary=b",
    b" folded",
    b"no colon",
    b": no name",
    b"a\0b: c",
    b"a: b\0c",
    b"a: b\rc: d",
    b"a: " + b"b" * 70_000,
    b"\xff: \xff",
)
_BODIES = (
    b"",
    b"hello",
    b"{}",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"5;a=b\r\nhello\r\n0\r\na: b\r\n\r\n",
    b"5\nhello\n0\n\n",
    b"ffffffffffffffffff\r\n",
    b"-1\r\n",
    b"5\r\nhel",
    b"5\r\nhelloworld\r\n",
    b"0\r\n",
    b"g\r\n",
    b"5;" + b"a" * 70_000,
    b"0\r\n" + b"a: b\r\n" * 9000 + b"\r\n",
)
_ENDS = (b"\r\n", b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\0\r\n")


class Sent(NamedTuple):
    """One connection's worth."""

    data: bytes
    methods: tuple[str, ...]


@st.composite
def sent(draw: st.DrawFn, signed: list[bytes]) -> Sent:
    """A few requests, each as it should be or not, one behind the other."""
    data, methods = b"", []
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3]))):
        line = draw(st.sampled_from(_LINES) | st.sampled_from(_LINES[:8]))
        headers = [
            *draw(st.lists(st.sampled_from(_HEADERS), max_size=5)),
            *(signed if draw(st.booleans()) else ()),
        ]
        end = draw(st.sampled_from(_ENDS))
        request = end.join([line, *headers, b"", b""]) + draw(st.sampled_from(_BODIES))
        data += draw(mangled(request)) if draw(st.integers(0, 3)) == 0 else request
        methods.append("HEAD" if line.startswith(b"HEAD") else "GET")
    return Sent(
        data * draw(st.sampled_from([1, 1, 1, 1, 1, 200])) if len(data) < 500 else data, tuple(methods)
    )


def test_connections(target: Target) -> None:
    """Every byte that comes back belongs to a sound answer, and nobody is kept waiting who has gone."""

    def send(case: Sent) -> None:
        received = target.exchange(case.data, patience=0.05)
        # With bodies of HEAD in between only the length of the first answers is known.
        if "HEAD" not in case.methods and b"HEAD" not in case.data:
            for answer in read(received, []):
                target.check(answer)
        assert b"Traceback" not in received

    signed = [name + b": " + value for name, value in target.keys]
    with target.watched(growth=64 * MIB, peak=128 * MIB):
        fuzz(send, sent(signed), cases=200, share=0.1)
