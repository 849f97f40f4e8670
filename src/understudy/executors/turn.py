"""One Load or Run, from its order to its answer and its marks, or to the loss of the process."""

import asyncio
import secrets
from typing import Literal

from understudy.errors import ReplicaLost
from understudy.executors.executor import Line, Listener
from understudy.executors.lines import Budget
from understudy.executors.protocol import Answer

Stream = Literal["stdout", "stderr"]
STREAMS: tuple[Stream, Stream] = ("stdout", "stderr")

MARKS_AFTER = 1.0
"""Seconds that the marks may come after the answer: a pipeline may have closed a stream for good."""


class Turn:
    """What the server knows of it. `over` is done when nothing more will be heard."""

    def __init__(self, listen: Listener) -> None:
        self.name = secrets.token_hex(16)
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.answer: Answer | None = None
        self.lost: ReplicaLost | None = None
        self.tell = listen
        self._budget = Budget()
        self._unmarked: set[Stream] = set(STREAMS)

    @property
    def muted(self) -> bool:
        """Whether it has printed all that it may."""
        return self._budget.spent

    def line(self, stream: Stream, text: str) -> None:
        """One line was printed."""
        taken = self._budget.take(text)
        if taken is not None:
            self.tell(Line(stream, taken))

    def mark(self, stream: Stream) -> None:
        """All lines of that stream have been heard."""
        self._unmarked.discard(stream)
        self._settle()

    def answered(self, answer: Answer) -> None:
        """The pipeline is done; a mark that stays away (a stream that was closed) is waited for only so long."""
        self.answer = answer
        self._settle()
        if not self.over.done():
            asyncio.get_running_loop().call_later(MARKS_AFTER, self.end)

    def lose(self, error: ReplicaLost) -> None:
        """The process is gone; an answer that came before still counts."""
        self.lost = error
        self.end()

    def end(self) -> None:
        """Nothing more is waited for."""
        if not self.over.done():
            self.over.set_result(None)

    def _settle(self) -> None:
        if self.answer is not None and not self._unmarked:
            self.end()
