"""Both clients against a stand-in server, over real sockets: the same scenario for each."""

import asyncio
import inspect
from collections.abc import AsyncIterator
from contextlib import aclosing
from decimal import Decimal
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

from tests.client.stand_in import API_KEY, API_SECRET, CLIP, StandIn
from understudy.client import (
    AsyncClient,
    Client,
    DownloadFailed,
    Event,
    InvalidRequest,
    LogLine,
    NotFound,
    NotSignedIn,
    Progress,
    RequestRefused,
    ServerUnreachable,
    StatusChanged,
    TaskCancelled,
    TaskFailed,
    UnexpectedAnswer,
    WaitedTooLong,
)
from understudy.client.paging import PAGE

MODEL = "openai/sora-2-pro"
PROMPT = {"prompt": "A road."}


class Either:
    """A client whose methods can be awaited, whichever it is: the waiting one works in a thread.

    What it would iterate over comes as a list.
    """

    def __init__(self, client: Client | AsyncClient) -> None:
        self.client = client

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.client, name)

        async def call(*args: Any, **options: Any) -> Any:
            if inspect.iscoroutinefunction(method):
                return await method(*args, **options)
            if inspect.isasyncgenfunction(method):
                return [each async for each in method(*args, **options)]
            if inspect.isgeneratorfunction(method):
                return await asyncio.to_thread(lambda: list(method(*args, **options)))
            return await asyncio.to_thread(method, *args, **options)

        return call


@pytest.fixture(params=[Client, AsyncClient])
async def client(request: pytest.FixtureRequest, stand_in: StandIn) -> AsyncIterator[Any]:
    either = Either(request.param(environ=stand_in.environment(), pauses=lambda: repeat(0.01)))
    yield either
    await either.close()


async def test_a_run_is_submitted_watched_and_downloaded(
    client: Any, stand_in: StandIn, tmp_path: Path
) -> None:
    events: list[Event] = []
    submitted = await client.submit(MODEL, PROMPT)
    task = await client.wait(submitted, on_event=events.append)

    assert submitted.taskid == task.id == "2221"
    assert task.succeeded
    assert task.model == MODEL
    assert task.engine is not None
    assert task.engine.preview
    assert task.elapsed == 6
    assert str(task.cost) == "0.003510000000"
    assert [e for e in events if not isinstance(e, StatusChanged)] == [
        LogLine("stdout", "loading weights"),
        Progress(
            stage="Generate", percentage=60, step=6, total=10, speed="1.2 it/s", elapsed="5s", remaining="3s"
        ),
        LogLine("stderr", "a warning"),
    ]
    assert [e.status for e in events if isinstance(e, StatusChanged)] == [
        "task_queue",
        "task_accept",
        "task_start",
        "task_end",
        "task_postprocess_end",
    ]
    saved = await client.download(task.clip, tmp_path)
    assert saved == tmp_path / "clip.mp4"
    assert saved.read_bytes() == CLIP
    assert list(tmp_path.iterdir()) == [saved]


async def test_run_is_submit_and_wait(client: Any, stand_in: StandIn) -> None:
    steps: list[tuple[int, int, str]] = []
    events: list[Event] = []
    task = await client.run(
        MODEL, PROMPT, on_event=events.append, progress=lambda *step: steps.append(step), idempotency_key="k"
    )
    assert task.succeeded
    assert steps == [(6, 10, "Generate")]
    assert LogLine("stdout", "loading weights") in events
    assert list(stand_in.by_key) == ["k"]
    stand_in.exit_code = "1"
    with pytest.raises(TaskFailed, match="the card is full"):
        await client.run(MODEL, PROMPT)
    stand_in.hold = True
    with pytest.raises(WaitedTooLong):
        await client.run(MODEL, PROMPT, timeout=0.2)


async def test_each_run_has_a_key_of_its_own(client: Any, stand_in: StandIn) -> None:
    for key in (None, "", None):
        await client.submit(MODEL, PROMPT, idempotency_key=key)
    assert len(stand_in.tasks) == len(stand_in.by_key) == 3
    assert "" not in stand_in.by_key


async def test_a_task_is_resumed_by_token_or_id(client: Any, stand_in: StandIn) -> None:
    submitted = await client.submit(MODEL, PROMPT)
    await client.wait(submitted)
    for name in (submitted.socketaccesstoken, submitted.taskid):
        events: list[Event] = []
        assert (await client.resume(name, events.append)).id == submitted.taskid
        assert LogLine("stderr", "a warning") in events
    with pytest.raises(NotFound):
        await client.resume("99")


@pytest.mark.parametrize("sockets", ["good", "drop"])
async def test_events_are_told_one_by_one_without_gaps_or_doubles(
    client: Any, stand_in: StandIn, sockets: str
) -> None:
    stand_in.sockets = sockets
    events = await client.events(await client.submit(MODEL, PROMPT))
    assert [event.status for event in events if isinstance(event, StatusChanged)][-2:] == [
        "task_end",
        "task_postprocess_end",
    ]
    assert [event for event in events if isinstance(event, LogLine)] == [
        LogLine("stdout", "loading weights"),
        LogLine("stderr", "a warning"),
    ]


