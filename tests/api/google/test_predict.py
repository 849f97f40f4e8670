"""predictLongRunning: what it answers, and what the task is that it makes."""

import base64
import io
import random
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.api.google.talk import DEVELOPER, PROMPT, SCOPED, VEO, key, predict
from tests.api.served import SORA, Served, picture, serving
from understudy.tasks.records import Task


async def task_of(served: Served, answer: httpx.Response) -> Task:
    assert answer.status_code == 200, answer.text
    (task,) = await served.tasks()
    return task


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        (f"/v1beta1/{VEO}", VEO),
        (f"/v1/{VEO}", VEO),
        (f"/v1beta1/{SCOPED}", SCOPED),
        (f"/v1/{SCOPED}", SCOPED),
        (f"/v1beta/{DEVELOPER}", DEVELOPER),
    ],
)
async def test_the_answer_is_a_name_below_the_resource_that_was_asked(
    served: Served, path: str, resource: str
) -> None:
    body = {"instances": [{"prompt": PROMPT}]}
    answer = await served.client.post(f"{path}:predictLongRunning", json=body, headers=key(served))
    assert (answer.status_code, answer.json()) == (200, {"name": f"{resource}/operations/1"})
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    task = await task_of(served, answer)
    assert (task.id, task.model, task.door, task.status) == (1, "google/veo3-1", "google", "task_queue")
    assert task.values["prompt"] == PROMPT


@pytest.mark.parametrize(
    ("resource", "model"),
    [
        ("publishers/google/models/veo3-1", "google/veo3-1"),
        ("publishers/google/models/veo3.1", "google/veo3-1"),
        ("publishers/google/models/VEO-3.1-fast-generate-001", "google/veo3-1"),
        ("publishers/openai/models/sora-2-pro", "openai/sora-2-pro"),
        ("publishers/google/models/sora-2-pro", "openai/sora-2-pro"),
        ("publishers/google/models/chetwinlow1/ovi", "chetwinlow1/ovi"),
        ("publishers/google/models/chetwinlow1%2Fovi", "chetwinlow1/ovi"),
        ("models/chetwinlow1/ovi", "chetwinlow1/ovi"),
        ("models/chetwinlow1%2Fovi", "chetwinlow1/ovi"),
        ("models/sora-2-pro", "openai/sora-2-pro"),
    ],
)
async def test_every_model_can_be_named(served: Served, resource: str, model: str) -> None:
    assert (await task_of(served, await predict(served, resource))).model == model


async def test_every_parameter_reaches_the_contract(served: Served) -> None:
    answer = await predict(
        served,
        sampleCount=1,
        durationSeconds=6,
        aspectRatio="9:16",
        resolution="1080p",
        negativePrompt="Fog.",
        enhancePrompt=False,
        generateAudio=False,
        personGeneration="dont_allow",
        seed=4294967295,
        fps=24,
        compressionQuality="OPTIMIZED",
        resizeMode="crop",
        storageUri=None,
    )
    task = await task_of(served, answer)
    assert task.values == {
        "prompt": PROMPT,
        "generateAudio": "false",
        "aspectRatio": "9:16",
        "resolution": "1080p",
        "negativePrompt": "Fog.",
        "enhancePrompt": "false",
        "personGeneration": "dont_allow",
        "seed": 4294967295,
        "durationSeconds": "6",
    }
    assert task.notes == ""


async def test_what_is_not_given_is_the_contracts_default(served: Served) -> None:
    values = (await task_of(served, await predict(served))).values
    assert values == {
        "prompt": PROMPT,
        "generateAudio": "true",
        "aspectRatio": "16:9",
        "resolution": "720p",
        "negativePrompt": "",
        "enhancePrompt": "true",
        "personGeneration": "allow_adult",
        "seed": 0,
        "durationSeconds": "8",
    }


@pytest.mark.parametrize(
    ("parameters", "name", "value"),
    [
        ({"personGeneration": "disallow"}, "personGeneration", "dont_allow"),
        ({"personGeneration": "ALLOW_ADULT"}, "personGeneration", "allow_adult"),
        ({"personGeneration": "allow_all"}, "personGeneration", "allow_adult"),
        ({"durationSeconds": "4"}, "durationSeconds", "4"),
        ({"durationSeconds": 4.0}, "durationSeconds", "4"),
        ({"seed": 0}, "seed", 0),
    ],
)
async def test_spellings(served: Served, parameters: dict[str, Any], name: str, value: object) -> None:
    assert (await task_of(served, await predict(served, **parameters))).values[name] == value


