"""The news between the processes of a simulated cluster."""

import asyncio
import random

from understudy.tasks.bus import Hear, Message, Told, Waits
from understudy.tasks.lifecycle import is_terminal

DELAY_SECONDS = 0.05


class Wire:
    """Carries, after a moment, that a task waits and that one has ended, and loses some of it.

    What runs say meanwhile is left out: nobody watches here.
    """

    def __init__(self, loses: float, chance: random.Random) -> None:
        """`loses`: the share of the messages that is lost."""
        self._loses = loses
        self._chance = chance
        self._ears: dict[End, Hear] = {}
        self._pending: dict[tuple[End, Message], None] = {}

    def end(self) -> "End":
        """A `Bus` for one process."""
        return End(self)

    def connect(self, end: "End", hear: Hear) -> None:
        """From now on it hears."""
        self._ears[end] = hear

    def cut(self, end: "End") -> None:
        """From now on it hears nothing."""
        self._ears.pop(end, None)

    def carry(self, sender: "End", message: Message) -> None:
        """To all others; the same news are told once."""
        if not self._pending:
            asyncio.get_running_loop().call_later(DELAY_SECONDS, self._deliver)
        self._pending[sender, message] = None

    def _deliver(self) -> None:
        pending, self._pending = self._pending, {}
        for sender, message in pending:
            for end, hear in list(self._ears.items()):
                if end is not sender and self._chance.random() >= self._loses:
                    hear(message)


class End:
    """One process's end of the wire: a `Bus`."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def start(self, hear: Hear) -> None:
        """See `Bus`."""
        self._wire.connect(self, hear)

    def send(self, message: Message) -> None:
        """See `Bus`."""
        match message:
            case Waits():
                self._wire.carry(self, message)
            case Told() if message.status and is_terminal(message.type):
                self._wire.carry(self, Told(message.task, message.type, None, status=True))

    async def close(self) -> None:
        """See `Bus`."""
        self._wire.cut(self)
