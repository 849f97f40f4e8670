"""Get, list, delete, content, and what nothing here can do: their exact JSON in every state."""

import io
from typing import Any

import pytest
from PIL import Image

from tests.api.openai_videos.asking import (
    CLIP,
    ENGINE,
    VIDEOS,
    ask,
    create,
    failed,
    finished,
    refused,
    running,
)
from tests.api.served import NOW, Served, serving
from understudy.executors.executor import Progress
from understudy.tasks.events import OUTPUT, Event
from understudy.tasks.journal import progress_message


async def get(served: Served, video: str) -> dict[str, Any]:
    answer = await ask(served, "GET", f"{VIDEOS}/{video}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def not_found(video: str) -> tuple[int, dict[str, Any]]:
    return 404, {
        "message": f"Video with id '{video}' not found.",
        "type": "invalid_request_error",
        "param": "video_id",
        "code": "video_not_found",
    }


async def test_a_video_that_waits_is_what_its_creation_said(served: Served) -> None:
    made = await create(served)
    answer = await ask(served, "GET", f"{VIDEOS}/{made['id']}")
    assert answer.json() == made
    assert answer.headers["openai-poll-after-ms"] == "250"


@pytest.mark.parametrize(("age", "pause"), [(0, 250), (2.5, 250), (10, 1000), (120, 5000)])
async def test_who_polls_is_told_when_to_ask_again(tmp_path: Any, age: float, pause: int) -> None:
    now = NOW
    async with serving(tmp_path, clock=lambda: now) as served:
        made = await create(served)
        now += age
        answer = await ask(served, "GET", f"{VIDEOS}/{made['id']}")
        assert answer.headers["openai-poll-after-ms"] == str(pause)


async def test_a_video_that_is_being_made_shows_how_far_it_is(served: Served) -> None:
    made = await create(served)
    task = await running(served, made["id"])
    before = await get(served, made["id"])
    assert before == made | {"status": "in_progress", "engine": ENGINE}
    for step, percent in ((3, 30), (10, 99)):
        told = Progress(
            stage="denoise", step=step, total=10, unit="step", speed=1.0, elapsed=1.0, remaining=1.0
        )
        served.parts.events.publish(task.id, Event(OUTPUT, progress_message(told)))
        assert await get(served, made["id"]) == before | {"progress": percent}
    served.parts.events.publish(task.id, Event(OUTPUT, "a line"))
    assert (await get(served, made["id"]))["progress"] == 99


async def test_looking_at_the_progress_leaves_no_channel_behind(served: Served) -> None:
    made = await create(served)
    await running(served, made["id"])
    await get(served, made["id"])
    assert len(served.parts.events) == 0


async def test_a_finished_video(served: Served) -> None:
    made = await create(served)
    await finished(served, made["id"])
    answer = await ask(served, "GET", f"{VIDEOS}/{made['id']}")
    assert "openai-poll-after-ms" not in answer.headers
    assert answer.json() == made | {
        "status": "completed",
        "progress": 100,
        "completed_at": int(NOW + 6),
        "num_outputs": 1,
        "engine": ENGINE,
        "cost": "1.2",
    }


async def test_a_video_that_failed(served: Served) -> None:
    made = await create(served)
    await failed(served, made["id"])
    assert await get(served, made["id"]) == made | {
        "status": "failed",
        "error": {"code": "generation_failed", "message": "The engine fell over."},
        "engine": ENGINE,
    }


async def test_a_video_that_was_killed(served: Served) -> None:
    made = await create(served)
    await served.post("/v1/Task/Kill", {"taskid": made["id"].removeprefix("video_")})
    assert await get(served, made["id"]) == made | {
        "status": "failed",
        "error": {"code": "cancelled", "message": "The video was cancelled."},
    }


async def test_tasks_of_every_door_are_videos(served: Served) -> None:
    id, _ = await served.run(seconds=8)
    video = await get(served, f"video_{id}")
    assert (video["seconds"], video["size"], video["status"]) == ("8", "1280x720", "queued")


@pytest.mark.parametrize(
    "video", ["video_9", "video_", "video_01", "video_x", "1", "task_1", "video_1²", "edits"]
)
async def test_what_there_is_not(served: Served, video: str) -> None:
    await create(served)
    answer = await ask(served, "GET", f"{VIDEOS}/{video}")
    assert await refused(answer, served, tasks=1) == not_found(video)


async def test_the_list(served: Served) -> None:
    assert (await ask(served, "GET", VIDEOS)).json() == {
        "object": "list",
        "data": [],
        "first_id": None,
        "last_id": None,
        "has_more": False,
    }
    made = [await create(served, prompt=str(number)) for number in range(5)]
    newest = list(reversed(made))
    everything = await ask(served, "GET", VIDEOS)
    assert everything.json() == {
        "object": "list",
        "data": newest,
        "first_id": newest[0]["id"],
        "last_id": newest[-1]["id"],
        "has_more": False,
    }
    page = (await ask(served, "GET", VIDEOS, params={"limit": 2, "after": newest[1]["id"]})).json()
    assert (page["data"], page["last_id"], page["has_more"]) == (newest[2:4], newest[3]["id"], True)
    page = (await ask(served, "GET", VIDEOS, params={"limit": 2, "after": newest[2]["id"]})).json()
    assert (page["data"], page["has_more"]) == (newest[3:], False)
    page = (await ask(served, "GET", VIDEOS, params={"order": "asc", "after": made[2]["id"]})).json()
    assert page["data"] == made[3:]


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("limit=", "limit"),
        ("order=up", "order"),
        ("after=x", "after"),
    ],
)
async def test_pages_that_there_are_not(served: Served, query: str, param: str) -> None:
    status, error = await refused(await ask(served, "GET", f"{VIDEOS}?{query}"), served)
    assert (status, error["param"], error["type"]) == (400, param, "invalid_request_error")


