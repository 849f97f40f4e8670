"""Where partners call when a job ends: believed in nothing but that it may be worth a look."""

from collections.abc import Callable

from starlette.types import Receive, Scope, Send

PREFIX = "/v1/hooks"


class Hooks:
    """Answers every call alike, so that nobody learns which addresses there are."""

    def __init__(self, called: Callable[[str], bool]) -> None:
        self._called = called

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell whoever waits; the body is not read."""
        if scope["method"] == "POST":
            self._called(scope["path"].rpartition("/")[2])
        headers = [(b"content-length", b"0"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 202, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
