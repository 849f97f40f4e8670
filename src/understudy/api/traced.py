"""A span around each request that asks for a clip, in whatever dialect; it goes on with its caller's trace.

Questions and downloads have none: most of them are polls, and would hide the rest.
"""

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from understudy.log import log_context
from understudy.tracing.tracer import Tracer

_ROUTES = (
    (re.compile(r"/v1/run/[^/]+/[^/]+", re.IGNORECASE), "/v1/Run/{owner}/{model}"),
    (re.compile(r"/v1/videos/?"), "/v1/videos"),
    (re.compile(r"/v1.*:predictLongRunning"), "/v1beta/{model}:predictLongRunning"),
)


class TracedRequests:
    """An ASGI application in front of another one."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        route = _route(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else ""
        if not route:
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == b"traceparent"), b"")
        about = {"http.request.method": "POST", "http.route": route}
        with self._tracer.span(
            f"POST {route}", about, kind="server", parent=given.decode("latin-1") if given else None
        ) as span:

            async def sending(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set({"http.response.status_code": message["status"]})
                await send(message)

            with log_context(trace=span.trace_id):
                await self._app(scope, receive, sending)


def _route(path: str) -> str:
    return next((route for pattern, route in _ROUTES if pattern.fullmatch(path)), "")
