"""Errors in Google's form: `{"error": {"code", "message", "status", "details"}}`, with that HTTP status (AIP-193)."""

from typing import Any

from understudy.api.answers import Refusal, refusal
from understudy.errors import (
    ConcurrencyLimit,
    InsufficientBalance,
    InvalidInput,
    NotAllowed,
    NotAuthorized,
    NotFound,
    StorageFailed,
    StoreUnavailable,
    TooLarge,
    TooManyRequests,
    UnknownPath,
)

_BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"

STATUSES: tuple[tuple[type[Exception], int, str], ...] = (
    (TooLarge, 413, "INVALID_ARGUMENT"),
    (InvalidInput, 400, "INVALID_ARGUMENT"),
    (NotAuthorized, 401, "UNAUTHENTICATED"),
    (NotFound, 404, "NOT_FOUND"),
    (UnknownPath, 404, "NOT_FOUND"),
    (NotAllowed, 400, "FAILED_PRECONDITION"),
    (ConcurrencyLimit, 429, "RESOURCE_EXHAUSTED"),
    (TooManyRequests, 429, "RESOURCE_EXHAUSTED"),
    (InsufficientBalance, 403, "PERMISSION_DENIED"),
    (StoreUnavailable, 503, "UNAVAILABLE"),
    (StorageFailed, 503, "UNAVAILABLE"),
)
"""The HTTP status and the canonical code of each exception (google/rpc/code.proto); a subclass before its parent."""


class FieldRefused(InvalidInput):
    """A field of the request is missing, of the wrong type, or not played here."""

    def __init__(self, field: str, reason: str) -> None:
        """`field`: its place in the request, such as `parameters.durationSeconds`."""
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def google_refusal(error: Exception) -> Refusal:
    """What is answered for an exception; one that nobody expected is logged, and only a reference to that is told."""
    plain = refusal(error)
    entries = [entry["message"] for entry in plain.body["errors"]]
    code, status = next(
        ((code, status) for kind, code, status in STATUSES if isinstance(error, kind)),
        (plain.status if plain.status >= 400 else 400, "INTERNAL" if plain.status >= 500 else "UNKNOWN"),
    )
    body: dict[str, Any] = {"code": code, "message": " ".join(entries), "status": status}
    if isinstance(error, FieldRefused):
        violation = {"field": error.field, "description": error.reason}
        body["details"] = [{"@type": _BAD_REQUEST, "fieldViolations": [violation]}]
    return Refusal(code, {"error": body}, plain.retry_after)
