"""Errors in the protocol's own form: `{"error": {"message", "type", "param", "code"}}`, with a true HTTP status."""

import re
from collections.abc import Mapping

import msgspec

from understudy.api import answers
from understudy.errors import (
    ConcurrencyLimit,
    InsufficientBalance,
    InvalidInput,
    NotAllowed,
    NotAuthorized,
    NotFound,
    RequestError,
    StoreUnavailable,
    TooLarge,
    TooManyRequests,
    UnknownPath,
)

_REQUEST = "invalid_request_error"
_GENERIC = "Request parameters are invalid."
_LONGEST_PATH = 100
_NAMED = re.compile(r"\[([A-Za-z_]\w*)\]")


class Refused(RequestError):
    """A refusal in this dialect's own words."""

    def __init__(
        self, status: int, message: str, *, param: str | None = None, code: str | None = None
    ) -> None:
        """`param`: the field that is to blame, `code`: for programs."""
        super().__init__(message)
        self.status = status
        self.param = param
        self.code_name = code


class Unsupported(Refused):
    """Something of the protocol that nothing here can do."""

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(400, message, param=param, code="not_supported")


def no_such_way(method: str, path: str) -> Refused:
    """The refusal of a method and path at which there is nothing."""
    return Refused(404, f"Invalid URL ({method} {path[:_LONGEST_PATH]}).", code="unknown_url")


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """An error as it is answered."""

    status: int
    message: str
    type: str
    param: str | None = None
    code: str | None = None

    @property
    def body(self) -> bytes:
        """JSON."""
        names = {"message": self.message, "type": self.type, "param": self.param, "code": self.code}
        return answers.encode({"error": names})

    @property
    def final(self) -> bool:
        """Whether the same request would be refused again, although its status has clients try it once more."""
        return self.status == 409 or self.code == "insufficient_quota"


def refusal(error: Exception) -> Refusal:
    """What is answered for an exception. One that nobody expected is logged under a reference, and only that is told."""
    match error:
        case Refused():
            return Refusal(
                status=error.status,
                message=error.message,
                type=_REQUEST,
                param=error.param,
                code=error.code_name,
            )
        case NotAuthorized():
            return _of(error, 401, _REQUEST, "invalid_api_key")
        case ConcurrencyLimit():
            return _of(error, 429, "rate_limit_error", "rate_limit_exceeded")
        case TooManyRequests():
            return _of(error, 429, "rate_limit_error", "rate_limit_exceeded")
        case InsufficientBalance():
            return _of(error, 429, "insufficient_quota", "insufficient_quota")
        case TooLarge():
            return _of(error, 413, _REQUEST, "request_too_large")
        case NotFound() | UnknownPath():
            return _of(error, 404, _REQUEST, None)
        case NotAllowed():
            return _of(error, 409, _REQUEST, None)
        case InvalidInput():
            return _of(error, 400, _REQUEST, None)
        case StoreUnavailable():
            return _of(error, 503, "server_error", None)
        case _:
            # What is logged of it, and what of that is told, is the same in every dialect.
            plain = answers.refusal(error)
            message = plain.body["errors"][0]["message"]
            return Refusal(status=plain.status, message=message, type="server_error")


def renamed(error: InvalidInput, names: Mapping[str, str]) -> InvalidInput:
    """The same error with fields, which stand in brackets, by other names."""

    def name(found: re.Match[str]) -> str:
        return f"[{names.get(found[1], found[1])}]"

    return InvalidInput(*(_NAMED.sub(name, said) for said in (error.message, *error.details)))


def _of(error: RequestError, status: int, type: str, code: str | None) -> Refusal:
    said = [error.message, *error.details]
    *first, last = said[1:] if said[0] == _GENERIC and len(said) > 1 else said
    message = " ".join([*(each if each.endswith((".", ":")) else f"{each}." for each in first), last])
    named = _NAMED.search(message) if status == 400 else None
    return Refusal(status=status, message=message, type=type, param=named[1] if named else None, code=code)
