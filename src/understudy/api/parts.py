"""What the API is assembled from: every part is handed in, none is found."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Protocol

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from understudy.catalogue.catalogue import Catalogue
from understudy.files.storage import Storage
from understudy.tasks.desk import Desk
from understudy.tasks.events import Events
from understudy.tasks.projects import Projects
from understudy.tasks.rates import Rates
from understudy.tasks.records import Project
from understudy.tasks.store.store import Store


class Web(Protocol):
    """The dashboard."""

    def serves(self, scope: Scope) -> bool:
        """Whether a request is for one of its pages."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer it."""


SignedIn = Callable[[Mapping[bytes, bytes]], Awaitable[Project | None]]
"""By a request's headers. Raises `NotAuthorized` for a session without its form token."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one request may cost. Sizes in bytes, times in seconds."""

    json_bytes: int = 1024 * 1024
    """A body without files, and the text fields of one with files together."""
    upload_bytes: int = 100_000_000
    """One file."""
    request_bytes: int = 210_000_000
    """A body with files."""
    image_pixels: int = 50_000_000
    fields: int = 200
    """Parts of a multipart body, fields of a form."""
    idle_seconds: float = 30.0
    """Silence in the middle of a body."""
    body_seconds: float = 900.0
    """A whole body."""
    linger_seconds: float = 2.0
    """How long a body that was refused is still read, so that its sender gets to see the answer."""
    socket_tokens: int = 1000
    """Tasks watched on one socket."""
    socket_idle_seconds: float = 60.0
    """A socket that watches nothing yet."""
    socket_grace_seconds: float = 2.0
    """From the last watched task's end to the close of the socket."""


async def nothing_else_to_check() -> None:
    """For `Parts.ready` of a server without a dispatcher."""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """The parts, and the operator's settings that concern the API."""

    catalogue: Catalogue
    desk: Desk
    store: Store
    storage: Storage
    projects: Projects
    events: Events
    clock: Callable[[], float]
    """Unix seconds."""
    base_url: str
    """What clients see in front of every path, without a slash at its end."""
    incoming: Path
    """An existing folder for uploads on their way in."""
    ready: Callable[[], Awaitable[None]] = nothing_else_to_check
    """Raises an `UnderstudyError` that says what is missing, beside the store, to work on tasks."""
    rates: Rates | None = None
    """How often a project may ask."""
    limits: Limits = Limits()
    decoding: asyncio.Semaphore = msgspec.field(default_factory=lambda: asyncio.Semaphore(2))
    """Room for pictures that are being decoded."""
    nonce_window: int = 0
    """Seconds by which a nonce, read as a Unix time, may be off; 0 takes any nonce."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks of proxies whose X-Forwarded-For is believed."""
    remember_project_seconds: float = 1.0
    """For how long a project is not looked up again: how late a change of its keys may be noticed."""
    called: Callable[[str], bool] = lambda _: False
    """Told of the ends of addresses under /v1/hooks that partners call."""
    signed_urls: float = 0.0
    """Seconds that a file may be read from the storage itself, where a download leads then; 0: files come from here."""
    metrics: Callable[[], Awaitable[bytes]] | None = None
    """What Prometheus reads, as text."""
    metrics_from: tuple[str, ...] = ()
    """Addresses and networks that may read it."""
    mcp: ASGIApp | None = None
    """Answers the Model Context Protocol at /mcp, if the extra is installed."""
    web: Web | None = None
    """The dashboard, if it is wanted."""
    signed_in: SignedIn | None = None
    """In which project a page of the dashboard asks, as proved by its session; None for who has none."""