async def test_what_has_no_effect_is_said(served: Served) -> None:
    answer = await predict(
        served,
        "publishers/openai/models/sora-2-pro",
        durationSeconds=12,
        generateAudio=True,
        seed=7,
        quality="best",
    )
    task = await task_of(served, answer)
    assert task.values["seconds"] == "12"
    assert task.notes == "Ignored: parameters.generateAudio, parameters.quality, parameters.seed."


async def test_names_that_nobody_knows_do_not_fill_the_log(served: Served) -> None:
    names = {f"{number:03}\u202e" + "x" * 500: 1 for number in range(300)}
    task = await task_of(served, await predict(served, **names))
    assert len(task.notes) < 20 * 70
    assert "\u202e" not in task.notes


@pytest.mark.parametrize("resource", [VEO, DEVELOPER])
@pytest.mark.parametrize(
    "encode",
    [
        lambda content: {"bytesBase64Encoded": base64.b64encode(content).decode(), "mimeType": "image/png"},
        lambda content: {"bytesBase64Encoded": base64.urlsafe_b64encode(content).decode().rstrip("=")},
        lambda content: {"inlineData": {"data": base64.b64encode(content).decode(), "mimeType": "image/png"}},
    ],
    ids=["base64", "urlsafe", "inlineData"],
)
async def test_a_picture_becomes_an_input_of_the_task(served: Served, resource: str, encode: Any) -> None:
    content = picture()
    task = await task_of(served, await predict(served, resource, instance={"image": encode(content)}))
    (path,) = task.media["inputImage"]
    assert path.endswith("/image.png")
    assert (await served.client.get(path)).content == content
    assert served.left_behind() == []


async def test_a_picture_larger_than_what_else_a_body_may_have(served: Served) -> None:
    """Noise, as PNG: three megabytes in base64, where a body without a picture may have one."""
    file = io.BytesIO()
    Image.frombytes("RGB", (900, 900), random.Random(1).randbytes(900 * 900 * 3)).save(file, "PNG")
    assert len(file.getvalue()) > 2_000_000
    image = {"bytesBase64Encoded": base64.b64encode(file.getvalue()).decode(), "mimeType": "image/png"}
    task = await task_of(served, await predict(served, instance={"image": image}))
    assert (await served.client.get(task.media["inputImage"][0])).content == file.getvalue()


async def test_the_same_key_is_answered_with_the_same_operation(served: Served) -> None:
    body: dict[str, Any] = {"instances": [{"prompt": PROMPT}], "parameters": {"durationSeconds": 4}}
    path, headers = f"/v1beta1/{VEO}:predictLongRunning", key(served) | {"idempotency-key": "order-17"}
    names = {(await served.client.post(path, json=body, headers=headers)).json()["name"] for _ in range(3)}
    assert names == {f"{VEO}/operations/1"}
    body["parameters"]["durationSeconds"] = 6
    answer = await served.client.post(path, json=body, headers=headers)
    message = "Idempotency-Key was used with other parameters"
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(message)
    assert len(await served.tasks()) == 1


async def test_another_picture_is_another_body(served: Served) -> None:
    headers = key(served) | {"idempotency-key": "order-18"}

    async def ask(width: int) -> httpx.Response:
        image = {"bytesBase64Encoded": base64.b64encode(picture(width)).decode()}
        body = {"instances": [{"prompt": PROMPT, "image": image}]}
        return await served.client.post(f"/v1beta1/{VEO}:predictLongRunning", json=body, headers=headers)

    first, again, other = await ask(64), await ask(64), await ask(80)
    assert first.json() == again.json()
    assert other.status_code == 400
    assert served.left_behind() == []


async def test_it_is_the_same_task_that_the_wires_own_protocol_shows(served: Served) -> None:
    await predict(served)
    detail = (await served.post("/v1/Task/Detail", {"taskid": "1"})).json()["tasklist"][0]
    assert (detail["modelslugproject"], detail["status"]) == ("veo3-1", "task_queue")
    await served.post(SORA, {"prompt": PROMPT})
    assert len(await served.tasks()) == 2


async def test_the_rules_of_prepaid_billing_hold(tmp_path: Path) -> None:
    async with serving(tmp_path, prepaid=True) as served:
        answer = await predict(served)
        assert answer.status_code == 403
        assert answer.json()["error"]["status"] == "PERMISSION_DENIED"
        assert await served.tasks() == []
