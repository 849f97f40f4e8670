"""Signed POSTs to the server."""

import asyncio
import mimetypes
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, Final

import httpx
import msgspec

from understudy import __version__
from understudy.engines.bounded import BoundedClient
from understudy.engines.wiro.answers import Answer, read
from understudy.engines.wiro.options import Server
from understudy.engines.wiro.signing import signed_headers
from understudy.errors import NotAccepted, Unclear

Files = Sequence[tuple[str, str]]
"""Input and path, in the order in which they are sent."""

MOST_BYTES: Final = 64 * 1024 * 1024
"""Of one answer: a page of tasks, each with its log."""

_CONNECTING: Final = 10.0
"""Seconds that a connection may take; less than a request, so that it is known which of the two took too long."""
_KEPT: Final = 2.0
"""Seconds that an idle connection is kept: less than servers do."""


class Connection:
    """The connections to one server."""

    def __init__(self, server: Server, clock: Callable[[], float]) -> None:
        """`clock`: Unix seconds."""
        self._server = server
        self._clock = clock
        self._tls = httpx.create_ssl_context(trust_env=False)
        # A kept connection can be closed by the other side at the moment in which it is used again, and then nobody knows
        # whether the request arrived: purchases get connections of their own.
        self._buying = self._client(httpx.Limits(max_keepalive_connections=0))
        self._asking = self._client(httpx.Limits(keepalive_expiry=_KEPT))

    def _client(self, limits: httpx.Limits) -> httpx.AsyncClient:
        timeout = self._server.timeout
        return BoundedClient(
            most_bytes=MOST_BYTES,
            base_url=self._server.base_url,
            limits=limits,
            timeout=httpx.Timeout(timeout, connect=min(_CONNECTING, timeout / 2), pool=timeout / 2),
            headers={"User-Agent": f"understudy/{__version__}"},
            trust_env=False,
            verify=self._tls,
        )

    async def ask(self, path: str, fields: Mapping[str, str]) -> Answer:
        """POST `fields` as JSON. Raises like `run`."""
        return await self._send(self._asking, path, content=msgspec.json.encode(fields))

    async def run(
        self, path: str, fields: Mapping[str, str], files: Files, headers: Mapping[str, str]
    ) -> Answer:
        """POST what may buy something: JSON, or a form if there are files.

        Raises `NotAccepted` if the server was not reached or a file cannot be read, `Unclear` if the request may have
        arrived.
        """
        if not files:
            return await self._send(self._buying, path, headers, content=msgspec.json.encode(fields))
        with ExitStack() as stack:
            parts = await asyncio.to_thread(_open, files, stack)
            return await self._send(self._buying, path, headers, data=dict(fields), files=parts)

    async def close(self) -> None:
        """Let go of them."""
        await self._buying.aclose()
        await self._asking.aclose()

    async def _send(
        self, client: httpx.AsyncClient, path: str, headers: Mapping[str, str] | None = None, **body: Any
    ) -> Answer:
        signed = signed_headers(self._server.api_key, self._server.api_secret, self._clock())
        kind = {"Content-Type": "application/json"} if "content" in body else {}
        try:
            async with asyncio.timeout(self._server.timeout):
                answer = await client.post(path, headers={**kind, **signed, **(headers or {})}, **body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotAccepted("The server behind this one cannot be reached.", busy=True) from error
        except (httpx.TimeoutException, TimeoutError) as error:
            raise Unclear("The server behind this one did not answer in time.") from error
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise Unclear("The connection to the server behind this one broke.") from error
        retry_after = answer.headers.get("retry-after", "")
        return read(answer.status_code, answer.content, retry_after, self._server.secrets)


def _open(files: Files, stack: ExitStack) -> list[tuple[str, tuple[str, BinaryIO, str]]]:
    """The parts of a form. Their names depend on nothing but the inputs: an Idempotency-Key stands for them, too."""
    parts: list[tuple[str, tuple[str, BinaryIO, str]]] = []
    for number, (name, given) in enumerate(files):
        path = Path(given)
        try:
            file = stack.enter_context(path.open("rb"))
        except OSError as error:
            raise NotAccepted(f"The file of the input {name} cannot be read.") from error
        shown = f"{name}-{number}{path.suffix.lower()}"
        parts.append((name, (shown, file, mimetypes.guess_type(shown)[0] or "application/octet-stream")))
    return parts
