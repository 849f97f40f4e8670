"""What both fakes of Google's have in common: requests as they came, who may send them, and the form of errors."""

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from understudy.testing.partners.faults import Fault, Kind
from understudy.testing.partners.misbehaviour import answer

_STATUS: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}
_REFUSED_CONTENT: Final = (
    "The prompt could not be submitted. It contains sensitive words that violate Google's Responsible AI practices."
    " Support codes: 64151117"
)


Act = Callable[[], Response]
"""Does what was asked and answers. Raises `Refused`."""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A request that arrived."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: Any
    """Decoded; None if there was none."""


class Refused(Exception):
    """The request is wrong: an answer 4xx in Google's form."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


Form = Callable[[int, str], dict[str, Any]]
"""What an error with a status and a message looks like."""


def of_the_cloud(status: int, message: str) -> dict[str, Any]:
    """google.rpc.Status over HTTP."""
    return {"error": {"code": status, "message": message, "status": _STATUS[status]}}


def of_interactions(status: int, message: str) -> dict[str, Any]:
    """google-genai 3.4.0, `interactions.Error`: its code is text, the SDK takes no other."""
    return {"error": {"code": _STATUS[status].lower(), "message": message}}


async def received(scope: Scope, receive: Receive) -> Sent:
    """The request, whole. Raises `Refused` if its body is no JSON."""
    request = Request(scope, receive)
    content = await request.body()
    try:
        body = json.loads(content) if content else None
    except ValueError as error:
        raise Refused(400, "Invalid JSON payload received.") from error
    return Sent(
        method=request.method,
        path=request.url.path,
        query=request.url.query,
        headers=dict(request.headers),
        body=body,
    )


def must_be_signed(sent: Sent, key: str) -> None:
    """Raise `Refused` unless the request carries `key`: as `x-goog-api-key`, or as a bearer's token, not both."""
    good = {"x-goog-api-key": key, "authorization": f"Bearer {key}"}
    given = [name for name in good if name in sent.headers]
    if len(given) != 1 or not hmac.compare_digest(sent.headers[given[0]].encode(), good[given[0]].encode()):
        raise Refused(401, "Request had invalid authentication credentials.")


def is_picture(data: object, content_type: object) -> bool:
    """Whether `data` is a JPEG or PNG in base64, as its type says."""
    begins = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG"}.get(str(content_type))
    try:
        start = base64.b64decode(data, validate=True)[:4] if isinstance(data, str) else b""
    except ValueError:
        return False
    return begins is not None and start.startswith(begins)


async def play(
    scope: Scope,
    receive: Receive,
    send: Send,
    asked: Callable[[Sent], tuple[Act, Fault | None]],
    form: Form,
) -> None:
    """Answer a request with what it is `asked` for, or as the fault that it meets has it; errors have their `form`."""
    act, fault = await _read(scope, receive, asked)

    async def acted() -> Response:
        try:
            return act()
        except Refused as refused:
            return JSONResponse(form(refused.status, str(refused)), refused.status)

    await answer(scope, receive, send, fault, acted, _refusals(scope, form))


async def _read(
    scope: Scope, receive: Receive, asked: Callable[[Sent], tuple[Act, Fault | None]]
) -> tuple[Act, Fault | None]:
    try:
        return asked(await received(scope, receive))
    except Refused as refused:
        reason = refused

        def refuse() -> Response:
            raise reason

        return refuse, None


def _refusals(scope: Scope, form: Form) -> Mapping[Kind, Callable[[], Response]]:
    """What is answered although nothing was done."""

    def refusal(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
        return JSONResponse(form(status, message), status, headers)

    return {
        "busy": lambda: refusal(429, "Resource exhausted. Please try again later.", {"retry-after": "2"}),
        "error before": lambda: refusal(503, "The service is currently unavailable."),
        "refused": lambda: refusal(400, "Request contains an invalid argument."),
        "refused content": lambda: refusal(400, _REFUSED_CONTENT),
        "no account": lambda: refusal(401, "Request had invalid authentication credentials."),
        "expired": lambda: refusal(404, "Requested entity was not found."),
        "redirects": lambda: RedirectResponse(f"{scope['path']}/elsewhere", 307),
    }
