"""The tools over streamable HTTP, as an ASGI application that a server mounts at /mcp.

Each request stands for itself: no sessions, so nothing is lost by a restart, and nothing is kept for who went away.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from understudy.errors import InvalidInput, TooLarge, UnderstudyError
from understudy.mcp import body, inside
from understudy.mcp.doorkeeper import Keys, is_ours, keys_of

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from understudy.client import AsyncClient
    from understudy.mcp.asking import Asked

PATH = "/mcp"
MOST_BYTES = 32 * 1024 * 1024
"""One request: a file of 24 MB in base64."""
BODY_SECONDS = 120.0

_CLIENT = "understudy.client"
_HOW = "Send the project's keys as `Authorization: Bearer KEY:SECRET` (or KEY alone, if the project does not sign)."


def create_mcp_app(
    app: ASGIApp, base_url: str, *, most_bytes: int = MOST_BYTES, body_seconds: float = BODY_SECONDS
) -> "McpApp":
    """What to mount at /mcp of the server whose API is `app`; `base_url` is what its clients see."""
    return McpApp(app, base_url, most_bytes, body_seconds)


class McpApp:
    """An ASGI application. Requests are answered inside `lifespan()`."""

    def __init__(self, app: ASGIApp, base_url: str, most_bytes: int, body_seconds: float) -> None:
        self._app = app
        self._base_url = base_url
        self._most_bytes = most_bytes
        self._body_seconds = body_seconds
        self._ready: asyncio.Future[StreamableHTTPSessionManager] | None = None
        self._serving: asyncio.Task[None] | None = None
        self._stopped = asyncio.Event()

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """From here on requests are answered; at the end those that still wait are broken off."""
        try:
            yield
        finally:
            self._stopped.set()
            if self._serving is not None:
                await self._serving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        # Late, as in `_client`: a server that nobody asks here does not pay for its libraries.
        from understudy.client import NotSignedIn

        if scope["type"] != "http":
            raise RuntimeError(f"The Model Context Protocol comes over HTTP, not {scope['type']}.")
        keys = keys_of(scope["headers"])
        if refused := self._refusal(scope, keys):
            await refused(scope, receive, send)
            return
        assert keys is not None
        async with self._client(keys, scope) as client:
            try:
                await client.models(limit=1)
            except NotSignedIn as error:
                await _unauthorized(f"{error.message} {_HOW}")(scope, receive, send)
                return
            except UnderstudyError as error:
                await _refused(503, error.message)(scope, receive, send)
                return
            try:
                content = await body.whole(
                    receive, dict(scope["headers"]), self._most_bytes, self._body_seconds
                )
            except body.Gone:
                return
            except (TooLarge, InvalidInput) as error:
                status = 413 if isinstance(error, TooLarge) else 408
                await _refused(status, error.message, connection="close")(scope, receive, send)
                return
            manager = await self._started()
            known = {**scope, "path": PATH, _CLIENT: client}
            await manager.handle_request(known, body.again(content, receive), send)

    def _refusal(self, scope: Scope, keys: Keys | None) -> Response | None:
        if not is_ours(scope["headers"], self._base_url):
            return _refused(
                421, f"This server is known as {self._base_url}; its operator can change that (server.url)."
            )
        if scope["path"].rstrip("/").lower() != PATH:
            return _refused(404, f"The Model Context Protocol is spoken at {self._base_url}{PATH}.")
        if scope["method"] != "POST":
            # There are no sessions to listen to, and none to end.
            return _refused(405, "Send a POST.", allow="POST")
        return None if keys else _unauthorized(_HOW)

    def _client(self, keys: Keys, scope: Scope) -> "AsyncClient":
        import httpx

        from understudy.client import AsyncClient

        app = inside.Inside(self._app, scope)
        return AsyncClient(
            self._base_url,
            keys.key,
            keys.secret or None,
            environ={},
            transport=httpx.ASGITransport(app),
            connect=lambda: inside.connect(app),
        )

    async def _started(self) -> "StreamableHTTPSessionManager":
        """The protocol's machinery; made for the first request, because the SDK takes half a second and 36 MB."""
        if self._ready is None:
            self._ready = asyncio.get_running_loop().create_future()
            self._serving = asyncio.create_task(self._serve(self._ready))
        # The request that is first may be given up; the others wait for the same thing.
        return await asyncio.shield(self._ready)

    async def _serve(self, ready: "asyncio.Future[StreamableHTTPSessionManager]") -> None:
        try:
            manager = await asyncio.to_thread(_make_manager, self._most_bytes)
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            ready.set_exception(error)
            return
        async with manager.run():
            ready.set_result(manager)
            await self._stopped.wait()


def _make_manager(most_bytes: int) -> "StreamableHTTPSessionManager":
    from mcp.server.transport_security import TransportSecuritySettings

    from understudy.mcp.server import make_server

    server = make_server(_client_of, local=False)
    server.streamable_http_app(
        streamable_http_path=PATH,
        stateless_http=True,
        max_request_body_size=most_bytes,
        # Host and Origin have been checked, by a rule that knows the operator's own name.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    return server.session_manager


def _client_of(asked: "Asked") -> "AsyncClient":
    request = cast(Request, asked.request_context.request)
    return cast("AsyncClient", request.scope[_CLIENT])


def _unauthorized(message: str) -> Response:
    return _refused(401, message, **{"www-authenticate": "Bearer"})


def _refused(status: int, message: str, **headers: str) -> Response:
    """A refusal in the protocol's own form: JSON-RPC 2.0, 5.1, "invalid request"."""
    error = {"code": -32600, "message": message}
    return JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, status, headers)
