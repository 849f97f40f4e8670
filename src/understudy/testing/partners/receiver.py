"""A fake receiver of webhooks: checks what it is sent as standardwebhooks.com says, and keeps it.

Faults are planned for the step `deliver`.
"""

import base64
import hmac
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from understudy.testing.partners.clock import VirtualClock
from understudy.testing.partners.faults import FaultPlan, Kind
from understudy.testing.partners.misbehaviour import answer

TOLERANCE: Final = 300.0
"""Seconds by which a webhook's time may be off."""


class Delivery(msgspec.Struct, kw_only=True):
    """One webhook, as it came."""

    path: str
    headers: dict[str, str]
    body: bytes
    genuine: bool | None
    """Whether its signature is right; None if the receiver has no secret to check it with."""
    accepted: bool = False
    """Whether it was taken in. Its sender need not know, if the answer was lost."""

    @property
    def id(self) -> str:
        """The same at every attempt: Standard Webhooks' `webhook-id`."""
        return self.headers.get("webhook-id", "")

    @property
    def payload(self) -> Any:
        """The body, which is JSON."""
        return msgspec.json.decode(self.body)


class Receiver:
    """The receiver. It takes a POST at any path."""

    def __init__(
        self, plan: FaultPlan | None = None, *, clock: VirtualClock | None = None, secret: str = ""
    ) -> None:
        """`secret` is `whsec_` and base64; without one every delivery is believed."""
        self.plan = plan or FaultPlan()
        self.clock = clock or VirtualClock()
        self.deliveries: list[Delivery] = []
        """Every attempt, in order."""
        self._secret = secret

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI app."""
        request = Request(scope, receive)
        if request.method != "POST":
            await Response("Method Not Allowed", 405)(scope, receive, send)
            return
        body = await request.body()
        delivery = Delivery(
            path=request.url.path,
            headers=dict(request.headers),
            body=body,
            genuine=is_genuine(self._secret, request.headers, body, self.clock()) if self._secret else None,
        )
        self.deliveries.append(delivery)

        async def act() -> Response:
            if delivery.genuine is False:
                return JSONResponse({"error": "The signature is not valid."}, 401)
            delivery.accepted = True
            return Response(status_code=204)

        await answer(scope, receive, send, self.plan.meet("deliver"), act, _REFUSALS)


def is_genuine(secret: str, headers: Mapping[str, str] | Headers, body: bytes, now: float) -> bool:
    """Whether one of the signatures is that of `id.timestamp.body`, made at about `now` (Unix seconds)."""
    id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not id or not timestamp.isdecimal() or abs(int(timestamp) - now) > TOLERANCE:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{id}.{timestamp}.".encode() + body, "sha256")
    right = "v1," + base64.b64encode(digest).decode()
    given = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(each.encode(), right.encode()) for each in given)


_REFUSALS: Mapping[Kind, Callable[[], Response]] = {
    "busy": lambda: Response("Too Many Requests", 429, {"Retry-After": "1"}),
    "error before": lambda: Response("Internal Server Error", 500),
    "refused": lambda: Response("Bad Request", 400),
    "no account": lambda: Response("Unauthorized", 401),
    "expired": lambda: Response("Gone", 410),
    "redirects": lambda: RedirectResponse("/elsewhere", 307),
}
