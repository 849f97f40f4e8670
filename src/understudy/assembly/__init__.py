"""The server, assembled: every part is made here, once, and handed to those who work with it.

`ground` is what every process stands on, `dispatching` what runs tasks, `answering` what answers requests; a server
that is alone has all three, the processes of a larger installation the first and one of the others.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
from starlette.types import ASGIApp

from understudy.assembly.answering import answering
from understudy.assembly.dispatching import dispatching
from understudy.assembly.ground import Ground, grounded
from understudy.config import Settings
from understudy.tasks.dispatcher import Dispatcher
from understudy.tasks.newsroom import Newsroom


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """What serves."""

    app: ASGIApp
    dispatcher: Dispatcher | None
    """What runs tasks here, if anything does."""


@asynccontextmanager
async def assembled(settings: Settings, folder: Path, url: str) -> AsyncIterator[Server]:
    """A server at `url` with its data in `folder`. Raises `ConfigurationError`."""
    async with AsyncExitStack() as stack:
        ground = await grounded(stack, settings, folder, url)
        dispatcher: Dispatcher | None = None
        if settings.role != "api":
            dispatcher = await dispatching(stack, ground)
        app = await answering(stack, ground, dispatcher)
        await stack.enter_async_context(_listening(ground))
        if dispatcher is not None:
            await dispatcher.start()
            stack.push_async_callback(dispatcher.stop, 0.0)
        yield Server(app=app, dispatcher=dispatcher)


@asynccontextmanager
async def _listening(ground: Ground) -> AsyncIterator[None]:
    """Meanwhile the news of other processes are heard."""
    newsroom = Newsroom(
        ground.bus,
        ground.store,
        ground.events,
        waits=lambda model: ground.wakers.waits(model),
        over=lambda task: ground.wakers.stopped(task),
        called=ground.counter.called,
    )
    await newsroom.start()
    try:
        yield
    finally:
        await newsroom.stop()
