"""Forms of text alone are read in one go; what comes of them is what the parser makes of them."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from understudy.api.multipart import plain_fields, read_multipart
from understudy.api.parts import Limits
from understudy.api.stream import BodyStream, Patience
from understudy.errors import InvalidInput, TooLarge

BOUNDARY = b"b-1"
LIMITS = Limits(fields=6, json_bytes=200)

names = st.sampled_from(["prompt", "input_reference[image_url]", "a.b-c_1"])
values = st.text(max_size=40) | st.sampled_from(
    ["", "\r\n", "--b-1", "\r\n--b-", "\r\n-- b-1\r\n", "--", "\r\n\r\n", "x" * 190, 'a"; filename="b"']
)
fields = st.lists(st.tuples(names, values), min_size=1, max_size=7)
headers = st.sampled_from(
    [
        'Content-Disposition: form-data; name="{}"',
        'content-disposition: form-data; name="{}"',
        'Content-Disposition: form-data;name="{}"',
        "Content-Disposition: form-data; name={}",
        'Content-Disposition: attachment; name="{}"',
        'Content-Disposition: form-data; name="{}"; filename="a.txt"',
        'Content-Type: text/plain\r\nContent-Disposition: form-data; name="{}"',
        'Content-Disposition: form-data; name="{}"\r\nContent-Type: text/plain; charset=utf-8',
        'X: 1\r\nContent-Disposition: form-data; name="\\"{}"',
    ]
)
begins = st.sampled_from([b"", b"\r\n", b"preamble\r\n", b"-"])
ends = st.sampled_from([b"--", b"--\r\n", b"--\r\nepilogue", b"", b"\r\n", b"-", b" --"])


def form(parts: list[tuple[str, str]], header: str, begin: bytes = b"", end: bytes = b"--\r\n") -> bytes:
    body = b"".join(
        b"--b-1\r\n" + header.replace("{}", name).encode() + b"\r\n\r\n" + value.encode() + b"\r\n"
        for name, value in parts
    )
    return begin + body + b"--b-1" + end


async def parsed(pieces: list[bytes], incoming: Path) -> list[tuple[str, str]]:
    """What is read of a body that comes in pieces."""
    left = list(pieces)

    async def receive() -> dict[str, object]:
        piece = left.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(left)}

    stream = BodyStream(receive, None, Patience(idle_seconds=5, body_seconds=5))
    read = await read_multipart(stream, BOUNDARY, limits=LIMITS, incoming=incoming)
    assert not read.uploads
    return read.fields


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(fields, headers, begins, ends)
def test_the_short_way_gives_what_the_parser_gives(
    tmp_path: Path, parts: list[tuple[str, str]], header: str, begin: bytes, end: bytes
) -> None:
    body = form(parts, header, begin, end)
    found = plain_fields(body, BOUNDARY, LIMITS)
    if found is not None:
        assert asyncio.run(parsed([body[:10], body[10:]], tmp_path)) == found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.binary(max_size=60),
    st.sampled_from([b"", b"--b-1\r\n", b'--b-1\r\nContent-Disposition: form-data; name="']),
)
def test_nor_does_it_take_anything_else(tmp_path: Path, noise: bytes, begin: bytes) -> None:
    body = begin + noise + b"\r\n--b-1--"
    found = plain_fields(body, BOUNDARY, LIMITS)
    if found is not None:
        assert asyncio.run(parsed([body[:5], body[5:]], tmp_path)) == found


@pytest.mark.parametrize(
    "header", ['Content-Disposition: form-data; name="{}"', 'content-disposition: form-data; name="{}"']
)
async def test_usual_forms_go_the_short_way(tmp_path: Path, header: str) -> None:
    parts = [
        ("prompt", "Ein Fuchs.\r\n--b-"),
        ("seconds", "4"),
        ("seconds", ""),
        ("input_reference[image_url]", "é"),
    ]
    assert plain_fields(form(parts, header), BOUNDARY, LIMITS) == parts
    assert await parsed([form(parts, header)], tmp_path) == parts


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (form([("a", "x" * 201)], 'Content-Disposition: form-data; name="{}"'), TooLarge),
        (form([("a", "x")] * 7, 'Content-Disposition: form-data; name="{}"'), TooLarge),
        (form([("a", "x")], "Content-Disposition: form-data"), InvalidInput),
        (
            form([("a", "x")], 'Content-Disposition: form-data; name="{}"').replace(b"x", b"\xff"),
            InvalidInput,
        ),
        (form([("a", "x")], 'Content-Disposition: form-data; name="{}"', end=b""), InvalidInput),
    ],
)
async def test_what_is_refused_is_left_to_the_parser(
    tmp_path: Path, body: bytes, error: type[Exception]
) -> None:
    assert plain_fields(body, BOUNDARY, LIMITS) is None
    with pytest.raises(error):
        await parsed([body], tmp_path)
    assert list(tmp_path.iterdir()) == []
