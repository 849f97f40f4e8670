"""What a process that only runs tasks answers: whether it lives, whether it works, and its figures."""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from understudy.api.answers import encode, refusal, send_json
from understudy.api.app import UNKNOWN
from understudy.api.pages import Pages
from understudy.api.parts import Parts
from understudy.errors import UnderstudyError, UnknownPath


def create_admin_app(parts: Parts) -> ASGIApp:
    """`/healthz`, `/readyz`, `/metrics`."""
    pages = Pages(parts)
    table = {"/healthz": pages.healthz, "/readyz": pages.readyz, "/metrics": pages.metrics}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        head = scope["method"] == "HEAD"
        try:
            page = table.get(scope["path"]) if scope["method"] in ("GET", "HEAD") else None
            if page is None:
                raise UnknownPath(UNKNOWN, "This process runs tasks; requests are answered by another one.")
            response = await page(Request(scope, receive))
        except UnderstudyError as error:
            refused = refusal(error)
            await send_json(send, refused.status, encode(refused.body), head=head)
        else:
            await response(scope, receive, send)

    return app
