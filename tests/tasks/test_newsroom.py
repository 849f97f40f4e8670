"""What other processes say, and what is noticed although nobody said it."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.fire.simulation.loop import VirtualLoop
from understudy.errors import StoreUnavailable
from understudy.tasks.bus import Called, Hear, Message, Told, Waits
from understudy.tasks.events import Event, Events, Subscription
from understudy.tasks.newsroom import LOOK_SECONDS, SILENT_SECONDS, Newsroom

END = "task_postprocess_end"


class Line:
    """A bus on which the test speaks."""

    def __init__(self) -> None:
        self.open = False
        self.say: Hear = lambda _: None

    async def start(self, hear: Hear) -> None:
        self.say, self.open = hear, True

    def send(self, message: Message) -> None:
        raise AssertionError("a newsroom says nothing")

    async def close(self) -> None:
        self.open = False


class Book:
    """The statuses of tasks, as a store has them."""

    def __init__(self, shared: bool) -> None:
        self.shared = shared
        self.away = False
        self.written: dict[int, tuple[str, str]] = {}
        self.asked: list[list[int]] = []

    async def statuses(self, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
        self.asked.append(list(ids))
        if self.away:
            raise StoreUnavailable("away")
        return {id: self.written[id] for id in ids if id in self.written}


class Room:
    """A newsroom with all that it talks to."""

    def __init__(self, shared: bool = True) -> None:
        self.bus, self.book = Line(), Book(shared)
        self.heard: list[tuple[str, Any]] = []
        self.events = Events(linger=1.0, ended=lambda task: self.heard.append(("ended", task)))
        self.newsroom = Newsroom(
            self.bus,
            self.book,  # type: ignore[arg-type]
            self.events,
            waits=lambda model: self.heard.append(("waits", model)),
            over=lambda task: self.heard.append(("over", task)),
            called=lambda hook: self.heard.append(("called", hook)),
        )


def waiting(subscription: Subscription) -> list[tuple[str, Any]]:
    """What a watcher has not read yet."""
    return [(event.type, event.message) for event in subscription._queue]


InARoom = Callable[[Callable[[Room], Any]], None]


@pytest.fixture
def in_a_room() -> InARoom:
    """Runs a test in virtual time."""

    def run(test: Callable[[Room], Any], shared: bool = True) -> None:
        async def whole() -> None:
            room = Room(shared)
            await room.newsroom.start()
            await test(room)
            await room.newsroom.stop()
            assert not room.bus.open

        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(whole())

    return run


def test_news_reach_whom_they_concern(in_a_room: InARoom) -> None:
    async def test(room: Room) -> None:
        watching = room.events.subscribe(7)
        room.bus.say(Told(7, "task_start", None, status=True))
        room.bus.say(Told(7, "task_output", "a line"))
        room.bus.say(Told(7, "task_error", "only a line"))
        room.bus.say(Waits("acme/clip"))
        room.bus.say(Called("hook"))
        assert room.heard == [("waits", "acme/clip"), ("called", "hook")]
        room.bus.say(Told(7, "task_cancel", "killed", status=True))
        assert waiting(watching) == [
            ("task_start", None),
            ("task_output", "a line"),
            ("task_error", "only a line"),
            ("task_cancel", "killed"),
        ]
        assert room.heard[2:] == [("ended", 7), ("over", 7)]

    in_a_room(test)


def test_an_end_that_nobody_told_is_found_in_the_store(in_a_room: InARoom) -> None:
    async def test(room: Room) -> None:
        watching = room.events.subscribe(7)
        room.bus.say(Told(7, "task_accept", None, status=True))
        room.book.written[7] = (END, "")
        await asyncio.sleep(1.5 * LOOK_SECONDS)
        assert waiting(watching) == [("task_accept", None)], "it may be on its way"
        await asyncio.sleep(LOOK_SECONDS)
        types = [type for type, _ in waiting(watching)]
        assert (types[0], types[1], types[-1], len(types)) == (
            "task_accept",
            "task_preprocess_start",
            END,
            9,
        )
        room.bus.say(Told(7, END, None, status=True))
        assert len(waiting(watching)) == 9, "once, even if it was only late"
        assert room.heard[:1] == [("ended", 7)]

    in_a_room(test)


def test_a_store_that_is_away_is_asked_again(in_a_room: InARoom) -> None:
    async def test(room: Room) -> None:
        watching = room.events.subscribe(7)
        room.book.written[7] = ("task_error", "No engine.")
        room.book.away = True
        await asyncio.sleep(5 * LOOK_SECONDS)
        room.book.away = False
        await asyncio.sleep(2.5 * LOOK_SECONDS)
        assert waiting(watching) == [("task_error", "No engine.")]

    in_a_room(test)


def test_who_is_alone_does_not_look(in_a_room: Any) -> None:
    async def test(room: Room) -> None:
        room.events.subscribe(7)
        await asyncio.sleep(10 * LOOK_SECONDS)
        assert room.book.asked == []

    in_a_room(test, shared=False)


def test_what_is_kept_of_tasks_whose_end_was_lost_goes_all_the_same(in_a_room: InARoom) -> None:
    async def test(room: Room) -> None:
        for task in range(1000):
            room.bus.say(Told(task, "task_start", None, status=True))
            room.bus.say(Told(task, "task_output", "a line"))
            room.book.written[task] = (END, "")
        room.book.written[3] = ("task_output", "")  # goes on, and is only quiet
        await asyncio.sleep(SILENT_SECONDS - 2 * LOOK_SECONDS)
        assert room.book.asked == []
        await asyncio.sleep(24 * LOOK_SECONDS)
        assert len(room.events) == 1
        asked = len(room.book.asked)
        await asyncio.sleep(10 * SILENT_SECONDS)
        assert len(room.book.asked) - asked <= 22, (
            "of a quiet one it is asked twice in so long, not every second"
        )
        room.book.written[3] = (END, "")
        await asyncio.sleep(2 * SILENT_SECONDS)
        assert len(room.events) == 0

    in_a_room(test)


async def test_what_was_told_is_not_told_again_by_who_catches_up() -> None:
    events = Events()
    watching = events.subscribe(1)
    events.hear(1, Event("task_start", status=True))
    for _ in range(3):
        events.catch_up(1, Event("task_start", status=True))
    assert waiting(watching) == [("task_start", None)]
