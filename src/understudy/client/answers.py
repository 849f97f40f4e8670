"""From an HTTP answer to the envelope's payload, or to the error that it stands for. No I/O happens here."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from understudy.client.errors import (
    InsufficientBalance,
    LimitReached,
    NotFound,
    NotSignedIn,
    RequestRefused,
    UnexpectedAnswer,
)
from understudy.client.wire_values import tables, text, whole

REFUSED_FOR_NOW = frozenset({429, 503})
"""HTTP statuses that say: not now, and that the request was not carried out."""
LOST_BEHIND_A_PROXY = frozenset({502, 504})
"""HTTP statuses that do not tell whether it was."""


def is_passing(status: int, repeatable: bool) -> bool:
    """Whether the same request should be sent again."""
    return status in REFUSED_FOR_NOW or (repeatable and status in LOST_BEHIND_A_PROXY)


def payload(status: int, body: bytes, url: str) -> dict[str, Any]:
    """The envelope of a successful answer.

    Raises `RequestRefused` (or one of its kinds) for the error envelope, `UnexpectedAnswer` for anything else.
    """
    try:
        wire = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        wire = None
    if not isinstance(wire, dict) or "result" not in wire:
        raise UnexpectedAnswer(
            f"{url} answered with HTTP {status}, but not like an Understudy server. Is the address right?"
        )
    if wire["result"] is True and status < 400:
        return wire
    raise refusal(status, wire)


def refusal(status: int, wire: Mapping[str, Any]) -> RequestRefused:
    """The error that an error envelope stands for."""
    errors = tables(wire, "errors")
    code = whole(errors[0], "code") if errors else 0
    message = _joined(text(each, "message") for each in errors) or f"refused with HTTP {status}"
    kind = RequestRefused
    if status == 401 or code in (98, 99):
        kind = NotSignedIn
    elif status == 429 or code == 96:
        kind = LimitReached
    elif code == 97:
        kind = InsufficientBalance
    elif code == 1:
        kind = NotFound
    return kind(code, message, status)


def _joined(messages: Iterable[str]) -> str:
    whole = ""
    for each in filter(None, messages):
        whole += ("" if not whole else " " if whole.endswith(".") else "; ") + each
    return whole
