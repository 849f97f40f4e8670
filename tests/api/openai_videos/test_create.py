"""POST /v1/videos: everything that clients send, what is written, what is refused."""

import base64
import json
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.api.openai_videos.asking import VIDEOS, ask, create, parts, refused
from tests.api.served import NOW, Served, picture, serving
from understudy.catalogue.checked import Stored, Url
from understudy.tasks.records import Task

PNG = picture()
DATA_URL = "data:image/png;base64," + base64.b64encode(PNG).decode()
WEB_URL = "https://pictures.test/a.png"


async def only_task(served: Served) -> Task:
    [task] = await served.tasks()
    return task


async def test_the_answer_is_exactly_the_protocol_s(served: Served) -> None:
    answer = await ask(
        served,
        "POST",
        VIDEOS,
        files=parts({"prompt": "A road.", "model": "sora-2-pro", "seconds": "8", "size": "1920x1080"}),
    )
    task = await only_task(served)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["openai-poll-after-ms"] == "250"
    assert answer.text == json.dumps(
        {
            "id": f"video_{task.id}",
            "object": "video",
            "model": "sora-2-pro",
            "status": "queued",
            "progress": 0,
            "created_at": int(NOW),
            "completed_at": None,
            "expires_at": None,
            "prompt": "A road.",
            "size": "1920x1080",
            "seconds": "8",
            "remixed_from_video_id": None,
            "error": None,
            "num_outputs": None,
            "engine": None,
            "cost": "0",
        },
        separators=(",", ":"),
    )
    assert (task.door, task.model, task.callback_url) == ("openai", "openai/sora-2-pro", "")
    assert task.values == {"prompt": "A road.", "seconds": "8", "resolution": "1080p", "ratio": "16:9"}


@pytest.mark.parametrize(
    "request_",
    [
        {"files": parts({"prompt": "x", "seconds": "8", "size": "1280x720"})},
        {"data": {"prompt": "x", "seconds": "8", "size": "1280x720"}},
        {"json": {"prompt": "x", "seconds": "8", "size": "1280x720"}},
        {"json": {"prompt": "x", "seconds": 8, "size": "1280x720"}},
        {"json": {"prompt": "x", "seconds": 8.0, "size": "1280x720", "input_reference": None}},
        {
            "content": b'{"prompt": "x", "seconds": "8", "size": "1280x720"}',
            "headers": {"content-type": "multipart/form-data"},
        },
    ],
)
async def test_every_way_to_send_it(served: Served, request_: dict[str, Any]) -> None:
    answer = await ask(served, "POST", VIDEOS, **request_)
    assert answer.status_code == 200, answer.text
    task = await only_task(served)
    assert task.values == {"prompt": "x", "seconds": "8", "resolution": "720p", "ratio": "16:9"}


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("sora-2", "openai/sora-2-pro"),
        ("SORA-2-pro", "openai/sora-2-pro"),
        ("sora-2-pro-2025-10-06", "openai/sora-2-pro"),
        ("openai/sora-2-pro", "openai/sora-2-pro"),
        ("veo-3.1", "google/veo3-1"),
        ("google/veo3.1", "google/veo3-1"),
        ("ovi", "chetwinlow1/ovi"),
        (None, "openai/sora-2-pro"),
        ("", "openai/sora-2-pro"),
    ],
)
async def test_models_by_alias_and_by_address(served: Served, name: str | None, address: str) -> None:
    await create(served, **({} if name is None else {"model": name}))
    assert (await only_task(served)).model == address


async def test_the_protocol_s_own_size_is_the_default(served: Served) -> None:
    video = await create(served)
    assert (video["size"], video["seconds"]) == ("720x1280", "4")
    assert (await only_task(served)).values["ratio"] == "9:16"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"model": "sora-2", "resolution": "1080p", "ratio": "16:9"},
            {"resolution": "1080p", "ratio": "16:9"},
        ),
        (
            {"model": "veo-3.1", "negative_prompt": "fog", "generate_audio": "false", "seed": "7"},
            {"negativePrompt": "fog", "generateAudio": "false", "seed": 7, "aspectRatio": "9:16"},
        ),
        (
            {
                "model": "veo-3.1",
                "personGeneration": "dont_allow",
                "durationSeconds": "6",
                "size": "1280x720",
            },
            {"personGeneration": "dont_allow", "durationSeconds": "6", "aspectRatio": "16:9"},
        ),
        ({"model": "veo-3.1", "seconds": "6"}, {"durationSeconds": "6"}),
        (
            {"model": "ovi", "size": "1280x720", "steps": "12", "audio_negative_prompt": "echo"},
            {"resolution": "512x960", "steps": 12, "audioNegativePrompt": "echo"},
        ),
    ],
)
async def test_inputs_of_the_model_by_their_own_names(
    served: Served, fields: dict[str, str], expected: dict[str, Any]
) -> None:
    await create(served, **fields)
    values = (await only_task(served)).values
    assert {name: values[name] for name in expected} == expected


