"""What the program says of its spans, whoever collects them; and the tracer of a server that traces nothing.

A trace goes on over the queue and from process to process by a `traceparent`, as W3C's Trace Context defines it: the
text `00-<trace id>-<span id>-<flags>` (https://www.w3.org/TR/trace-context/#traceparent-header).
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import Literal, Protocol

Kind = Literal["internal", "server", "client", "consumer"]
Attributes = Mapping[str, str | int | float]

_NONE: Attributes = MappingProxyType({})


class Span(Protocol):
    """Something that takes time, while it does."""

    trace_id: str
    """32 hex digits; "" if nothing is traced."""

    def set(self, attributes: Attributes) -> None:
        """Say more of it."""

    def event(self, name: str) -> None:
        """Something happened now."""


class Tracer(Protocol):
    """Makes spans."""

    on: bool
    """Whether anything is traced."""

    def span(
        self, name: str, attributes: Attributes = _NONE, *, kind: Kind = "internal", parent: str | None = None
    ) -> AbstractContextManager[Span]:
        """A span that lasts as long as the context, and in which others begin.

        `parent`: a traceparent, "" for a trace of its own; None: what is under way here. An error that leaves the
        context marks the span by its kind, never by its words.
        """

    def record(
        self, name: str, began: float, ended: float, attributes: Attributes = _NONE, *, parent: str
    ) -> None:
        """A span that is over already. Times in Unix seconds; `parent` as in `span`."""

    def current(self) -> str:
        """The traceparent of the span under way here; "" if there is none."""


class _Nothing:
    trace_id = ""

    def set(self, attributes: Attributes) -> None:
        return

    def event(self, name: str) -> None:
        return

    def __enter__(self) -> "_Nothing":
        return self

    def __exit__(self, *_: object) -> None:
        return


_NOTHING = _Nothing()


class NoTracer:
    """A `Tracer` that traces nothing."""

    on = False

    def span(
        self, name: str, attributes: Attributes = _NONE, *, kind: Kind = "internal", parent: str | None = None
    ) -> AbstractContextManager[Span]:
        """See `Tracer`."""
        return _NOTHING

    def record(
        self, name: str, began: float, ended: float, attributes: Attributes = _NONE, *, parent: str
    ) -> None:
        """See `Tracer`."""

    def current(self) -> str:
        """See `Tracer`."""
        return ""


NO_TRACER: Tracer = NoTracer()


def trace_id(traceparent: str) -> str:
    """The trace that a traceparent belongs to, as 32 hex digits; "" of ""."""
    return traceparent[3:35]
