"""What the tests of this dialect share: bearer tokens, multipart forms as the SDK sends them, tasks in every state."""

from typing import Any

import httpx

from tests.api.served import NOW, Served
from tests.tasks.examples import claimed_by_an_engine
from understudy.tasks import lifecycle
from understudy.tasks.file_records import new_address, new_file
from understudy.tasks.lifecycle import Status
from understudy.tasks.projects import Credentials
from understudy.tasks.records import File, Task
from understudy.testing.clip import tiny_clip

VIDEOS = "/v1/videos"
CLIP = tiny_clip(frames=24, rate=12)


def bearer(owner: Credentials) -> dict[str, str]:
    """The header that the official clients send."""
    return {"authorization": f"Bearer {owner.api_key}:{owner.api_secret}"}


async def ask(served: Served, method: str, path: str, **more: Any) -> httpx.Response:
    """A request by the first project; `headers` are laid over its own."""
    headers = bearer(served.owner) | more.pop("headers", {})
    return await served.client.request(method, path, headers=headers, **more)


async def create(served: Served, **fields: Any) -> dict[str, Any]:
    """A new video, from a form of text parts."""
    answer = await ask(served, "POST", VIDEOS, files=parts({"prompt": "A road."} | fields))
    assert answer.status_code == 200, answer.text
    video: dict[str, Any] = answer.json()
    return video


def parts(fields: dict[str, Any]) -> dict[str, Any]:
    """Text parts of a multipart form without a file."""
    return {name: (None, str(value)) for name, value in fields.items()}


async def refused(answer: httpx.Response, served: Served, *, tasks: int = 0) -> tuple[int, dict[str, Any]]:
    """Status and error of a refusal; makes sure that it left nothing."""
    body = answer.json()
    assert list(body) == ["error"]
    assert list(body["error"]) == ["message", "type", "param", "code"]
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert len(await served.tasks()) == tasks
    assert served.left_behind() == []
    return answer.status_code, body["error"]


async def running(served: Served, video: str, model: str = "openai/sora-2-pro") -> Task:
    """The task once its engine has begun, two seconds after it was taken."""
    store = served.parts.store
    task = await claimed_by_an_engine(store, model, NOW)
    assert f"video_{task.id}" == video
    started = await store.apply(task.id, lifecycle.advance(task, Status.START, NOW + 2, engine=ENGINE))
    assert started is not None
    return started


async def finished(served: Served, video: str, clip: bytes = CLIP) -> tuple[Task, File]:
    """The task as its engine would leave it after six seconds, with a clip."""
    task = await running(served, video)
    file = new_file(
        "output",
        project=task.project,
        name="0.mp4",
        content_type="video/mp4",
        size=len(clip),
        at=NOW,
        task=task.id,
        address=new_address(),
    )
    await served.parts.storage.put_bytes(file.key, clip)
    change = lifecycle.finish(task, NOW + 6, pexit="0", files=(file,), cost="1.2")
    done = await served.parts.store.apply(task.id, change)
    assert done is not None
    return done, file


async def failed(served: Served, video: str, reason: str = "The engine fell over.") -> Task:
    """The task as an engine leaves it that could not make it."""
    task = await running(served, video)
    done = await served.parts.store.apply(task.id, lifecycle.fail(task, NOW + 6, reason))
    assert done is not None
    return done


ENGINE = {"name": "animatic", "version": "1", "preview": True, "tried": [], "seed": "5"}
