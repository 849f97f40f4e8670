"""One path of the dialect as an ASGI application: who asks, the answer, and every exception as the protocol's error."""

import binascii
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from understudy.api.answers import JSON_TYPE, ClientGone, retry_after
from understudy.api.auth import Gate
from understudy.api.openai_videos.refusals import Unsupported, refusal
from understudy.api.parts import Parts
from understudy.api.stream import BodyStream, Patience, TooSlow
from understudy.errors import NotAuthorized, TooLarge
from understudy.tasks.records import Project

Headers = tuple[tuple[bytes, bytes], ...]

_CLOSE = (b"connection", b"close")


class Answer(msgspec.Struct, frozen=True):
    """An answer in one piece."""

    body: bytes
    headers: Headers = ()
    """Beside its type and length."""
    content_type: bytes = JSON_TYPE
    status: int = 200


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """One request whose project is known."""

    project: Project
    method: str
    path: str
    """Below the door, without slashes at its ends."""
    headers: Mapping[bytes, bytes]
    """By lower-case name."""
    stream: BodyStream
    scope: Scope


Answerer = Callable[[Asking], Awaitable[Answer | Response]]
"""Raises `RequestError`."""


class Door:
    """Everything at and below one path."""

    def __init__(self, prefix: str, answer: Answerer, parts: Parts, gate: Gate, patience: Patience) -> None:
        self._cut = len(prefix)
        self._answer = answer
        self._gate = gate
        self._patience = patience
        self._linger_seconds = parts.limits.linger_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        raw_headers = scope["headers"]
        headers = dict(raw_headers)
        stream = BodyStream(receive, headers.get(b"content-length"), self._patience)
        try:
            peer = scope["client"][0] if scope.get("client") else ""
            project = await self._gate.project_by_token(_token(headers), raw_headers, peer)
            answer = await self._answer(
                Asking(
                    project=project,
                    method=scope["method"],
                    path=scope["path"][self._cut :].strip("/"),
                    headers=headers,
                    stream=stream,
                    scope=scope,
                )
            )
        except ClientGone:
            return
        except Exception as error:  # noqa: BLE001 - the one place where whatever happens becomes an answer
            await self._refuse(error, scope["method"] == "HEAD", stream, send)
            return
        if isinstance(answer, Response):
            await answer(scope, receive, send)
        else:
            await _send(send, answer, head=scope["method"] == "HEAD")

    async def _refuse(self, error: Exception, head: bool, stream: BodyStream, send: Send) -> None:
        refused = refusal(error)
        headers: Headers = ()
        if refused.final:
            # The official clients send again what was answered with 409 and 429, unless they are told not to.
            headers += ((b"x-should-retry", b"false"),)
        if seconds := retry_after(error):
            headers += ((b"retry-after", str(seconds).encode()),)
        unread = isinstance(error, TooLarge | Unsupported)
        if unread or isinstance(error, TooSlow):
            headers += (_CLOSE,)
        await _send(send, Answer(refused.body, headers, status=refused.status), head=head, more=unread)
        if unread:
            # Who is cut off in the middle of sending sees a broken connection, not the answer.
            await stream.drain(self._linger_seconds)
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def _token(headers: Mapping[bytes, bytes]) -> str:
    kind, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if token.strip():
        match kind.lower():
            case "bearer":
                return token
            case "basic":
                return _from_basic(token)
    # Clients of Azure send their key so.
    if given := headers.get(b"api-key"):
        return given.decode("latin-1")
    raise NotAuthorized(
        "You did not provide an API key. Send it as `Authorization: Bearer KEY`, or KEY:SECRET for a project that signs."
    )


def _from_basic(token: str) -> str:
    """KEY:SECRET out of http://KEY:SECRET@host/, which is how tools send a key that know none (RFC 7617)."""
    try:
        return binascii.a2b_base64(token.strip(), strict_mode=True).decode("latin-1")
    except ValueError as error:  # binascii's own, and one for what is not even ASCII
        raise NotAuthorized("What stands behind `Authorization: Basic` is not base64.") from error


async def _send(send: Send, answer: Answer, *, head: bool = False, more: bool = False) -> None:
    headers = [
        (b"content-type", answer.content_type),
        (b"content-length", str(len(answer.body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        *answer.headers,
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else answer.body, "more_body": more})
