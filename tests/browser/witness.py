"""What pages must not do, noted while they are used: complaints in the console, failed requests, other hosts."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response, WebSocket

_OWN = ("data", "blob", "about")


class Witness:
    """Sees everything that happens in one context of a browser."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self._host = urlsplit(origin).netloc
        self._expected: list[str] = []
        self._seen: list[str] = []
        context.on("console", self._console)
        context.on("weberror", lambda error: self._seen.append(f"exception: {error.error}"))
        context.on("request", self._request)
        context.on("requestfailed", self._failed)
        context.on("response", self._response)
        context.on("page", self._page)

    def expect(self, pattern: str) -> None:
        """What the test itself brings about is no complaint."""
        self._expected.append(pattern)

    @property
    def complaints(self) -> list[str]:
        """All that was seen and was not expected."""
        return [each for each in self._seen if not any(re.search(known, each) for known in self._expected)]

    def _page(self, page: Page) -> None:
        page.on("websocket", self._socket)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._seen.append(f"console {message.type}: {message.text} ({message.location.get('url')})")

    def _request(self, request: Request) -> None:
        self._address("request", request.url)

    def _socket(self, socket: WebSocket) -> None:
        self._address("socket", socket.url)

    def _address(self, kind: str, url: str) -> None:
        address = urlsplit(url)
        if address.scheme not in _OWN and address.netloc != self._host:
            self._seen.append(f"{kind} to another host: {url}")

    def _failed(self, request: Request) -> None:
        # A page that is left, and a player that has what it needs, break off what they had asked for.
        if request.failure != "net::ERR_ABORTED":
            self._seen.append(f"failed: {request.method} {request.url}: {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self._seen.append(f"answered {response.status}: {response.request.method} {response.url}")
