"""Methods, paths, queries and headers of every kind."""

import hashlib
import hmac
from typing import NamedTuple

import pytest
from hypothesis import strategies as st

from tests.fuzz.budget import fuzz
from tests.fuzz.target import MIB, Target
from tests.fuzz.texts import TELLING, mangled, texts
from tests.fuzz.ways import WAYS

METHODS = (
    b"GET",
    b"HEAD",
    b"POST",
    b"PUT",
    b"DELETE",
    b"PATCH",
    b"OPTIONS",
    b"TRACE",
    b"PROPFIND",
    b"M-SEARCH",
)
PATHS = (
    *(way.path for way in WAYS),
    b"/",
    b"/v1",
    b"/healthz",
    b"/readyz",
    b"/metrics",
    b"/openapi.json",
    b"/health",
    b"/models/openai/sora-2-pro/llms.txt",
    b"/uploads/sampleinputs/openai_sora_pro_2_input_4.jpg",
    b"/uploads/models/openai-sora-2-pro.jpg",
    b"/v1/File/eDcCm5yyUfIvMFspTwww49OUfgXkQt/a.png",
    b"/12345678-12345678-12345678-12345678-12345678-12345678-12345678-12345678/0.mp4",
    b"/v1/hooks/a",
    b"/v1/models",
    b"/v1/models/openai/sora-2-pro",
    b"/v1/videos/video_1",
    b"/v1/videos/video_1/content",
    b"/v1/videos/video_1/remix",
    b"/v1beta/models",
    b"/v1beta/models/veo-3.1-generate-preview",
    b"/v1beta/models/google/veo3-1/operations/1",
    b"/v1beta/files/" + b"a" * 32 + b":download",
    b"/v1/projects/a/locations/b/publishers/google/models/veo3-1:fetchPredictOperation",
)
QUERIES = ("limit", "order", "after", "variant", "key", "alt", "start", "x-api-key")

_EXTRAS = (
    b"..",
    b"%2e%2e",
    b"%2f",
    b"%5c",
    b"%00",
    b"%ff",
    b"%",
    b"%zz",
    b"%u0041",
    b"//",
    b"/.",
    b";a=b",
    b"#a",
    b"?",
    b"%0d%0ax:y",
    b"%20",
    b"%F0%9F%98%80",
    b"9" * 5000,
    b"a" * 30_000,
    b"*",
    b":predictLongRunning",
    b"/content",
)


class Request(NamedTuple):
    """One request without a body."""

    method: bytes
    path: bytes
    headers: tuple[tuple[bytes, bytes], ...]


@st.composite
def paths(draw: st.DrawFn) -> bytes:
    """A path as it should be, or with something in it."""
    path = draw(st.sampled_from(PATHS))
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
        at = draw(st.integers(1, len(path)))
        put = draw(st.sampled_from(_EXTRAS))
        path = path[:at] + put + path[at + draw(st.integers(0, 3)) :]
    return path + b"?" + draw(queries()) if draw(st.booleans()) else path


@st.composite
def queries(draw: st.DrawFn) -> bytes:
    """What stands behind a question mark."""
    numbers = st.sampled_from(
        ["1", "0", "-1", "video_1", "video_" + "9" * 5000, "9" * 5000, "desc", "spritesheet"]
    )
    pairs = draw(st.lists(st.tuples(st.sampled_from(QUERIES) | texts, numbers | texts), max_size=4))
    plain = "&".join(f"{name}={value}" for name, value in pairs).encode("utf-8", "surrogatepass")
    return b"".join(
        b"%%%02x" % byte if byte <= 0x20 or byte >= 0x7F or byte in b"#" else b"%c" % byte for byte in plain
    )[:50_000]


_VALUES = st.binary(max_size=40) | st.sampled_from(
    [each.encode("utf-8", "surrogatepass") for each in TELLING]
)
_NAMES = (
    b"x-api-key",
    b"x-nonce",
    b"x-signature",
    b"authorization",
    b"api-key",
    b"x-goog-api-key",
    b"idempotency-key",
    b"content-type",
    b"content-encoding",
    b"content-length",
    b"range",
    b"if-range",
    b"if-none-match",
    b"if-modified-since",
    b"x-forwarded-for",
    b"x-forwarded-proto",
    b"forwarded",
    b"expect",
    b"accept",
    b"accept-encoding",
    b"origin",
    b"cookie",
    b"upgrade",
    b"mcp-protocol-version",
)
_TELLING = {
    b"range": [
        b"bytes=0-0",
        b"bytes=-1",
        b"bytes=5-",
        b"bytes=9-1",
        b"bytes=0-0,2-3",
        b"bytes=" + b"9" * 5000 + b"-",
        b"items=1",
    ],
    b"if-modified-since": [
        b"Sat, 21 Nov 2026 15:00:20 GMT",
        b"Sat, 99 Nov 99999 99:99:99 +9999",
        b"0",
        b"Mon, 01 Jan 0001 00:00:00 -2359",
    ],
    b"if-range": [b'"a"', b'W/"a"', b"Sat, 21 Nov 0000 15:00:20 GMT"],
    b"if-none-match": [b"*", b'"a", W/"b"', b'"' * 5000],
    b"authorization": [
        b"Bearer",
        b"Bearer a:b",
        b"Basic YTpi",
        b"Basic =",
        b"Basic \xff",
        b"bearer \xe9:\xe9",
        b"Digest a",
    ],
    b"content-encoding": [b"gzip", b"identity", b"br, gzip", b" "],
    b"content-length": [b"0", b"5"],
    b"expect": [b"100-continue", b"a"],
    b"accept": [b"application/json, text/event-stream", b"*/*", b"text/event-stream;q=1e9"],
    b"x-forwarded-for": [b"127.0.0.1", b"::1%lo", b"[::1]:1", b"1.2.3.4, ," * 500],
}