async def test_a_deleted_video_is_gone(served: Served) -> None:
    kept, made = await create(served), await create(served)
    other, _ = await served.run()
    await failed(served, kept["id"])
    _, file = await finished(served, made["id"])
    answer = await ask(served, "DELETE", f"{VIDEOS}/{made['id']}")
    assert answer.status_code == 200
    assert answer.json() == {"id": made["id"], "deleted": True, "object": "video.deleted"}
    assert await served.parts.storage.head(file.key) is None
    for method, path in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
        answer = await ask(served, method, f"{VIDEOS}/{made['id']}{path}")
        assert await refused(answer, served, tasks=3) == not_found(made["id"])
    listed = (await ask(served, "GET", VIDEOS)).json()["data"]
    assert [video["id"] for video in listed] == [f"video_{other}", kept["id"]]


async def test_what_is_not_over_is_not_deleted(served: Served) -> None:
    made = await create(served)
    number = made["id"].removeprefix("video_")
    for _ in range(2):
        answer = await ask(served, "DELETE", f"{VIDEOS}/{made['id']}")
        assert await refused(answer, served, tasks=1) == (
            409,
            {
                "message": "Only a video that is completed or failed can be deleted. To stop this one, send"
                f" POST /v1/Task/Kill with taskid {number}.",
                "type": "invalid_request_error",
                "param": None,
                "code": "video_not_finished",
            },
        )
        assert answer.headers["x-should-retry"] == "false"
        if not (await served.tasks())[0].started:
            await running(served, made["id"])


async def test_the_task_of_another_door_loses_its_files_only(served: Served) -> None:
    id, _ = await served.run()
    await finished(served, f"video_{id}")
    assert (await ask(served, "DELETE", f"{VIDEOS}/video_{id}")).status_code == 200
    assert (await get(served, f"video_{id}"))["status"] == "completed"
    status, error = await refused(await ask(served, "GET", f"{VIDEOS}/video_{id}/content"), served, tasks=1)
    assert (status, error["message"]) == (404, "The files of this video were deleted.")


@pytest.mark.parametrize("query", ["", "?variant=video"])
async def test_the_clip(served: Served, query: str) -> None:
    made = await create(served)
    await finished(served, made["id"])
    path = f"{VIDEOS}/{made['id']}/content{query}"
    answer = await ask(served, "GET", path)
    assert (answer.status_code, answer.content) == (200, CLIP)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["cache-control"] == "private, max-age=3600"
    part = await ask(served, "GET", path, headers={"range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")
    assert part.headers["content-range"] == f"bytes 4-7/{len(CLIP)}"
    head = await ask(served, "HEAD", path)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(CLIP)))


