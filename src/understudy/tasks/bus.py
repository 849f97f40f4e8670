"""News between the processes of one installation: what happened to a task, what waits, which hook was called.

Every truth is in the store; whoever misses a message finds it there a little later. A server that is alone has nobody
to tell.
"""

from collections.abc import Callable
from typing import Any, Protocol

import msgspec


class Told(msgspec.Struct, frozen=True, tag="told", tag_field="news", array_like=True):
    """An event of a task (see `events.Event`)."""

    task: int
    type: str
    message: Any = None
    status: bool = False


class Waits(msgspec.Struct, frozen=True, tag="waits", tag_field="news", array_like=True):
    """A task of this model waits in the queue."""

    model: str


class Called(msgspec.Struct, frozen=True, tag="called", tag_field="news", array_like=True):
    """A partner has called the hook with this end."""

    hook: str


Message = Told | Waits | Called
Hear = Callable[[Message], None]


class Bus(Protocol):
    """Carries messages to every other process, in the order in which each of them sends."""

    async def start(self, hear: Hear) -> None:
        """Begin to listen; `hear` gets what others send, never what was sent here, and must not wait."""

    def send(self, message: Message) -> None:
        """Tell the others, soon. Never waits; what cannot be sent for long is dropped, and logged."""

    def behind(self) -> float:
        """Seconds since it was known that nothing of what others have sent is missing here."""

    async def close(self) -> None:
        """Send what is left, then stop."""


class Alone:
    """The bus of a server that is alone."""

    async def start(self, hear: Hear) -> None:
        """See `Bus`."""

    def send(self, message: Message) -> None:
        """See `Bus`."""

    def behind(self) -> float:
        """See `Bus`."""
        return 0.0

    async def close(self) -> None:
        """See `Bus`."""
