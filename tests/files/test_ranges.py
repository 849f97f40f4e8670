from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.files.ranges import Span, Unsatisfiable, decide, parse_range

MODIFIED = datetime(2026, 11, 21, 4, 5, 6, 789, tzinfo=UTC)
DATE = "Sat, 21 Nov 2026 04:05:06 GMT"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", Span(0, 1)),
        ("bytes=0-", Span(0, 1000)),
        ("bytes=10-19", Span(10, 20)),
        ("bytes=990-5000", Span(990, 1000)),
        ("bytes=-1", Span(999, 1000)),
        ("bytes=-5000", Span(0, 1000)),
        ("BYTES = 1-2", Span(1, 3)),
        ("bytes= 1-2 ", Span(1, 3)),
        ("bytes=000000000000000000000001-2", Span(1, 3)),
        ("bytes=5-" + "9" * 5000, Span(5, 1000)),
        ("bytes=1000-", Unsatisfiable()),
        ("bytes=" + "9" * 5000 + "-", Unsatisfiable()),
        ("bytes=-0", Unsatisfiable()),
        ("bytes=2-1", None),
        ("bytes=-", None),
        ("bytes=", None),
        ("bytes=a-b", None),
        ("bytes=1-2,4-5", None),
        ("bytes=١-٢", None),
        ("bytes=+1-2", None),
        ("bytes=--1", None),
        ("items=0-1", None),
        ("", None),
        (None, None),
    ],
)
def test_a_range_of_a_thousand_bytes(header: str | None, expected: object) -> None:
    assert parse_range(header, 1000) == expected


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=0-0", "bytes=-1"])
def test_no_range_of_an_empty_file_can_be_satisfied(header: str) -> None:
    assert parse_range(header, 0) == Unsatisfiable()


@settings(deadline=None)
@given(first=st.integers(0, 300), last=st.integers(0, 300), size=st.integers(0, 200))
def test_a_range_gives_the_bytes_that_slicing_gives(first: int, last: int, size: int) -> None:
    content = bytes(i % 251 for i in range(size))
    found = parse_range(f"bytes={first}-{last}", size)
    if last < first:
        assert found is None
    elif isinstance(found, Span):
        assert content[found.start : found.stop] == content[first : last + 1] != b""
    else:
        assert found == Unsatisfiable()
        assert content[first : last + 1] == b""


@settings(deadline=None)
@given(
    header=st.text(max_size=40) | st.from_regex(r"bytes=[0-9, -]*", fullmatch=True),
    size=st.integers(0, 2**50),
)
def test_whatever_the_header_says_the_span_lies_in_the_file(header: str, size: int) -> None:
    found = parse_range(header, size)
    if isinstance(found, Span):
        assert 0 <= found.start < found.stop <= size


def test_the_whole_file() -> None:
    answer = decide(size=10, etag='"a"', modified=MODIFIED)
    assert (answer.status, answer.start, answer.stop) == (200, 0, 10)
    assert answer.headers == {
        "accept-ranges": "bytes",
        "etag": '"a"',
        "last-modified": DATE,
        "content-length": "10",
    }


def test_a_part_of_the_file() -> None:
    answer = decide(size=10, etag='"a"', modified=MODIFIED, range_="bytes=2-4")
    assert (answer.status, answer.start, answer.stop) == (206, 2, 5)
    assert answer.headers["content-range"] == "bytes 2-4/10"
    assert answer.headers["content-length"] == "3"


def test_a_part_beyond_the_file() -> None:
    answer = decide(size=10, etag='"a"', modified=MODIFIED, range_="bytes=10-")
    assert (answer.status, answer.start, answer.stop) == (416, 0, 0)
    assert answer.headers["content-range"] == "bytes */10"


@pytest.mark.parametrize(
    ("if_range", "status"),
    [
        ('"a"', 206),
        ('"b"', 200),
        ('W/"a"', 200),
        (DATE, 206),
        ("Sat, 21 Nov 2026 04:05:05 GMT", 200),
        ("x", 200),
    ],
)
def test_a_part_only_of_the_version_that_the_client_has(if_range: str, status: int) -> None:
    answer = decide(size=10, etag='"a"', modified=MODIFIED, range_="bytes=2-4", if_range=if_range)
    assert answer.status == status


@pytest.mark.parametrize(
    ("none_match", "status"),
    [('"a"', 304), ('W/"a"', 304), ('"x", "a"', 304), ("*", 304), ('"b"', 200), ("a", 200), ("", 200)],
)
def test_nothing_is_sent_that_the_client_has(none_match: str, status: int) -> None:
    answer = decide(size=10, etag='"a"', modified=MODIFIED, if_none_match=none_match)
    assert answer.status == status
    assert ("content-length" in answer.headers) == (status == 200)


@pytest.mark.parametrize(
    ("since", "status"),
    [(DATE, 304), ("Sun, 22 Nov 2026 00:00:00 GMT", 304), ("Fri, 20 Nov 2026 00:00:00 GMT", 200)],
)
def test_nothing_is_sent_that_has_not_changed_since(since: str, status: int) -> None:
    assert decide(size=10, etag='"a"', modified=MODIFIED, if_modified_since=since).status == status
    assert (
        decide(size=10, etag='"a"', modified=MODIFIED, if_none_match='"b"', if_modified_since=since).status
        == 200
    )


@settings(deadline=None)
@given(text=st.text(max_size=60), days=st.integers(-1000, 1000))
def test_no_conditional_header_can_break_it(text: str, days: int) -> None:
    answer = decide(
        size=10,
        etag='"a"',
        modified=MODIFIED + timedelta(days=days),
        range_=text,
        if_range=text,
        if_none_match=text or None,
        if_modified_since=text,
    )
    assert answer.status in (200, 206, 304, 416)
