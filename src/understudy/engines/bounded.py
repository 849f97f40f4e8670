"""An HTTP client for a partner's answers: each is read whole, but none without end. Imported late, for httpx is heavy."""

from typing import Any

import httpx


class BoundedClient(httpx.AsyncClient):
    """`httpx.AsyncClient`, for answers of up to `most_bytes`, counted as they are once unpacked. It follows no redirect."""

    def __init__(self, *, most_bytes: int, **how: Any) -> None:
        """`how` is `httpx.AsyncClient`'s."""
        super().__init__(follow_redirects=False, **how)
        self._most_bytes = most_bytes

    async def send(self, request: httpx.Request, **how: Any) -> httpx.Response:
        """As `httpx.AsyncClient.send`, never as a stream. Raises `httpx.ReadError` for what is too large."""
        answer = await super().send(request, **{**how, "stream": True})
        content = bytearray()
        try:
            async for piece in answer.aiter_bytes():
                content += piece
                if len(content) > self._most_bytes:
                    raise httpx.ReadError(f"more than {self._most_bytes:,} bytes", request=request)
        finally:
            await answer.aclose()
        # It is unpacked already.
        headers = [(name, value) for name, value in answer.headers.raw if name.lower() != b"content-encoding"]
        return httpx.Response(
            answer.status_code,
            headers=headers,
            content=bytes(content),
            request=request,
            extensions=answer.extensions,
        )
