"""Answers on the wire: the envelope, and the one place where exceptions become one."""

import logging
import math
import secrets
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.types import Send

from understudy.errors import RequestError, StorageFailed, StoreUnavailable, TooManyRequests

JSON_TYPE = b"application/json; charset=utf-8"

_log = logging.getLogger("understudy.api")
_AWAY = 5
_encoder = msgspec.json.Encoder()


class ClientGone(Exception):
    """The other side hung up: there is nobody to answer."""


class Refusal(msgspec.Struct, frozen=True):
    """An error as it is answered: an HTTP status and the envelope."""

    status: int
    body: dict[str, Any]
    retry_after: int = 0
    """Seconds, for the header of that name; 0 for none."""


def refusal(error: Exception) -> Refusal:
    """What is answered for an exception. One that nobody expected is logged under a reference, and only that is told."""
    match error:
        case RequestError():
            entries = [error.message, *error.details]
            return _refuse(error.status, error.code, entries, retry_after(error))
        case StorageFailed():
            _log.error("storage: %s", error)
            return _refuse(503, 0, ["Files cannot be stored or read at the moment. Try again later."], _AWAY)
        case _:
            reference = secrets.token_hex(6)
            _log.error("unexpected error, reference %s", reference, exc_info=error)
            return _refuse(500, 0, [f"Internal server error. Reference: {reference}"])


def retry_after(error: Exception) -> int:
    """Seconds after which the same request may be taken; 0 if waiting does not help."""
    if isinstance(error, TooManyRequests):
        return max(1, math.ceil(error.retry_after))
    return _AWAY if isinstance(error, StoreUnavailable | StorageFailed) else 0


def encode(body: Mapping[str, Any]) -> bytes:
    """JSON."""
    return _encoder.encode(body)


async def send_json(
    send: Send,
    status: int,
    body: bytes,
    *,
    close: bool = False,
    head: bool = False,
    more: bool = False,
    retry_after: int = 0,
) -> None:
    """A whole JSON answer. `close`: the connection is not used again; `more`: the caller ends the answer later."""
    headers = [
        (b"content-type", JSON_TYPE),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
    ]
    if close:
        headers.append((b"connection", b"close"))
    if retry_after:
        headers.append((b"retry-after", str(retry_after).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else body, "more_body": more})


def _refuse(status: int, code: int, messages: list[str], retry_after: int = 0) -> Refusal:
    errors = [{"code": code, "message": message} for message in messages]
    return Refusal(status, {"result": False, "errors": errors}, retry_after)