async def test_what_no_model_knows_is_told_to_be_ignored(served: Served) -> None:
    video = await create(served, model="ovi", seconds="8", n="2", aspect_ratio="16:9", size="1280x720")
    assert (await only_task(served)).notes == "Ignored: aspect_ratio, n, seconds."
    assert (video["model"], video["seconds"], video["size"]) == ("ovi", None, "960x512")


@pytest.mark.parametrize(
    "request_",
    [
        {"data": {"prompt": "x"}, "files": {"input_reference": ("a.png", PNG, "image/png")}},
        {"files": parts({"prompt": "x", "input_reference[image_url]": DATA_URL})},
        {"files": parts({"prompt": "x", "input_reference": DATA_URL})},
        {"json": {"prompt": "x", "input_reference": {"image_url": DATA_URL}}},
        {"json": {"prompt": "x", "input_reference": DATA_URL}},
    ],
)
async def test_a_picture_that_comes_along(served: Served, request_: dict[str, Any]) -> None:
    answer = await ask(served, "POST", VIDEOS, **request_)
    assert answer.status_code == 200, answer.text
    assert answer.json()["size"] is None
    task = await only_task(served)
    assert task.values["ratio"] == "auto"
    [source] = task.sources["inputImage"]
    assert isinstance(source, Stored)
    assert b"".join([piece async for piece in served.parts.storage.stream(source.key)]) == PNG
    assert served.left_behind() == []


@pytest.mark.parametrize(
    "request_",
    [
        {"files": parts({"prompt": "x", "input_reference[image_url]": WEB_URL, "size": "720x1280"})},
        {"json": {"prompt": "x", "input_reference": {"image_url": WEB_URL}, "size": "720x1280"}},
        {"json": {"prompt": "x", "inputImage": WEB_URL, "size": "720x1280"}},
    ],
)
async def test_a_picture_by_its_address(served: Served, request_: dict[str, Any]) -> None:
    assert (await ask(served, "POST", VIDEOS, **request_)).status_code == 200
    task = await only_task(served)
    assert task.sources == {"inputImage": (Url(WEB_URL),)}
    assert (task.values["ratio"], task.values["resolution"]) == ("9:16", "720p")


async def test_a_picture_of_another_size_is_taken(served: Served) -> None:
    answer = await ask(
        served,
        "POST",
        VIDEOS,
        data={"prompt": "x", "size": "1280x720"},
        files={"input_reference": ("a.png", picture(50, 50), "image/png")},
    )
    assert answer.json()["size"] == "1280x720"


