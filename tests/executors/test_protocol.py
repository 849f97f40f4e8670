import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.engines.engine import Job, Output
from understudy.executors.executor import Progress
from understudy.executors.protocol import (
    LONGEST,
    Cancel,
    Done,
    Failed,
    Heartbeat,
    Load,
    Progressed,
    ProtocolError,
    Ready,
    Run,
    Started,
    Stop,
    Stopped,
    ToReplica,
    ToServer,
    Unpacker,
    packed,
    to_replica,
    to_server,
)

JOB = Job(
    id="7",
    model="a/b",
    values={"prompt": "ä", "n": 3, "x": 0.5},
    files={"i": ("/a", "/b")},
    seed=1,
    folder="/f",
)
PROGRESS = Progress(stage="Generate", step=1, total=2, unit="it", speed=0.5, elapsed=2.0, remaining=2.0)
ORDERS: list[ToReplica] = [Load("t", "m:f", {"a": [1, "b"], "c": None}), Run("t", JOB), Cancel("t"), Stop()]
NEWS: list[ToServer] = [
    Heartbeat(),
    Ready("t"),
    Started("t"),
    Progressed("t", PROGRESS),
    Done("t", (Output("/f/clip.mp4"),)),
    Failed("t", "memory", "no room", "trace"),
    Stopped("t"),
]


@given(st.integers(1, 200))
def test_messages_arrive_whole_however_they_are_cut(size: int) -> None:
    for messages, decoder in ((ORDERS, to_replica), (NEWS, to_server)):
        stream = b"".join(packed(message) for message in messages)
        unpacker: Unpacker[object] = Unpacker(decoder)
        received = []
        for start in range(0, len(stream), size):
            received += unpacker.feed(stream[start : start + size])
        assert received == messages


def test_the_length_comes_first_in_four_bytes_big_endian() -> None:
    body = msgspec.msgpack.encode({"type": "stop"})
    assert packed(Stop()) == bytes([0, 0, 0, len(body)]) + body


@pytest.mark.parametrize(
    "stream",
    [
        b"\0\0\0\x03abc",
        (LONGEST + 1).to_bytes(4, "big"),
        packed(Ready("t")),
        b"\0\0\0\x07" + msgspec.msgpack.encode({"a": {}})[:3] + b"\xc1" * 4,
    ],
)
def test_anything_else_is_refused(stream: bytes) -> None:
    with pytest.raises(ProtocolError):
        Unpacker(to_replica).feed(stream)
