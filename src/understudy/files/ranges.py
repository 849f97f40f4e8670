"""Which bytes of a file to send, decided from the request's headers: RFC 9110, sections 13 and 14. Pure."""

import re
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus

import msgspec


class Span(msgspec.Struct, frozen=True):
    """Bytes `start` up to, not including, `stop`; never empty."""

    start: int
    stop: int


class Unsatisfiable(msgspec.Struct, frozen=True):
    """A well-formed range that has no byte of the file in it."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """How to answer a GET or HEAD of a file: the status, the headers to add, and the bytes to send."""

    status: HTTPStatus
    """200, 206, 304 or 416."""
    start: int
    stop: int
    """Equal to `start` where there is no body."""
    headers: dict[str, str]


_BYTES = re.compile(r"\s*bytes\s*=(.*)", re.IGNORECASE | re.ASCII | re.DOTALL)
_SPEC = re.compile(r"[ \t]*(\d*)-(\d*)[ \t]*", re.ASCII)
# Longer than the decimal digits of any file's size; Python refuses to read numbers without end.
_DIGITS = 20


def parse_range(header: str | None, size: int) -> Span | Unsatisfiable | None:
    """The one range that `header` (a Range field's value) asks for, of a file of `size` bytes.

    None means the whole file: no header, a unit other than bytes, a malformed value, or several ranges, which a
    server may answer so (RFC 9110, 14.2). Unsatisfiable as in 14.1.2 and 15.5.17.
    """
    unit = _BYTES.fullmatch(header or "")
    spec = _SPEC.fullmatch(unit[1]) if unit else None
    if spec is None or spec.group(1, 2) == ("", ""):
        return None
    first, last = (_number(text) for text in spec.group(1, 2))
    if first is None:
        assert last is not None
        return Span(max(0, size - last), size) if last and size else Unsatisfiable()
    if last is not None and last < first:
        return None
    if first >= size:
        return Unsatisfiable()
    return Span(first, size if last is None else min(last + 1, size))


def _number(digits: str) -> int | None:
    if not digits:
        return None
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) <= _DIGITS else 10**_DIGITS


def decide(
    *,
    size: int,
    etag: str,
    modified: datetime,
    range_: str | None = None,
    if_range: str | None = None,
    if_none_match: str | None = None,
    if_modified_since: str | None = None,
) -> Decision:
    """The answer to a GET of a file with these properties and these request headers (None: absent).

    `etag` is a strong one, with its quotes; `modified` is aware. Order of precedence: RFC 9110, 13.2.2.
    """
    modified = modified.astimezone(UTC).replace(microsecond=0)
    headers = {
        "accept-ranges": "bytes",
        "etag": etag,
        "last-modified": format_datetime(modified, usegmt=True),
    }
    if _unchanged(etag, modified, if_none_match, if_modified_since):
        return Decision(status=HTTPStatus.NOT_MODIFIED, start=0, stop=0, headers=headers)
    span = parse_range(range_, size) if _range_applies(etag, modified, if_range) else None
    match span:
        case Span(start, stop):
            headers |= {
                "content-range": f"bytes {start}-{stop - 1}/{size}",
                "content-length": str(stop - start),
            }
            return Decision(status=HTTPStatus.PARTIAL_CONTENT, start=start, stop=stop, headers=headers)
        case Unsatisfiable():
            headers |= {"content-range": f"bytes */{size}", "content-length": "0"}
            status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
            return Decision(status=status, start=0, stop=0, headers=headers)
        case None:
            headers["content-length"] = str(size)
            return Decision(status=HTTPStatus.OK, start=0, stop=size, headers=headers)


def _unchanged(etag: str, modified: datetime, none_match: str | None, modified_since: str | None) -> bool:
    if none_match is not None:
        # Weak comparison (RFC 9110, 8.8.3.2): a W/ in front does not matter.
        tags = re.findall(r'(?:W/)?("[^"]*")', none_match)
        return none_match.strip() == "*" or etag in tags
    since = _date(modified_since)
    return since is not None and modified <= since


def _range_applies(etag: str, modified: datetime, if_range: str | None) -> bool:
    if if_range is None:
        return True
    # Strong comparison: a weak tag, or any other date than exactly ours, means that the whole file is wanted (13.1.5).
    return if_range.strip() == etag or _date(if_range) == modified


def _date(text: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(text or "")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date if date.tzinfo else None
