"""HTTP as it comes back, read byte by byte and strictly: what is no answer raises `NoAnswer`."""

import json
import re
from typing import Any, NamedTuple

_STATUS = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2}) [ -~]*")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([\x20-\x7e\t\x80-\xff]*)")


class NoAnswer(AssertionError):
    """The bytes are not an HTTP answer."""


class Answer(NamedTuple):
    """One answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, which has to be JSON."""
        return json.loads(self.body)

    @property
    def is_json(self) -> bool:
        """Whether it says that it is JSON."""
        return bool(self.body) and self.headers.get("content-type", "").startswith("application/json")


def read(received: bytes, methods: list[str]) -> list[Answer]:
    """Every answer in what was received up to the end of a connection; `methods` of the requests, as far as known."""
    found: list[Answer] = []
    rest = received
    while rest:
        method = methods[len(found)] if len(found) < len(methods) else "GET"
        head, separator, rest = rest.partition(b"\r\n\r\n")
        if not separator:
            raise NoAnswer(f"an answer without an end of its headers: {head[:200]!r}")
        first, *lines = head.split(b"\r\n")
        status = _STATUS.fullmatch(first)
        if status is None:
            raise NoAnswer(f"no status line: {first[:200]!r}")
        headers = dict(_header(line) for line in lines)
        if status[1] == b"100":
            continue
        body, rest = _body(int(status[1]), method, headers, rest)
        found.append(Answer(int(status[1]), headers, body))
        if status[1] == b"101":
            break
    return found


def _header(line: bytes) -> tuple[str, str]:
    match = _HEADER.fullmatch(line)
    if match is None:
        raise NoAnswer(f"no header: {line[:200]!r}")
    return match[1].decode().lower(), match[2].decode("latin-1")


def _body(status: int, method: str, headers: dict[str, str], rest: bytes) -> tuple[bytes, bytes]:
    if method == "HEAD" or status in (101, 204, 304):
        return b"", rest
    if headers.get("transfer-encoding") == "chunked":
        return _chunks(rest)
    length = int(headers["content-length"])
    if len(rest) < length:
        raise NoAnswer(f"{len(rest)} of {length} bytes")
    return rest[:length], rest[length:]


def _chunks(rest: bytes) -> tuple[bytes, bytes]:
    body = b""
    while True:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        if len(rest) < length + 2 or rest[length : length + 2] != b"\r\n":
            raise NoAnswer("a chunk without its end")
        body, rest = body + rest[:length], rest[length + 2 :]
        if not length:
            return body, rest
