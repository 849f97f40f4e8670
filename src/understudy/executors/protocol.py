"""What a server and a replica say to each other: one page, the whole conversation.

A message is a msgpack map whose `type` names one of the classes below, after its length in 4 bytes, big-endian.

    server                                   replica (a new process)
    ------                                   -----------------------
    Load(turn, pipeline, options)   ->
                                    <-       Heartbeat, once a second from now on to the end
                                    <-       Ready(turn)           or Failed(turn, kind, message), and it ends

    Run(turn, job)                  ->                             one at a time, any number of times
                                    <-       Started(turn)
                                    <-       Progressed(turn, progress), some tens a second at most
    Cancel(turn)                    ->                             at any time; the next report() raises Cancelled
                                    <-       Done(turn, outputs)   or Failed(...), or Stopped(turn) after a Cancel

    Stop()                          ->       when it has finished what it does: gives its memory back and ends

Every Load and every Run opens a turn: a random name that its answers carry, so that nothing said late is taken
for an answer to something else. What the pipeline prints goes through pipes of its own; at the end of each turn
the replica writes a mark with the turn's name into both (see `lines`), so that a turn is over when its answer and
its two marks have arrived.

The end of the connection is a message, too: a server that loses its replica kills what is left of it, a replica
that loses its server ends at once.
"""

from typing import Any, Generic, TypeVar

import msgspec

from understudy.engines.engine import Job, Output
from understudy.executors.executor import Progress
from understudy.executors.failure import Kind

M = TypeVar("M")

HEARTBEAT_SECONDS = 1.0
LONGEST = 64 * 2**20
"""Bytes of the longest message: a prompt of any sane length fits; a length above it means a broken stream."""


class Load(msgspec.Struct, frozen=True, tag="load"):
    """Call `pipeline`, a `module:function`, with the options."""

    turn: str
    pipeline: str
    options: dict[str, Any]


class Run(msgspec.Struct, frozen=True, tag="run"):
    """Make one clip."""

    turn: str
    job: Job


class Cancel(msgspec.Struct, frozen=True, tag="cancel"):
    """Stop that turn, if it is not over."""

    turn: str


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """Give memory back, and end."""


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The pipeline is loaded."""

    turn: str


class Started(msgspec.Struct, frozen=True, tag="started"):
    """The pipeline has begun with the turn's job."""

    turn: str


class Progressed(msgspec.Struct, frozen=True, tag="progressed"):
    """How far the turn's job is."""

    turn: str
    progress: Progress


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The clip is made."""

    turn: str
    outputs: tuple[Output, ...]


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The pipeline could not be loaded, or could not make the clip."""

    turn: str
    kind: Kind
    message: str
    """For the user."""
    detail: str = ""
    """The traceback, for the operator's log: it names paths of this machine."""


class Stopped(msgspec.Struct, frozen=True, tag="stopped"):
    """The turn was cancelled, and the pipeline gave up."""

    turn: str


class Heartbeat(msgspec.Struct, frozen=True, tag="heartbeat"):
    """The process is alive, and its interpreter can run a thread."""


ToReplica = Load | Run | Cancel | Stop
Answer = Ready | Done | Failed | Stopped
ToServer = Answer | Started | Progressed | Heartbeat

to_replica: msgspec.msgpack.Decoder[ToReplica] = msgspec.msgpack.Decoder(ToReplica)
to_server: msgspec.msgpack.Decoder[ToServer] = msgspec.msgpack.Decoder(ToServer)


class ProtocolError(Exception):
    """The bytes are not messages: one side is broken, and the connection is of no more use."""


def packed(message: msgspec.Struct) -> bytes:
    """The message as it goes over the connection. Raises `UnicodeEncodeError` for text that is no valid Unicode."""
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(4, "big") + body


class Unpacker(Generic[M]):
    """Puts messages together from bytes as they arrive."""

    def __init__(self, decoder: msgspec.msgpack.Decoder[M]) -> None:
        self._decoder = decoder
        self._bytes = bytearray()

    def feed(self, data: bytes) -> list[M]:
        """The messages that `data` completes. Raises `ProtocolError`."""
        self._bytes += data
        messages = []
        start = 0
        while len(self._bytes) - start >= 4:
            body = start + 4
            end = body + int.from_bytes(self._bytes[start:body], "big")
            if end - body > LONGEST:
                raise ProtocolError(f"a message of {end - body} bytes was announced")
            if len(self._bytes) < end:
                break
            try:
                messages.append(self._decoder.decode(self._bytes[body:end]))
            except msgspec.DecodeError as error:
                raise ProtocolError(str(error)) from error
            start = end
        del self._bytes[:start]
        return messages
