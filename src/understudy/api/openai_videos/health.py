"""`GET /health`: what benchmark tools of the neighbourhood ask before they begin. It needs no key."""

from starlette.types import Receive, Scope, Send

from understudy.api.answers import send_json


async def health(scope: Scope, receive: Receive, send: Send) -> None:
    """200: requests are answered."""
    await send_json(send, 200, b'{"status":"ok"}', head=scope["method"] == "HEAD")
