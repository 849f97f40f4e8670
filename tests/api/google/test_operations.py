"""Operations in both forms: the exact JSON of each end, and the clip inside it or behind its address."""

import base64
import hashlib
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.api.google.talk import DEVELOPER, SCOPED, VEO, error, fetch, id_of, key, post, started
from tests.api.served import BASE, NOW, Served, picture
from tests.tasks.examples import claimed_by_an_engine
from understudy.tasks import lifecycle
from understudy.tasks.file_records import new_address, new_file
from understudy.tasks.lifecycle import Status
from understudy.tasks.records import File, Purchase, Settlement, Task

FORMS = pytest.mark.parametrize("resource", [VEO, SCOPED, DEVELOPER])
ENGINE = {"name": "animatic", "version": "1", "preview": True, "tried": []}
HELLO = b"hello world"
RESPONSE = "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"


def metadata(state: str, **more: Any) -> dict[str, Any]:
    return {
        "@type": "type.googleapis.com/understudy.OperationMetadata",
        "model": "google/veo3-1",
        "state": state,
        "createTime": "2024-12-18T09:23:27.250000Z",
    } | more


async def claimed(served: Served) -> Task:
    task = await claimed_by_an_engine(served.parts.store, "google/veo3-1", NOW)
    after = await served.parts.store.apply(task.id, lifecycle.advance(task, Status.START, NOW + 1))
    assert after is not None
    return after


async def finished(served: Served, content: bytes = HELLO, recorded: int | None = None) -> File:
    """The task that waits has made a clip."""
    task = await claimed(served)
    size = len(content) if recorded is None else recorded
    clip = new_file(
        "output",
        project=task.project,
        name="0.mp4",
        content_type="video/mp4",
        size=size,
        at=NOW,
        task=task.id,
        address=new_address(),
    )
    await served.parts.storage.put_bytes(clip.key, content)
    change = lifecycle.finish(task, NOW + 6, pexit="0", files=(clip,), engine=ENGINE)
    assert await served.parts.store.apply(task.id, change)
    return clip


async def failed(served: Served, reason: str) -> None:
    task = await claimed(served)
    assert await served.parts.store.apply(task.id, lifecycle.fail(task, NOW + 6, reason))


async def body_of(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


@FORMS
async def test_running(served: Served, resource: str) -> None:
    name = await started(served, resource)
    assert await body_of(await fetch(served, name)) == {
        "name": name,
        "metadata": metadata("task_queue"),
        "done": False,
    }


@pytest.mark.parametrize("resource", [VEO, SCOPED])
@pytest.mark.parametrize("content", [HELLO, b"hello world!", b"hello world!!", bytes(range(256)) * 3000])
async def test_done_with_the_clip_inside(served: Served, resource: str, content: bytes) -> None:
    name = await started(served, resource)
    await finished(served, content)
    answer = await fetch(served, name)
    assert await body_of(answer) == {
        "name": name,
        "metadata": metadata("task_postprocess_end", engine=ENGINE),
        "done": True,
        "response": {
            "@type": RESPONSE,
            "videos": [{"bytesBase64Encoded": base64.b64encode(content).decode(), "mimeType": "video/mp4"}],
            "raiMediaFilteredCount": 0,
        },
    }
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


async def test_done_with_the_clip_behind_an_address(served: Served) -> None:
    name = await started(served, DEVELOPER)
    clip = await finished(served)
    uri = f"{BASE}/v1beta/files/{clip.id}:download?alt=media"
    assert await body_of(await fetch(served, name)) == {
        "name": name,
        "metadata": metadata("task_postprocess_end", engine=ENGINE),
        "done": True,
        "response": {"generateVideoResponse": {"generatedSamples": [{"video": {"uri": uri}}]}},
    }
    answer = await served.client.get(uri, headers=key(served))
    assert (answer.status_code, answer.content) == (200, HELLO)
    assert (answer.headers["content-type"], answer.headers["etag"]) == ("video/mp4", f'"{clip.id}"')


async def test_downloads_have_ranges(served: Served) -> None:
    await started(served)
    clip = await finished(served)
    uri = f"/v1beta/files/{clip.id}:download?alt=media"
    part = await served.client.get(uri, headers=key(served) | {"range": "bytes=6-"})
    assert (part.status_code, part.content) == (206, b"world")
    assert part.headers["content-range"] == "bytes 6-10/11"
    head = await served.client.head(uri, headers=key(served))
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "11")


async def test_an_address_in_the_place_of_an_id_is_understood(served: Served) -> None:
    """So google-genai 2.x asks for addresses that begin with http."""
    await started(served)
    clip = await finished(served)
    path = f"/v1beta/files/{BASE}/v1beta/files/{clip.id}:download?alt=media:download?alt=media"
    answer = await served.client.get(path, headers=key(served))
    assert (answer.status_code, answer.content) == (200, HELLO)


@FORMS
async def test_failed(served: Served, resource: str) -> None:
    name = await started(served, resource)
    await failed(served, "The engine ran out of memory.")
    assert await body_of(await fetch(served, name)) == {
        "name": name,
        "metadata": metadata("task_postprocess_end"),
        "done": True,
        "error": {"code": 13, "message": "The engine ran out of memory."},
    }


@FORMS
async def test_cancelled(served: Served, resource: str) -> None:
    name = await started(served, resource)
    await served.parts.desk.cancel(served.owner.project, id=id_of(name))
    assert await body_of(await fetch(served, name)) == {
        "name": name,
        "metadata": metadata("task_cancel"),
        "done": True,
        "error": {"code": 1, "message": "The operation was cancelled."},
    }


