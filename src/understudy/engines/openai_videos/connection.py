"""Requests to one server: by the official SDK, which puts them into the protocol's form and never repeats one.

The SDK's methods for videos warn that OpenAI's own service has ended, so its general ones are used (`post`, `get`,
`delete`), which it documents for paths that it does not know. Every answer is bounded, whatever its headers say.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from understudy.engines.mappings.picture import Picture
from understudy.engines.openai_videos.options import Options

if TYPE_CHECKING:
    import httpx2

MAX_ANSWER: Final = 8 * 1024 * 1024
"""Bytes of an answer that is no clip: a page of 100 jobs with prompts of 32,000 characters is 3 MB."""

_CONNECT: Final = 10.0
_UNBOUNDED: Final = "understudy.unbounded"
_FROM_ENVIRONMENT: Final = ("authorization", "openai-organization", "openai-project")
"""Headers that the SDK fills from variables that are meant for OpenAI, not for this server."""


class Connection:
    """One server and its key. Raises what the SDK raises, and TimeoutError."""

    def __init__(self, options: Options) -> None:
        import httpx2
        from openai import AsyncOpenAI

        self._timeout = options.timeout
        self._header, self._value = (
            ("api-key", options.api_key)
            if options.profile.header == "api-key"
            else ("authorization", f"Bearer {options.api_key}")
        )
        self._keyed = bool(options.api_key)
        self._for_creates = options.profile.headers
        self._base_url = options.base_url
        self._http = httpx2.AsyncClient(
            # Shorter than the whole, so that a host that is not there is told from one that does not answer.
            timeout=httpx2.Timeout(options.timeout, connect=min(_CONNECT, options.timeout / 2)),
            # A connection that the server closes just when it is used again would leave a purchase unclear.
            limits=httpx2.Limits(max_keepalive_connections=0),
            # A redirect would send a purchase twice, or the key to another host.
            follow_redirects=False,
            event_hooks={"request": [self._sign], "response": [_bound]},
        )
        self._sdk = AsyncOpenAI(
            api_key="by-hook", base_url=options.base_url, max_retries=0, http_client=self._http
        )

    async def create(
        self, fields: Mapping[str, str], picture: Picture | None, key: str, json: bool
    ) -> "httpx2.Response":
        """POST /videos, once; `json`: not as a form."""
        import httpx2

        content_type = "application/json" if json else "multipart/form-data"
        files = [("input_reference", (picture.name, picture.data, picture.content_type))] if picture else None
        return await self._within(
            lambda: self._sdk.post(
                "/videos",
                cast_to=httpx2.Response,
                body=dict(fields),
                files=files,
                options={
                    "headers": {"Content-Type": content_type, "Idempotency-Key": key, **self._for_creates}
                },
            )
        )

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> "httpx2.Response":
        """GET a path below the base address."""
        import httpx2

        return await self._within(
            lambda: self._sdk.get(path, cast_to=httpx2.Response, options={"params": dict(query or {})})
        )

    async def delete(self, path: str) -> "httpx2.Response":
        """DELETE a path below the base address."""
        import httpx2

        return await self._within(lambda: self._sdk.delete(path, cast_to=httpx2.Response))

    @asynccontextmanager
    async def stream(
        self, url: str, query: Mapping[str, str] | None = None
    ) -> AsyncIterator["httpx2.Response"]:
        """GET an address, or a path below the base address, with the body still to come and errors not raised.

        Only for addresses of this server: the key goes there. Raises what httpx2 raises.
        """
        request = self._http.build_request(
            "GET",
            url if "://" in url else f"{self._base_url}{url}",
            params=dict(query) if query else None,
            extensions={_UNBOUNDED: True},
        )
        response = await self._http.send(request, stream=True)
        try:
            yield response
        finally:
            await response.aclose()

    async def close(self) -> None:
        """Close the connections."""
        await self._sdk.close()

    async def _within(self, request: "Callable[[], Awaitable[httpx2.Response]]") -> "httpx2.Response":
        # The client's own limits are for each piece that comes; this one is for all of it.
        async with asyncio.timeout(self._timeout):
            return await request()

    async def _sign(self, request: "httpx2.Request") -> None:
        for name in _FROM_ENVIRONMENT:
            request.headers.pop(name, None)
        if self._keyed:
            request.headers[self._header] = self._value
        request.headers["accept-encoding"] = "identity"


async def _bound(response: "httpx2.Response") -> None:
    """Let no more than `MAX_ANSWER` bytes of an answer into memory, and nothing compressed: it could be any size."""
    import httpx2

    if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise httpx2.RemoteProtocolError("compressed although that was not asked for")
    if _UNBOUNDED not in response.request.extensions:
        response.stream = _bounded_stream(response.stream)


def _bounded_stream(stream: Any) -> Any:
    import httpx2

    class Bounded(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for piece in stream:
                size += len(piece)
                if size > MAX_ANSWER:
                    raise httpx2.RemoteProtocolError("the answer is too large")
                yield piece

        async def aclose(self) -> None:
            await stream.aclose()

    return Bounded()
