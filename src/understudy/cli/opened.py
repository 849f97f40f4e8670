"""Work on what a server remembers, whether it runs or not."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

Opened = TypeVar("Opened")
Found = TypeVar("Found")


def with_opened(
    opening: AbstractAsyncContextManager[Opened], work: Callable[[Opened], Awaitable[Found]]
) -> Found:
    """What `work` finds in what `opening` opens (see `understudy.stores`); closed again when this returns."""
    import asyncio

    async def all_of_it() -> Found:
        async with opening as opened:
            return await work(opened)

    return asyncio.run(all_of_it())
