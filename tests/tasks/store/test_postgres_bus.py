"""News between processes: real connections to a real server, with notifications lost, too long and out of order."""

import asyncio
import logging
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from tests.postgres import Postgres, connected, stores
from understudy.tasks.bus import Called, Message, Told, Waits
from understudy.tasks.store.postgres import bus as bus_module
from understudy.tasks.store.postgres.bus import PostgresBus
from understudy.tasks.store.postgres.store import PostgresStore


class Listener:
    """A process on the bus, with what it has heard."""

    def __init__(self, store: PostgresStore, name: str) -> None:
        self.heard: list[Message] = []
        self.times: list[float] = []
        self.bus = PostgresBus(store, name)

    def hear(self, message: Message) -> None:
        self.heard.append(message)
        self.times.append(time.monotonic())

    async def until(self, number: int, seconds: float = 10.0) -> None:
        await until(lambda: len(self.heard) >= number, seconds)


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def listeners(number: int, url: str = "") -> AsyncIterator[list[Listener]]:
    async with stores(1, url) as (store,):
        crew = [Listener(store, f"process {n}") for n in range(number)]
        await start(crew)
        try:
            yield crew
        finally:
            await asyncio.gather(*(each.bus.close() for each in crew))


async def start(crew: list[Listener]) -> None:
    for each in crew:
        await each.bus.start(each.hear)
    await until(lambda: all(each.bus._read_at > 0 for each in crew))


async def test_everybody_hears_everything_once_in_order_but_not_itself() -> None:
    async with listeners(3) as crew:
        sent: list[list[Message]] = [[], [], []]
        for n in range(200):
            for number, each in enumerate(crew):
                message = Told(task=number, type="task_output", message={"step": n, "odd": "\0 ☂"})
                each.bus.send(message)
                sent[number].append(message)
            if n % 40 == 0:
                await asyncio.sleep(0.03)
        for message in (Told(1, "task_start", None, True), Waits("acme/clip"), Called("hook")):
            crew[0].bus.send(message)
            sent[0].append(message)
        await asyncio.gather(crew[0].until(400), crew[1].until(403), crew[2].until(403))
        for number, each in enumerate(crew):
            for other in range(3):
                of_other = [m for m in each.heard if m in sent[other]]
                assert of_other == ([] if other == number else sent[other])


async def test_the_first_is_told_at_once_and_the_next_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus_module, "PAUSE_SECONDS", 3.0)
    async with listeners(2) as (one, other):
        began = time.monotonic()
        one.bus.send(Waits("first"))
        await other.until(1)
        assert other.times[0] - began < 2.0
        for n in range(50):
            one.bus.send(Waits(f"m{n}"))
            await asyncio.sleep(0)
        await other.until(51)
        assert other.times[-1] - began > 2.9
        assert one.bus._seq == 2


async def test_a_batch_that_is_too_long_for_a_notification() -> None:
    async with listeners(2) as (one, other):
        messages = [Told(1, "task_output", "☂" * 5000), Waits("after"), Told(2, "task_output", "x" * 100_000)]
        for message in messages:
            one.bus.send(message)
        began = time.monotonic()
        await other.until(3)
        assert other.heard == messages
        assert time.monotonic() - began < bus_module.POLL_SECONDS / 2, (
            "read when it was told of, not when polled"
        )


async def test_a_lost_notification_costs_a_second() -> None:
    async with listeners(2) as (one, other), connected(one.bus._url) as database:
        one.bus.send(Waits("1"))
        await other.until(1)
        origin = one.bus._origin
        write = "INSERT INTO news (origin, seq, payload) VALUES ($1, $2, $3)"
        await database.execute(write, origin, 2, '[["waits","2"]]')
        began = time.monotonic()
        await other.until(2)
        assert time.monotonic() - began < bus_module.POLL_SECONDS + 0.5
        # Once more, and this time the next one is heard: the gap is noticed at once.
        await database.execute(write, origin, 3, '[["waits","3"]]')
        one.bus._seq = 3
        one.bus.send(Waits("4"))
        await other.until(4, 0.5)
        assert other.heard == [Waits(name) for name in "1234"]