async def test_events_that_nobody_wants_any_more_let_go_of_the_connection(stand_in: StandIn) -> None:
    stand_in.hold = True
    with Client(environ=stand_in.environment()) as client:
        for event in client.events(client.submit(MODEL, PROMPT)):
            assert isinstance(event, StatusChanged)
            break
    async with (
        AsyncClient(environ=stand_in.environment()) as waiting,
        aclosing(waiting.events(await waiting.submit(MODEL, PROMPT))) as events,
    ):
        async for event in events:
            assert isinstance(event, StatusChanged)
            break


async def test_a_dropped_socket_is_taken_up_again_without_doubles(client: Any, stand_in: StandIn) -> None:
    stand_in.sockets = "drop"
    events: list[Event] = []
    await client.wait(await client.submit(MODEL, PROMPT), on_event=events.append)
    lines = [event for event in events if isinstance(event, LogLine)]
    assert lines == [LogLine("stdout", "loading weights"), LogLine("stderr", "a warning")]


async def test_without_sockets_the_task_is_polled(client: Any, stand_in: StandIn) -> None:
    stand_in.sockets = "none"
    events: list[Event] = []
    task = await client.wait(await client.submit(MODEL, PROMPT), on_event=events.append)
    assert task.succeeded
    assert events[-1] == StatusChanged("task_postprocess_end")


async def test_a_task_can_be_waited_for_by_its_id(client: Any) -> None:
    submitted = await client.submit(MODEL, PROMPT)
    assert (await client.wait(submitted.taskid)).succeeded


async def test_local_files_go_as_parts_and_addresses_with_them(
    client: Any, stand_in: StandIn, tmp_path: Path
) -> None:
    picture = tmp_path / "road.jpg"
    picture.write_bytes(b"\xff\xd8picture")
    address = "https://example.com/b.jpg"
    await client.submit(MODEL, {**PROMPT, "seconds": 8, "inputImage": [picture, address]}, {"mask": picture})
    assert stand_in.last == {
        "prompt": ["A road."],
        "seconds": ["8"],
        "inputImage": [f'["{address}"]', ("road.jpg", "image/jpeg", b"\xff\xd8picture")],
        "mask": [("road.jpg", "image/jpeg", b"\xff\xd8picture")],
    }


async def test_without_files_a_run_is_json(client: Any, stand_in: StandIn) -> None:
    await client.submit(MODEL, {**PROMPT, "seconds": 8}, callback_url="https://example.com/hook")
    assert stand_in.last == {**PROMPT, "seconds": 8, "callbackUrl": "https://example.com/hook"}


async def test_a_run_whose_answer_is_lost_is_not_made_twice(client: Any, stand_in: StandIn) -> None:
    stand_in.lose_answers = 1
    await client.submit(MODEL, PROMPT)
    assert len(stand_in.tasks) == 1
    assert stand_in.requests == [f"/v1/Run/{MODEL}"] * 2


async def test_what_cannot_be_repeated_is_not(client: Any, stand_in: StandIn) -> None:
    stand_in.lose_answers = 1
    with pytest.raises(ServerUnreachable):
        await client.create_folder("a")
    assert len(stand_in.requests) == 1


async def test_a_busy_server_is_asked_again(client: Any, stand_in: StandIn) -> None:
    stand_in.statuses = [503, 429]
    assert (await client.submit(MODEL, PROMPT)).taskid == "2221"


async def test_kill_cancel_list_and_delete(client: Any, stand_in: StandIn) -> None:
    stand_in.hold = True
    first, second = await client.submit(MODEL, PROMPT), await client.submit(MODEL, PROMPT)
    assert [task.id for task in await client.tasks()] == [second.taskid, first.taskid]
    assert [task.id for task in await client.tasks(limit=1, newest_first=False)] == [first.taskid]
    assert (await client.kill(first)).status == "task_cancel"
    with pytest.raises(TaskCancelled):
        await client.wait(first)
    with pytest.raises(NotFound, match="could not be killed"):
        await client.kill(first)
    with pytest.raises(WaitedTooLong):
        await client.wait(second, timeout=0.3)
    with pytest.raises(NotFound, match="not in a cancellable state"):
        await client.cancel(second)
    stand_in.hold = False
    assert (await client.wait(second)).outputs
    await client.delete_files(second.taskid)
    assert not (await client.task(second)).outputs


