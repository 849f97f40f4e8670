import socket

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from understudy.testing.partners.faults import Fault
from understudy.testing.partners.misbehaviour import answer
from understudy.testing.partners.serving import abort, serving


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    if Request(scope).url.path == "/broken":
        abort(scope)
    await PlainTextResponse("hello")(scope, receive, send)


class Method:
    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        await hello(scope, receive, send)


def test_a_real_socket() -> None:
    with serving(hello) as url:
        assert httpx.get(url).text == "hello"
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            httpx.get(f"{url}/broken")
        assert httpx.get(url).text == "hello"
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_an_app_may_be_a_method() -> None:
    with serving(Method().app) as url:
        assert httpx.get(url).text == "hello"


def test_a_port_of_ones_own() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for _ in range(2):
        with serving(hello, port) as url:
            assert url == f"http://127.0.0.1:{port}"
            assert httpx.get(url).text == "hello"
            with pytest.raises(OSError, match="in use"), serving(hello, port):
                pass


class Clerk:
    """Answers with 1000 bytes, unless a fault comes between, and counts how often it did its work."""

    def __init__(self, fault: Fault | None) -> None:
        self.fault = fault
        self.done = 0

    async def act(self) -> PlainTextResponse:
        self.done += 1
        return PlainTextResponse("x" * 1000)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusals = {"busy": lambda: PlainTextResponse("later", 429)}
        await answer(scope, receive, send, self.fault, self.act, refusals)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "status", "body", "done"),
    [
        (None, 200, "x" * 1000, 1),
        ("busy", 429, "later", 0),
        ("error after", 500, "Internal Server Error", 1),
        ("slow", 200, "x" * 1000, 1),
        ("damaged", 200, "This is no video.", 1),
        ("wrong type", 200, "<html><body>Please sign in.</body></html>", 1),
        ("filtered", 200, "x" * 1000, 1),
    ],
)
def test_answers_under_a_fault(kind: str | None, status: int, body: str, done: int) -> None:
    clerk = Clerk(Fault("check", kind, seconds=0.05) if kind else None)  # type: ignore[arg-type]
    with serving(clerk.app) as url:
        got = httpx.get(url)
    assert (got.status_code, got.text, clerk.done) == (status, body, done)


@pytest.mark.parametrize(
    ("kind", "done"),
    [("drop before", 0), ("drop after", 1), ("hang before", 0), ("hang after", 1), ("truncated", 1)],
)
def test_connections_that_break(kind: str, done: int) -> None:
    clerk = Clerk(Fault("check", kind, seconds=0.05))  # type: ignore[arg-type]
    with serving(clerk.app) as url, pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        httpx.get(url)
    assert clerk.done == done
