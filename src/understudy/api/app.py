"""The ASGI application: finds the endpoint, answers, and turns every exception into the envelope.

The POST endpoints are looked up in a dict, before anything else and without middleware: at thousands of requests
a second, layers would cost more than the work.
"""

from functools import partial

from starlette.types import ASGIApp, Receive, Scope, Send

from understudy.api.answers import ClientGone, encode, refusal, send_json
from understudy.api.auth import Gate
from understudy.api.call import Call, Endpoint
from understudy.api.doors import doors
from understudy.api.parts import Parts
from understudy.api.reading import Reading
from understudy.api.socket import Socket
from understudy.api.stream import BodyStream, Patience, TooSlow
from understudy.api.wiro import endpoints
from understudy.api.wiro.run import PREFIX as RUN
from understudy.errors import TooLarge, UnknownPath
from understudy.log import log_context

UNKNOWN = "Error parsing url."


def create_app(parts: Parts) -> ASGIApp:
    """The server's whole API. `parts` outlives it; nothing is opened or closed here.

    Raises ValueError for a proxy that is no address or network.
    """
    return Api(parts)


class Api:
    """An ASGI application."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._gate = Gate(
            parts.projects,
            parts.clock,
            nonce_window=parts.nonce_window,
            trusted_proxies=parts.trusted_proxies,
            remember_seconds=parts.remember_project_seconds,
            rates=parts.rates,
            signed_in=parts.signed_in,
        )
        self._patience = Patience(
            idle_seconds=parts.limits.idle_seconds, body_seconds=parts.limits.body_seconds
        )
        self._endpoints = endpoints(parts)
        self._run = self._endpoints[RUN]
        self._reading = Reading(parts, self.posts_to)
        self._doors = doors(parts, self._gate, self._patience)
        self._socket = Socket(parts.store, parts.events, parts.limits, parts.base_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one socket."""
        kind = scope["type"]
        if kind == "http":
            # Whoever finds out which task the request is about adds it.
            with log_context():
                if scope["method"] == "POST" and (endpoint := self._endpoint(scope["path"])):
                    await self._post(endpoint, scope, receive, send)
                elif door := self._door(scope["path"]):
                    await door(scope, receive, send)
                else:
                    await self._other(scope, receive, send)
        elif kind == "websocket":
            await self._socket(scope, receive, send)
        elif kind == "lifespan":
            await _lifespan(receive, send)

    def posts_to(self, path: str) -> bool:
        """Whether POST is answered there."""
        return self._endpoint(path) is not None

    def _door(self, path: str) -> ASGIApp | None:
        for prefix, door in self._doors:
            if path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/"):
                return door
        return None

    def _endpoint(self, path: str) -> Endpoint | None:
        # As documented, the paths are case-sensitive; clients in the wild differ.
        path = path.lower()
        if path.startswith(RUN):
            return self._run
        return self._endpoints.get(path)

    async def _post(self, endpoint: Endpoint, scope: Scope, receive: Receive, send: Send) -> None:
        raw_headers = scope["headers"]
        headers = dict(raw_headers)
        stream = BodyStream(receive, headers.get(b"content-length"), self._patience)
        call: Call | None = None
        try:
            peer = scope["client"][0] if scope.get("client") else ""
            project = await self._gate.project(headers, raw_headers, peer)
            call = Call(project, scope["path"], headers, stream, self._parts.limits, self._parts.incoming)
            answer = await endpoint(call)
            text = answer if isinstance(answer, bytes) else encode(answer)
        except ClientGone:
            return
        except Exception as error:  # noqa: BLE001 - the one place where whatever happens becomes an answer
            await self._refuse(error, stream, send)
        else:
            await send_json(send, 200, text)
        finally:
            if call is not None:
                call.discard()

    async def _refuse(self, error: Exception, stream: BodyStream, send: Send) -> None:
        refused = refusal(error)
        answer = partial(
            send_json, send, refused.status, encode(refused.body), retry_after=refused.retry_after
        )
        if isinstance(error, TooLarge):
            # Who is cut off in the middle of sending sees a broken connection, not the answer.
            await answer(close=True, more=True)
            await stream.drain(self._parts.limits.linger_seconds)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await answer(close=isinstance(error, TooSlow))

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if await self._reading.answer(scope, receive, send):
                return
            raise UnknownPath(UNKNOWN)
        except ClientGone:
            return
        except Exception as error:  # noqa: BLE001 - see _post
            refused = refusal(error)
            await send_json(
                send,
                refused.status,
                encode(refused.body),
                head=scope["method"] == "HEAD",
                retry_after=refused.retry_after,
            )


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
