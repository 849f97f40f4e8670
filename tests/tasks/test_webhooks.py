"""Webhooks over real sockets, to receivers that fail in every way first."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.postgres import connected, stores
from tests.tasks.examples import new_task, project
from understudy.files.address import AddressGuard
from understudy.files.outbound import Outbound
from understudy.tasks import lifecycle
from understudy.tasks.records import Delivery, Task
from understudy.tasks.store.sqlite.store import SqliteStore, open_sqlite
from understudy.tasks.store.store import Store
from understudy.tasks.webhooks import LOOK_SECONDS, Webhooks, pause_after, sign

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Receiver:
    """Keeps what it is sent, and answers with the statuses it was given, the last one for ever."""

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.heard = asyncio.Event()
        self.url = ""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:] if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.requests.append((headers, body))
        self.heard.set()
        status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if status:
            where = "location: http://127.0.0.1:1/\r\n" if status == 302 else ""
            writer.write(
                f"HTTP/1.1 {status} -\r\n{where}content-length: 0\r\nconnection: close\r\n\r\n".encode()
            )
            await writer.drain()
        writer.close()


@asynccontextmanager
async def listening(receiver: Receiver) -> AsyncIterator[Receiver]:
    server = await asyncio.start_server(receiver, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    async with server:
        yield receiver


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await open_sqlite(tmp_path / "tasks.db")
    yield opened
    await opened.close()


class Clock:
    """Time that passes as it does, and jumps on demand."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


def webhooks(store: Store, clock: Callable[[], float] = time.time, **given: object) -> Webhooks:
    async def render(task: Task) -> bytes:
        return json.dumps({"status": task.status}).encode()

    async def secret_of(_: int) -> str:
        return SECRET

    allow = given.pop("allow", ("127.0.0.1",))
    return Webhooks(
        store=store,
        outbound=Outbound(AddressGuard(allow)),  # type: ignore[arg-type]
        render=render,
        secret_of=secret_of,
        clock=clock,
        **given,  # type: ignore[arg-type]
    )


async def killed(store: Store, url: str) -> Task:
    owner = await store.add_project(project())
    task, _ = await store.submit(new_task(owner.id, callback_url=url, created=time.time()))
    after = await store.apply(task.id, lifecycle.kill(time.time()))
    assert after is not None
    return after


async def settled(store: Store, task: Task, accept: Callable[[Delivery], bool]) -> Delivery:
    async with asyncio.timeout(10):
        while True:
            (delivery,) = await store.deliveries(task.id)
            if accept(delivery):
                return delivery
            await asyncio.sleep(0.01)


async def test_it_is_signed_as_standard_webhooks_says(store: SqliteStore) -> None:
    async with listening(Receiver(204)) as receiver:
        task = await killed(store, receiver.url)
        sender = webhooks(store)
        sender.start()
        delivery = await settled(store, task, lambda each: each.state == "delivered")
        await sender.stop()
    ((headers, body),) = receiver.requests
    assert json.loads(body) == {"status": "task_cancel"}
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == delivery.message_id
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 10
    assert headers["webhook-signature"] == sign(
        SECRET, delivery.message_id, int(headers["webhook-timestamp"]), body
    )
    assert (delivery.attempts, delivery.status) == (1, 204)