def _allowed(value: bytes) -> bytes:
    """As a header can carry it (RFC 9110, 5.5)."""
    return bytes(byte for byte in value if (byte >= 0x20 and byte != 0x7F) or byte == 9).strip(b" \t")


@st.composite
def requests(draw: st.DrawFn, keys: list[tuple[bytes, bytes]], token: bytes) -> Request:
    """A request whose keys are mostly right."""
    right = [*keys, (b"authorization", b"Bearer " + token), (b"x-goog-api-key", token)]
    headers = right if draw(st.integers(0, 3)) else draw(st.lists(st.sampled_from(right), max_size=4))
    for name in draw(st.lists(st.sampled_from(_NAMES), max_size=3)):
        told = st.sampled_from(_TELLING.get(name, [b""]))
        value = _allowed(draw(told | _VALUES))
        if name == b"content-length" and not value.isdigit():
            value = b"0"
        headers = [*headers, (name, value[:30_000])]
    headers = draw(st.permutations(headers))
    return Request(draw(st.sampled_from(METHODS)), draw(paths()), tuple(headers))


def test_requests(target: Target) -> None:
    def send(request: Request) -> None:
        # What a Content-Length promises is sent.
        length = max(
            (int(value[:3]) for name, value in request.headers if name == b"content-length"), default=0
        )
        headers = [pair for pair in request.headers if pair[0] not in (b"content-length", b"upgrade")]
        target.ask(request.method, request.path, headers, bytes(length))

    with target.watched(growth=64 * MIB, peak=128 * MIB):
        fuzz(send, requests(target.keys, target.token), cases=400, share=0.1)


def test_nobody_comes_in_with_something_like_a_key(target: Target) -> None:
    """Only the right key, nonce and signature together open the door."""
    key, nonce, signature = (value for _, value in target.keys)

    def knock(case: tuple[bytes, bytes, bytes]) -> None:
        headers = list(zip((b"x-api-key", b"x-nonce", b"x-signature"), map(_allowed, case), strict=True))
        answer = target.ask(b"POST", b"/v1/Task/List", headers)
        given = [value for _, value in headers]
        right = hmac.new(key, secret + given[1], hashlib.sha256).hexdigest().encode()
        opens = (
            given[0] == key and given[1] and given[2].split()[-1:] and given[2].split()[-1].lower() == right
        )
        assert answer.status == (200 if opens else 401), answer

    secret = target.token.partition(b":")[2]
    thing = (
        mangled(key)
        | mangled(signature)
        | st.sampled_from([key, nonce, signature, signature.upper(), b"(stdin)= " + signature])
    )
    with target.watched(growth=32 * MIB, peak=64 * MIB):
        fuzz(
            knock,
            st.tuples(
                st.just(key) | thing | _VALUES, st.just(nonce) | _VALUES, st.just(signature) | thing | _VALUES
            ),
            cases=150,
            share=0.03,
        )


@pytest.mark.parametrize("header", [b"authorization", b"x-goog-api-key", b"api-key"])
def test_nobody_comes_in_by_another_door(target: Target, header: bytes) -> None:
    paths = {b"authorization": b"/v1/videos", b"x-goog-api-key": b"/v1beta/models", b"api-key": b"/v1/models"}
    before = b"Bearer " if header == b"authorization" else b""

    def knock(token: bytes) -> None:
        value = _allowed(before + token)
        answer = target.ask(b"GET", paths[header], [(header, value)])
        assert answer.status == (200 if value.removeprefix(before).strip() == target.token else 401), answer

    with target.watched(growth=32 * MIB, peak=64 * MIB):
        fuzz(knock, mangled(target.token) | _VALUES | st.just(target.token), cases=50, share=0.01)