@FORMS
async def test_its_files_were_deleted(served: Served, resource: str) -> None:
    name = await started(served, resource)
    clip = await finished(served)
    task = await served.parts.desk.find(served.owner.project, id=id_of(name))
    await served.parts.desk.delete_files(served.owner.project, token=task.token)
    body = await body_of(await fetch(served, name))
    assert (body["done"], body["error"]) == (
        True,
        {"code": 5, "message": "The files of this operation were deleted."},
    )
    answer = await served.client.get(f"/v1beta/files/{clip.id}:download", headers=key(served))
    assert answer.status_code == 404


async def declined(served: Served, reason: str) -> None:
    """The task that waits was refused by a partner's rules."""
    store, task = served.parts.store, await claimed(served)
    bought = await store.begin_purchase(
        Purchase(id=0, task=task.id, project=task.project, engine="veo", key="k", hook="h", placed=NOW),
        (task.lease_owner, task.attempts),
    )
    assert bought is not None
    settlement = Settlement(purchase=bought.id, outcome="declined", at=NOW, charged=Decimal(0), note=reason)
    assert await store.settle_purchase(settlement)
    assert await store.apply(task.id, lifecycle.fail(task, NOW + 6, reason))


@FORMS
async def test_what_a_partners_rules_refuse_is_filtered(served: Served, resource: str) -> None:
    reason = "The prompt was refused. Support codes: 29310472"
    name = await started(served, resource)
    await declined(served, reason)
    body = await body_of(await fetch(served, name))
    filtered = {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [reason]}
    response = (
        {"generateVideoResponse": filtered} if resource == DEVELOPER else {"@type": RESPONSE} | filtered
    )
    assert body == {
        "name": name,
        "metadata": metadata("task_postprocess_end"),
        "done": True,
        "response": response,
    }


async def test_a_clip_that_storage_has_lost(served: Served) -> None:
    name = await started(served)
    clip = await finished(served)
    await served.parts.storage.delete([clip.key])
    answer = await fetch(served, name)
    message = "Files cannot be stored or read at the moment. Try again later."
    assert (answer.status_code, answer.json()) == (503, error(503, "UNAVAILABLE", message))


async def test_a_large_clip_is_never_in_memory(served: Served) -> None:
    """Read as it comes: no piece is larger than one of storage's, in base64."""
    content = bytes(range(251)) * 40_000
    name = await started(served)
    await finished(served, content)
    sizes: list[int] = []
    received = bytearray()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            sizes.append(len(message["body"]))
            received.extend(message["body"])

    sent = [f'{{"operationName": "{name}"}}'.encode()]

    async def receive() -> Any:
        if sent:
            return {"type": "http.request", "body": sent.pop(), "more_body": False}
        raise AssertionError("nobody may ask for more")

    scope = {
        "type": "http",
        "asgi": {"spec_version": "2.4"},
        "method": "POST",
        "path": f"/v1beta1/{VEO}:fetchPredictOperation",
        "query_string": b"",
        "headers": [(each.encode(), value.encode()) for each, value in key(served).items()],
    }
    await served.app(scope, receive, send)
    assert max(sizes) < 400_000
    encoded = bytes(received).partition(b'"bytesBase64Encoded":"')[2].partition(b'"')[0]
    assert hashlib.sha256(base64.b64decode(encoded)).digest() == hashlib.sha256(content).digest()


@pytest.mark.parametrize(
    "name", [f"{VEO}/operations/99", f"{DEVELOPER}/operations/99", f"{VEO}/operations/abc", "operations/2"]
)
async def test_an_operation_that_is_not_here(served: Served, name: str) -> None:
    answer = (
        await post(served, f"/v1beta1/{VEO}:fetchPredictOperation", {"operationName": name})
        if not name.startswith("models/")
        else await fetch(served, name)
    )
    expected = error(404, "NOT_FOUND", "There is no such operation.")
    assert (answer.status_code, answer.json()) == (404, expected)


@pytest.mark.parametrize("name", [None, 7, "", "abc", "operations/"])
async def test_what_is_no_operations_name(served: Served, name: Any) -> None:
    answer = await post(served, f"/v1beta1/{VEO}:fetchPredictOperation", {"operationName": name})
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["fieldViolations"][0]["field"] == "operationName"


async def test_a_task_of_the_wires_own_protocol_is_an_operation_too(served: Served) -> None:
    id, _ = await served.run()
    body = await body_of(await fetch(served, f"publishers/openai/models/sora-2-pro/operations/{id}"))
    assert body["metadata"]["model"] == "openai/sora-2-pro"


@FORMS
async def test_somebody_elses_operation_does_not_exist(served: Served, resource: str) -> None:
    name = await started(served, resource)
    await finished(served)
    other = await served.parts.projects.create("other")
    answer = await fetch(served, name, headers=key(served, other))
    assert (answer.status_code, answer.json()) == (
        404,
        error(404, "NOT_FOUND", "There is no such operation."),
    )


async def test_somebody_elses_clip_does_not_exist(served: Served) -> None:
    await started(served)
    clip = await finished(served)
    other = await served.parts.projects.create("other")
    uri = f"/v1beta/files/{clip.id}:download?alt=media"
    answer = await served.client.get(uri, headers=key(served, other))
    assert (answer.status_code, answer.json()) == (404, error(404, "NOT_FOUND", "There is no such file."))
    assert (await served.client.get(uri)).status_code == 401


async def test_an_input_is_no_download(served: Served) -> None:
    uploaded = await served.post("/v1/File/Upload", files={"file": ("a.png", picture())})
    id = uploaded.json()["list"][0]["id"]
    answer = await served.client.get(f"/v1beta/files/{id}:download", headers=key(served))
    assert answer.status_code == 404