@pytest.mark.parametrize(
    ("fields", "status", "param", "code", "message"),
    [
        ({}, 400, "prompt", None, "Request parameter [prompt] required"),
        ({"prompt": " "}, 400, "prompt", None, "Request parameter [prompt] required"),
        ({"prompt": 7}, 400, "prompt", None, "prompt takes text."),
        ({"prompt": "x" * 32_001}, 400, "prompt", None, "The prompt may have at most 32,000 characters."),
        (
            {"prompt": "x", "seconds": "5"},
            400,
            "seconds",
            None,
            "Request parameter [seconds] must be one of 4, 8, 12",
        ),
        (
            {"prompt": "x", "seconds": "5", "model": "veo-3.1"},
            400,
            "seconds",
            None,
            "Request parameter [seconds] must be one of 4, 6, 8",
        ),
        (
            {"prompt": "x", "seconds": True},
            400,
            "seconds",
            None,
            "seconds takes a whole number, as a number or as text.",
        ),
        (
            {"prompt": "x", "seconds": 4.5},
            400,
            "seconds",
            None,
            "seconds takes a whole number, as a number or as text.",
        ),
        (
            {"prompt": "x", "size": "big"},
            400,
            "size",
            None,
            "size takes WIDTHxHEIGHT in pixels, such as 1280x720.",
        ),
        (
            {"prompt": "x", "size": "0x720"},
            400,
            "size",
            None,
            "size takes WIDTHxHEIGHT in pixels, such as 1280x720.",
        ),
        (
            {"prompt": "x", "model": "sora-3"},
            404,
            "model",
            "model_not_found",
            "There is no model 'sora-3' here; GET /v1/models lists those that there are.",
        ),
        (
            {"prompt": "x", "input_reference": {"file_id": "file_1"}},
            400,
            "input_reference.file_id",
            "not_supported",
            "There are no files to refer to here: send the picture itself as input_reference, or its image_url.",
        ),
        (
            {"prompt": "x", "input_reference": {"image_url": "ftp://a.test/b"}},
            400,
            "input_reference",
            None,
            'input_reference takes a picture file, or {"image_url": ...} with an http, https or data URL.',
        ),
        (
            {"prompt": "x", "input_reference": "data:image/png,abc"},
            400,
            "input_reference",
            None,
            "A data URL needs ;base64 before its comma.",
        ),
        (
            {"prompt": "x", "input_reference": "data:image/png;base64,@@@@"},
            400,
            "input_reference",
            None,
            "The picture of the data URL is not valid base64.",
        ),
        (
            {"prompt": "x", "input_reference": "data:image/png;base64,aGVsbG8="},
            400,
            "input_reference",
            None,
            "This is not a file of an accepted type (JPEG, PNG, WebP, GIF, BMP, AVIF).",
        ),
        (
            {"prompt": "x", "input_reference": "http://10.0.0.1/a.png"},
            400,
            "input_reference",
            None,
            "[input_reference] The host of the address is in a network that this server does not reach.",
        ),
        (
            {"prompt": "x", "callback_url": "http://localhost/"},
            400,
            "callback_url",
            None,
            "[callback_url] The host of the address is in a network that this server does not reach.",
        ),
        (
            {"prompt": "x", "image_reference": '{"image_url": '},
            400,
            "image_reference",
            None,
            "image_reference is no valid JSON.",
        ),
        (
            {"prompt": "x", "reference_url": "/etc/passwd"},
            400,
            "input_reference",
            None,
            'input_reference takes a picture file, or {"image_url": ...} with an http, https or data URL.',
        ),
        (
            {"prompt": "x", "width": "wide", "height": 720},
            400,
            "width",
            None,
            "width and height take pixels, such as 1280 and 720.",
        ),
        (
            {"prompt": "x", "seed": "first", "model": "veo-3.1"},
            400,
            "seed",
            None,
            "Request parameter [seed] must be integer or float",
        ),
    ],
)
async def test_what_is_refused(
    served: Served, fields: dict[str, Any], status: int, param: str, code: str | None, message: str
) -> None:
    answer = await ask(served, "POST", VIDEOS, json=fields)
    assert await refused(answer, served) == (
        status,
        {"message": message, "type": "invalid_request_error", "param": param, "code": code},
    )


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"--b\r\n", "multipart/form-data; boundary=b"),
        (b"x", "multipart/form-data"),
    ],
)
async def test_bodies_that_cannot_be_read(served: Served, content: bytes, content_type: str) -> None:
    answer = await ask(served, "POST", VIDEOS, content=content, headers={"content-type": content_type})
    status, error = await refused(answer, served)
    assert (status, error["type"]) == (400, "invalid_request_error")


async def test_a_file_that_is_no_picture(served: Served) -> None:
    answer = await ask(
        served,
        "POST",
        VIDEOS,
        data={"prompt": "x"},
        files={"input_reference": ("a.png", b"<html>", "image/png")},
    )
    status, error = await refused(answer, served)
    assert (status, error["param"]) == (400, "input_reference")


async def test_a_damaged_picture_is_refused_before_there_is_a_task(served: Served) -> None:
    cut = "data:image/png;base64," + base64.b64encode(PNG[:60]).decode()
    answer = await ask(served, "POST", VIDEOS, json={"prompt": "x", "input_reference": cut})
    status, error = await refused(answer, served)
    assert (status, error["param"]) == (400, "input_reference")


async def test_pictures_inside_the_text_have_a_limit_of_their_own(tmp_path: Any) -> None:
    limits = {"json_bytes": 1000, "upload_bytes": 2000}
    noisy = picture(900, 900)  # about 3 KB
    async with serving(tmp_path, limits=limits) as served:
        small = "data:image/png;base64," + base64.b64encode(PNG).decode()
        answer = await ask(served, "POST", VIDEOS, json={"prompt": "x" * 700, "input_reference": small})
        assert answer.status_code == 200
        for body in (
            {"prompt": "x", "input_reference": "data:image/png;base64," + base64.b64encode(noisy).decode()},
            {"prompt": "x" * 1001, "input_reference": small},
            {"prompt": "x", "input_reference": "data:image/png;base64," + "A" * 10_000},
        ):
            answer = await ask(served, "POST", VIDEOS, json=body)
            status, error = await refused(answer, served, tasks=1)
            assert (status, error["type"], error["code"]) == (
                413,
                "invalid_request_error",
                "request_too_large",
            )
            assert answer.headers["connection"] == "close"