@pytest.mark.parametrize(
    ("variant", "content_type", "kind", "size"),
    [("thumbnail", "image/webp", "WEBP", (64, 64)), ("spritesheet", "image/jpeg", "JPEG", (256, 192))],
)
async def test_pictures_of_the_clip(
    served: Served, variant: str, content_type: str, kind: str, size: tuple[int, int]
) -> None:
    made = await create(served)
    _, file = await finished(served, made["id"])
    path = f"{VIDEOS}/{made['id']}/content?variant={variant}"
    answer = await ask(served, "GET", path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)
    with Image.open(io.BytesIO(answer.content)) as image:
        assert (image.format, image.size) == (kind, size)
    head = await ask(served, "HEAD", path)
    assert (head.content, head.headers["content-length"]) == (b"", str(len(answer.content)))
    # It is made once: the stored clip is not looked at again.
    await served.parts.storage.delete([file.key])
    assert (await ask(served, "GET", path)).content == answer.content


async def test_there_is_no_content_before_the_end(served: Served) -> None:
    made = await create(served)
    path = f"{VIDEOS}/{made['id']}/content"
    expected = {"message": "", "type": "invalid_request_error", "param": None}
    for code in ("video_queued", "video_in_progress"):
        message = f"Video {made['id']} is not ready yet."
        answer = await ask(served, "GET", path)
        assert await refused(answer, served, tasks=1) == (404, expected | {"message": message, "code": code})
        if code == "video_queued":
            task = await running(served, made["id"])
    from understudy.tasks import lifecycle

    await served.parts.store.apply(task.id, lifecycle.fail(task, NOW + 6, "No."))
    answer = await ask(served, "GET", path)
    message = f"Video {made['id']} failed: there is nothing to download."
    assert await refused(answer, served, tasks=1) == (
        404,
        expected | {"message": message, "code": "video_failed"},
    )


async def test_an_unknown_variant(served: Served) -> None:
    made = await create(served)
    await finished(served, made["id"])
    answer = await ask(served, "GET", f"{VIDEOS}/{made['id']}/content?variant=0")
    status, error = await refused(answer, served, tasks=1)
    assert (status, error["param"]) == (400, "variant")
    assert error["message"] == "variant takes one of video, thumbnail, spritesheet."


async def test_a_clip_without_pictures_and_one_that_is_lost(served: Served, caplog: Any) -> None:
    made = await create(served)
    _, file = await finished(served, made["id"], b"hello world")
    for variant in ("thumbnail", "spritesheet"):
        answer = await ask(served, "GET", f"{VIDEOS}/{made['id']}/content?variant={variant}")
        status, error = await refused(answer, served, tasks=1)
        assert status == 404
        assert error["message"].startswith(f"There is no {variant} of this video: ")
    await served.parts.storage.delete([file.key])
    for variant in ("video", "thumbnail"):
        answer = await ask(served, "GET", f"{VIDEOS}/{made['id']}/content?variant={variant}")
        status, error = await refused(answer, served, tasks=1)
        assert (status, error["type"]) == (503, "server_error")
        assert answer.headers["retry-after"] == "5"
        assert file.key not in answer.text


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("video_1/remix", "remix a video"),
        ("edits", "edit a video"),
        ("extensions", "extend a video"),
        ("characters", "keep characters"),
    ],
)
async def test_what_nothing_here_can_do(served: Served, path: str, what: str) -> None:
    answer = await ask(served, "POST", f"{VIDEOS}/{path}", json={"prompt": "x", "video": {"id": "video_1"}})
    assert await refused(answer, served) == (
        400,
        {
            "message": f"No engine here can {what}. Create a video with POST /v1/videos instead.",
            "type": "invalid_request_error",
            "param": None,
            "code": "not_supported",
        },
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/v1/videos"),
        ("POST", "/v1/videos/video_1"),
        ("GET", "/v1/videos/video_1/nothing"),
        ("PATCH", "/v1/models"),
    ],
)
async def test_other_ways(served: Served, method: str, path: str) -> None:
    answer = await ask(served, method, path)
    assert await refused(answer, served) == (
        404,
        {
            "message": f"Invalid URL ({method} {path}).",
            "type": "invalid_request_error",
            "param": None,
            "code": "unknown_url",
        },
    )