def test_the_signature_is_the_one_of_the_standards_own_example() -> None:
    # The example of the Standard Webhooks specification's reference libraries.
    assert (
        sign(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


@pytest.mark.parametrize("failure", [500, 302, 404, 0])
async def test_anything_but_a_2xx_is_tried_again_with_the_same_id(store: SqliteStore, failure: int) -> None:
    clock = Clock()
    async with listening(Receiver(failure, 200)) as receiver:
        task = await killed(store, receiver.url)
        sender = webhooks(store, clock)
        sender.start()
        first = await settled(store, task, lambda each: each.attempts == 1)
        assert (first.state, first.status) == ("waiting", failure)
        assert bool(first.error) == (failure == 0)
        clock.ahead = 60
        sender.wake()
        second = await settled(store, task, lambda each: each.state == "delivered")
        await sender.stop()
    assert second.attempts == 2
    assert len({headers["webhook-id"] for headers, _ in receiver.requests}) == 1
    assert len({headers["webhook-timestamp"] for headers, _ in receiver.requests}) == 2


async def test_a_delivery_survives_a_restart(store: SqliteStore) -> None:
    clock = Clock()
    async with listening(Receiver(503, 200)) as receiver:
        task = await killed(store, receiver.url)
        first = webhooks(store, clock)
        first.start()
        await settled(store, task, lambda each: each.attempts == 1)
        await first.stop()
        clock.ahead = 60
        second = webhooks(store, clock)
        second.start()
        await settled(store, task, lambda each: each.state == "delivered")
        await second.stop()


async def test_after_24_hours_it_is_given_up(store: SqliteStore) -> None:
    clock = Clock()
    async with listening(Receiver(500)) as receiver:
        task = await killed(store, receiver.url)
        clock.ahead = 24 * 3600 - 10.0
        sender = webhooks(store, clock)
        sender.start()
        waiting = await settled(store, task, lambda each: each.attempts == 1)
        assert waiting.state == "waiting"
        clock.ahead = 24 * 3600 + 1.0
        sender.wake()
        given_up = await settled(store, task, lambda each: each.attempts == 2)
        await sender.stop()
        assert given_up.state == "given-up"
        assert await store.next_delivery() is None


async def test_a_private_address_is_never_reached(store: SqliteStore) -> None:
    async with listening(Receiver(200)) as receiver:
        task = await killed(store, receiver.url)
        sender = webhooks(store, allow=())
        sender.start()
        refused = await settled(store, task, lambda each: each.attempts == 1)
        await sender.stop()
    assert receiver.requests == []
    assert (refused.status, refused.state) == (0, "waiting")


async def test_one_slow_receiver_does_not_hold_up_the_others(store: SqliteStore) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server, listening(Receiver(200)) as receiver:
        port = server.sockets[0].getsockname()[1]
        slow = await killed(store, f"http://127.0.0.1:{port}/")
        sender = webhooks(store, timeout=5.0)
        sender.start()
        await asyncio.sleep(0.1)
        quick = await killed(store, receiver.url)
        sender.wake()
        began = time.monotonic()
        await settled(store, quick, lambda each: each.state == "delivered")
        assert time.monotonic() - began < 2.0
        await sender.stop()
        assert (await store.deliveries(slow.id))[0].state == "waiting"


async def test_what_nobody_told_of_is_delivered_soon() -> None:
    """Who ended the task died before it told anybody."""
    async with stores(2) as (here, elsewhere), listening(Receiver(200)) as receiver:
        sender = webhooks(here)
        sender.start()
        await asyncio.sleep(0.1)
        task = await killed(elsewhere, receiver.url)
        began = time.monotonic()
        await settled(elsewhere, task, lambda each: each.state == "delivered")
        assert time.monotonic() - began < 3.0
        await sender.stop()


async def test_an_error_that_nobody_foresaw_ends_no_deliveries(caplog: pytest.LogCaptureFixture) -> None:
    async with stores(1) as (store,), listening(Receiver(200)) as receiver, connected(store.url) as other:
        sender = webhooks(store)
        sender.start()
        await asyncio.sleep(0.1)
        task = await killed(store, receiver.url)
        await other.execute("ALTER TABLE webhooks RENAME TO hidden")
        sender.wake()
        while "webhooks wait" not in caplog.text:
            await asyncio.sleep(0.01)
        await other.execute("ALTER TABLE hidden RENAME TO webhooks")
        await settled(store, task, lambda each: each.state == "delivered")
        await sender.stop()


def test_pauses_double_up_to_an_hour() -> None:
    assert [pause_after(n, lambda: 1.0) for n in (1, 2, 3, 20)] == [5.0, 10.0, 20.0, 3600.0]
    assert pause_after(1, lambda: 0.0) == 3.75


class Asked:
    """A store that counts the questions for deliveries."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.looks = self.claims = 0

    async def next_delivery(self, after: float = 0.0) -> float | None:
        self.looks += 1
        return await self._store.next_delivery(after)

    async def claim_deliveries(self, *given: Any, **more: Any) -> list[Delivery]:
        self.claims += 1
        return await self._store.claim_deliveries(*given, **more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


async def test_tasks_without_a_webhook_cost_ten_questions_a_second(store: SqliteStore) -> None:
    asked = Asked(store)
    async with listening(Receiver(200)) as receiver:
        sender = webhooks(asked)  # type: ignore[arg-type]
        sender.start()
        began = time.monotonic()
        for _ in range(100):
            sender.wake()
            await asyncio.sleep(0.003)
        seconds = time.monotonic() - began
        assert 2 <= asked.looks <= 2 + seconds / LOOK_SECONDS
        assert asked.claims == 0
        await asyncio.sleep(LOOK_SECONDS)
        task = await killed(store, receiver.url)
        began = time.monotonic()
        sender.wake()
        await asyncio.wait_for(receiver.heard.wait(), 5)
        assert time.monotonic() - began < 1, "what comes after a rest is sent at once"
        await settled(store, task, lambda each: each.state == "delivered")
        await sender.stop()