async def test_a_model_that_takes_no_picture(tmp_path: Any) -> None:
    from tests.api.served import CATALOGUE
    from understudy.catalogue.catalogue import Catalogue
    from understudy.catalogue.manifest import Input, Model

    plain = Model(owner="o", slug="plain", inputs=(Input(id="prompt", type="text", required=True),))
    async with serving(tmp_path, catalogue=Catalogue([*CATALOGUE.models, plain], {})) as served:
        for request in (
            {"json": {"prompt": "x", "model": "o/plain", "input_reference": WEB_URL}},
            {
                "data": {"prompt": "x", "model": "o/plain"},
                "files": {"input_reference": ("a.png", PNG, "image/png")},
            },
        ):
            status, error = await refused(await ask(served, "POST", VIDEOS, **request), served)
            assert (status, error["message"]) == (400, "This model takes no picture.")


async def test_the_same_key_makes_one_task(served: Served) -> None:
    async def again(body: dict[str, Any], key: str = "k1") -> httpx.Response:
        return await ask(served, "POST", VIDEOS, json=body, headers={"idempotency-key": key})

    first, second = await again({"prompt": "x"}), await again({"prompt": "x"})
    assert first.json()["id"] == second.json()["id"]
    status, error = await refused(await again({"prompt": "y"}), served, tasks=1)
    assert (status, error["message"]) == (400, "Idempotency-Key was used with other parameters")
    status, error = await refused(await again({"prompt": "x"}, "a b"), served, tasks=1)
    assert (status, error["message"]) == (400, "Idempotency-Key takes 1 to 255 visible ASCII characters.")
    wire = await served.post("/v1/Run/openai/sora-2-pro", {"prompt": "x"}, headers={"idempotency-key": "k1"})
    assert wire.json()["errors"][0]["message"] == "Idempotency-Key was used with other parameters"


async def test_where_the_webhook_goes(served: Served) -> None:
    projects = served.parts.projects
    await create(served, callback_url="https://hooks.test/mine")
    await projects.set_webhook_url(served.owner.project.id, "https://hooks.test/all")
    await create(served)
    await create(served, callback_url="https://hooks.test/mine")
    assert [task.callback_url for task in reversed(await served.tasks())] == [
        "https://hooks.test/mine",
        "https://hooks.test/all",
        "https://hooks.test/mine",
    ]
    await served.run()
    assert (await served.tasks())[0].callback_url == ""


async def test_the_balance(tmp_path: Any) -> None:
    async with serving(tmp_path, prepaid=True) as served:
        answer = await ask(served, "POST", VIDEOS, json={"prompt": "x"})
        status, error = await refused(answer, served)
        assert (status, error["type"], error["code"]) == (429, "insufficient_quota", "insufficient_quota")
        assert answer.headers["x-should-retry"] == "false"
        await served.parts.projects.add_balance(served.owner.project.id, Decimal(10))
        await create(served)
        answer = await ask(served, "POST", VIDEOS, json={"prompt": "x"})
        status, error = await refused(answer, served, tasks=1)
        assert (status, error["type"], error["code"]) == (429, "rate_limit_error", "rate_limit_exceeded")
        assert "x-should-retry" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "body", "status", "message"),
    [
        (
            {"content-type": "application/json"},
            b'{"prompt": "x", "a": [' + b"[]," * 200_000 + b"[]]}",
            400,
            "The body is not accepted as JSON. It has too many values in it.",
        ),
        (
            {"content-type": "application/x-www-form-urlencoded"},
            b"prompt=x&a=" + b"%41" * 400_000,
            413,
            "The request is too large. Its body may have at most 1,048,576 bytes.",
        ),
        (
            {"content-type": "multipart/form-data; boundary=b"},
            b'--b\r\ncontent-disposition: form-data; name="image_reference"\r\n\r\n{"a": ['
            + b"[]," * 200_000
            + b"[]]}\r\n--b--\r\n",
            400,
            "image_reference is no valid JSON.",
        ),
    ],
    ids=["json", "form", "json in a form"],
)
async def test_what_a_picture_may_take_is_for_pictures(
    served: Served, headers: dict[str, str], body: bytes, status: int, message: str
) -> None:
    """Bodies are as long as a picture makes them; of anything else as many bytes would take gigabytes of memory."""
    answer = await ask(served, "POST", VIDEOS, headers=headers, content=body)
    found, error = await refused(answer, served)
    assert (found, error["message"]) == (status, message)


async def test_json_that_is_called_a_form_may_have_a_picture(served: Served) -> None:
    url = f"data:image/png;base64,{base64.b64encode(picture() + bytes(1_500_000)).decode()}"
    body = json.dumps({"prompt": "x", "input_reference": {"image_url": url}}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await ask(served, "POST", VIDEOS, headers=headers, content=body)
    assert answer.status_code == 200, answer.text
