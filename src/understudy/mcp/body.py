"""The body of a request at /mcp, read before the protocol's machinery sees it: bounded in size and in time."""

import asyncio
from collections.abc import Mapping

from starlette.types import Message, Receive

from understudy.errors import InvalidInput, TooLarge


class Gone(Exception):
    """The caller has left in the middle of the body."""


MOST_VALUES = 100_000
"""In one body, give or take what commas its texts have: a body of empty lists would take thirty times its size."""


async def whole(receive: Receive, headers: Mapping[bytes, bytes], most_bytes: int, seconds: float) -> bytes:
    """All of it. Raises `TooLarge`, `InvalidInput` if it is not there after `seconds`, and `Gone`."""
    declared = headers.get(b"content-length", b"")
    if declared.isdigit() and int(declared) > most_bytes:
        raise _too_large(most_bytes)
    content, more = bytearray(), True
    try:
        async with asyncio.timeout(seconds):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                content += message.get("body", b"")
                if len(content) > most_bytes:
                    raise _too_large(most_bytes)
                more = message.get("more_body", False)
    except TimeoutError as error:
        raise InvalidInput("The body did not arrive in time.") from error
    if content.count(b",") > MOST_VALUES:
        raise InvalidInput("The body has too many values in it.")
    return bytes(content)


def again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body that was read once more, and then what comes after it."""
    read = False

    async def replayed() -> Message:
        nonlocal read
        if read:
            return await receive()
        read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


def _too_large(most_bytes: int) -> TooLarge:
    return TooLarge(
        f"One request may have {most_bytes:,} bytes; let a file be fetched from its address instead."
    )