async def test_who_comes_later_reads_what_is_still_there() -> None:
    async with listeners(2) as (one, other):
        for n in range(5):
            one.bus.send(Waits(str(n)))
            await asyncio.sleep(0.06)
        await other.until(5)
        async with listeners(1, one.bus._url) as (late,):
            await late.until(5)
            one.bus.send(Waits("5"))
            await late.until(6)
            assert late.heard == [Waits(str(n)) for n in range(6)]


async def test_old_news_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus_module, "KEPT_SECONDS", 0.2)
    async with listeners(2) as (one, other), connected(one.bus._url) as database:
        for n in range(6):
            one.bus.send(Waits(str(n)))
            await asyncio.sleep(0.1)
        await other.until(6)
        left = await database.fetchval("SELECT count(*) FROM news")
        assert 1 <= left <= 4
        assert other.heard == [Waits(str(n)) for n in range(6)]
        one.bus._cursors["long gone"] = bus_module._Cursor(7, time.monotonic() - 1)
        one.bus._forget_cursors()
        assert "long gone" not in one.bus._cursors


async def test_restarts_and_crashes_of_the_server() -> None:
    own = Postgres()
    try:
        async with listeners(3, await own.new_database()) as (one, other, third):
            one.bus.send(Waits("before"))
            await asyncio.gather(other.until(1), third.until(1))
            own.stop()
            for n in range(3):
                one.bus.send(Waits(f"while it was away {n}"))
                await asyncio.sleep(0.06)
            own.start()
            await asyncio.gather(other.until(4), third.until(4))
            # After a crash the table is empty: numbers go on, and nothing is heard twice.
            own.stop(signal.SIGQUIT)
            own.start()
            one.bus.send(Waits("after"))
            other.bus.send(Waits("too"))
            await asyncio.gather(other.until(5), third.until(6), one.until(1))
            await asyncio.sleep(1.2)
            told = [Waits("before"), *(Waits(f"while it was away {n}") for n in range(3)), Waits("after")]
            assert [m for m in third.heard if m != Waits("too")] == told
            assert other.heard == told
            assert one.heard == [Waits("too")]
    finally:
        own.remove()


async def test_a_cut_off_listener_comes_back() -> None:
    async with listeners(2) as (one, other), connected(one.bus._url) as database:
        one.bus.send(Waits("1"))
        await other.until(1)
        await database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        one.bus.send(Waits("2"))
        await other.until(2)
        one.bus.send(Waits("3"))
        await other.until(3)
        assert other.heard == [Waits(name) for name in "123"]


async def test_what_cannot_be_sent_for_long_is_dropped(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(bus_module, "MOST_UNSENT", 10)
    async with stores(1) as (store,):
        one, other = Listener(store, "a"), Listener(store, "b")
        for n in range(25):
            one.bus.send(Waits(str(n)))
        await start([other, one])
        with caplog.at_level(logging.WARNING):
            await other.until(10)
            await one.bus.close()
        assert other.heard == [Waits(str(n)) for n in range(15, 25)]
        assert "15 messages to other processes were dropped" in caplog.text
        await other.bus.close()


async def test_what_is_left_is_sent_at_the_end() -> None:
    async with listeners(2) as (one, other):
        one.bus.send(Waits("1"))
        one.bus.send(Waits("2"))
        await one.bus.close()
        one.bus.send(Waits("too late"))
        await other.until(2)
        assert other.heard == [Waits("1"), Waits("2")]


async def test_news_that_cannot_be_written_or_heard_harms_no_other(caplog: pytest.LogCaptureFixture) -> None:
    async with stores(1) as (store,):
        one, other = Listener(store, "a"), Listener(store, "b")

        def hear(message: Message) -> None:
            if message == Waits("bad"):
                raise ValueError("a listener's own mistake")
            other.hear(message)

        await one.bus.start(one.hear)
        await other.bus.start(hear)
        for message in (Told(1, "task_output", object()), Told(1, "task_output", "\ud800"), Waits("bad")):
            one.bus.send(message)
            await asyncio.sleep(0.12)
        one.bus.send(Waits("good"))
        await other.until(1)
        assert other.heard == [Waits("good")]
        assert "cannot be written" in caplog.text
        assert "could not be taken in" in caplog.text
        await asyncio.gather(one.bus.close(), other.bus.close())