@pytest.mark.parametrize("newest_first", [True, False])
async def test_each_task_goes_through_all_pages(client: Any, stand_in: StandIn, newest_first: bool) -> None:
    stand_in.hold = True
    first = (await client.submit(MODEL, PROMPT)).taskid
    made = [str(int(first) + number) for number in range(2 * PAGE + 1)]
    stand_in.tasks |= {id: {**stand_in.tasks[first], "id": id} for id in made}
    told = [task.id for task in await client.each_task(newest_first=newest_first)]
    assert told == (made[::-1] if newest_first else made)


async def test_a_failed_task_says_why(client: Any, stand_in: StandIn) -> None:
    stand_in.exit_code = "1"
    submitted = await client.submit(MODEL, PROMPT)
    with pytest.raises(TaskFailed, match="the card is full") as failure:
        await client.wait(submitted)
    assert failure.value.task.exit_code == "1"
    assert not (await client.wait(submitted, check=False)).succeeded


async def test_files_and_folders(client: Any, tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(b"12345")
    kept = await client.upload(picture)
    assert (kept.name, kept.size, kept.content_type) == ("a.png", 5, "image/png")
    sent = await client.upload(b"123", name="b.jpg")
    assert (sent.name, sent.size, sent.content_type) == ("b.jpg", 3, "image/jpeg")
    with pytest.raises(InvalidRequest, match="name="):
        await client.upload(b"123")
    assert (await client.create_folder("shots", parent="d0")).parent == "d0"
    with pytest.raises(Exception, match=r"gone\.png cannot be read"):
        await client.upload(tmp_path / "gone.png")


async def test_models(client: Any) -> None:
    assert [model.address for model in await client.models("sor")] == [MODEL]
    assert await client.models("nothing") == ()
    model = await client.model(MODEL)
    assert model.defaults == {"prompt": "A road.", "seconds": "4"}
    assert [(each.id, each.required) for each in model.inputs][:2] == [("prompt", True), ("seconds", False)]
    with pytest.raises(NotFound):
        await client.model("openai/none")
    with pytest.raises(InvalidRequest):
        await client.model("none")
    (group,) = await client.explore()
    assert (group.title, [each.address for each in group.models]) == ("In the spotlight", [MODEL])


async def test_a_page_and_a_price(client: Any, stand_in: StandIn) -> None:
    stand_in.statuses = [503]
    assert await client.page(MODEL) == "# Sora 2 Pro"
    with pytest.raises(NotFound):
        await client.page("openai/none")
    assert (await client.price(MODEL, {"seconds": 8})).amount == Decimal("2.4")
    assert (await client.price(await client.model(MODEL), {})).amount == Decimal("1.2")


async def test_refusals_carry_code_and_message(client: Any) -> None:
    with pytest.raises(RequestRefused, match=r"\[prompt\] required") as refused:
        await client.submit(MODEL, {})
    assert refused.value.code == 0
    with pytest.raises(NotFound, match="slug-owner-project-not-exist"):
        await client.submit("no/body", PROMPT)


async def test_a_broken_download_goes_on_where_it_stopped(
    client: Any, stand_in: StandIn, tmp_path: Path
) -> None:
    task = await client.wait(await client.submit(MODEL, PROMPT))
    stand_in.break_downloads = 2
    saved = await client.download(task.clip, tmp_path / "deep" / "out.mp4")
    assert saved.read_bytes() == CLIP
    assert stand_in.ranges == ["", "bytes=100000-", "bytes=200000-"]


async def test_a_task_stands_for_its_clip(client: Any, stand_in: StandIn, tmp_path: Path) -> None:
    task = await client.run(MODEL, PROMPT)
    assert (await client.download(task, tmp_path)).read_bytes() == CLIP
    stand_in.hold = True
    with pytest.raises(DownloadFailed, match="has no files"):
        await client.download(await client.task(await client.submit(MODEL, PROMPT)), tmp_path)


async def test_a_download_that_fails_leaves_nothing(client: Any, stand_in: StandIn, tmp_path: Path) -> None:
    task = await client.wait(await client.submit(MODEL, PROMPT))
    target = tmp_path / "out.mp4"
    target.write_bytes(b"before")
    stand_in.break_downloads, stand_in.break_after = 99, 0
    with pytest.raises(
        DownloadFailed, match=r"^out\.mp4 could not be downloaded: connections to 127\.0\.0\.1:\d+ kept"
    ):
        await client.download(task.clip, target)
    assert target.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("kind", [Client, AsyncClient])
async def test_wrong_keys_and_wrong_addresses(kind: type, stand_in: StandIn) -> None:
    for url, key, secret, error in (
        (stand_in.url, API_KEY, "wrong", NotSignedIn),
        (stand_in.url, "wrong", API_SECRET, NotSignedIn),
        (stand_in.url + "/elsewhere", API_KEY, API_SECRET, UnexpectedAnswer),
        ("http://127.0.0.1:9", API_KEY, API_SECRET, ServerUnreachable),
    ):
        client = Either(kind(url, key, secret, environ={}, pauses=lambda: repeat(0.01)))
        with pytest.raises(error):
            await client.task("1")
        await client.close()
