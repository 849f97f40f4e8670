"""Carrying out a fault on an HTTP answer: what is the same for every protocol."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from understudy.testing.partners.faults import Fault, Kind
from understudy.testing.partners.serving import abort

Act = Callable[[], Awaitable[Response]]
"""Does what the request asks, and gives its answer."""

DAMAGED = b"This is no video."
_PIECES = 10


async def answer(
    scope: Scope,
    receive: Receive,
    send: Send,
    fault: Fault | None,
    act: Act,
    refusals: Mapping[Kind, Callable[[], Response]],
) -> None:
    """Answer a request as `fault` says; without one as `act` does.

    `refusals` are the protocol's own answers for kinds of faults in which nothing is done: "busy", "error before",
    "refused", "refused content", "no account", "expired", "redirects". Fates of jobs are for `act` to know.
    """
    kind: Kind | None = fault.kind if fault else None
    seconds = fault.seconds if fault else 0.0
    if kind is not None and kind in refusals:
        await refusals[kind]()(scope, receive, send)
        return
    if kind == "hang before":
        await asyncio.sleep(seconds)
    if kind in ("drop before", "hang before"):
        abort(scope)
        return
    response = await act()
    if kind == "hang after":
        await asyncio.sleep(seconds)
    match kind:
        case "drop after" | "hang after":
            abort(scope)
        case "error after":
            await Response("Internal Server Error", 500)(scope, receive, send)
        case "wrong type":
            await HTMLResponse("<html><body>Please sign in.</body></html>")(scope, receive, send)
        case "damaged":
            await Response(DAMAGED, response.status_code, media_type=response.media_type)(
                scope, receive, send
            )
        case "truncated":
            await _begin(response, send)
            await _send_piece(send, bytes(response.body)[: len(response.body) // 2])
            abort(scope)
        case "slow":
            await _begin(response, send)
            await _slowly(bytes(response.body), seconds, send)
        case _:
            await response(scope, receive, send)


async def _begin(response: Response, send: Send) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": response.status_code,
            "headers": response.raw_headers,
        }
    )


async def _slowly(body: bytes, seconds: float, send: Send) -> None:
    size = -(-len(body) // _PIECES) or 1
    for start in range(0, len(body), size):
        await asyncio.sleep(seconds / _PIECES)
        await _send_piece(send, body[start : start + size])
    await _send_piece(send, b"", more=False)


async def _send_piece(send: Send, piece: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": piece, "more_body": more})
