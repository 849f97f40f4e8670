"""Run: what is answered, what is written, what is refused."""

import json
from typing import Any

import msgspec
import pytest

from tests.api.served import NOW, PROMPT, SORA, Served, picture, serving
from understudy.catalogue import CALLBACK_PLACEHOLDER
from understudy.catalogue.catalogue import Catalogue
from understudy.catalogue.checked import Sample, Stored, Url

FORM = (
    b"".join(
        b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % field
        for field in ((b"prompt", b"x"), (b"seconds", b"8"))
    )
    + b"--b--\r\n"
)


async def error(served: Served, path: str = SORA, **request: Any) -> tuple[int, str]:
    """Code and message of a refusal; makes sure that no task came of it."""
    answer = await served.post(path, **request)
    assert answer.status_code == 200
    body = answer.json()
    assert body["result"] is False
    assert await served.tasks() == []
    assert served.left_behind() == []
    return body["errors"][0]["code"], body["errors"][0]["message"]


async def test_the_answer_is_exactly_the_documented_one(served: Served) -> None:
    answer = await served.post(SORA, PROMPT)
    [task] = await served.tasks()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.text == json.dumps(
        {"errors": [], "taskid": str(task.id), "socketaccesstoken": task.token, "result": True},
        separators=(",", ":"),
    )
    assert len(task.token) == 30
    assert task.token.isalnum()
    assert task.created == NOW


async def test_ids_rise(served: Served) -> None:
    ids = [int((await served.run())[0]) for _ in range(3)]
    assert ids == sorted(set(ids))


@pytest.mark.parametrize(
    ("headers", "content"),
    [
        ({"content-type": "application/json"}, b'{"prompt": "x", "seconds": 8}'),
        ({"content-type": "multipart/form-data"}, b'{"prompt": "x", "seconds": "8"}'),
        ({"content-type": "application/x-www-form-urlencoded"}, b'{"prompt": "x", "seconds": "8"}'),
        ({"content-type": "application/x-www-form-urlencoded"}, b"prompt=x&seconds=8"),
        ({"content-type": "text/plain"}, b'\xef\xbb\xbf {"prompt": "x", "seconds": 8.0}'),
        ({}, b'{"prompt": "x", "seconds": 8}'),
        (
            {"content-type": "multipart/form-data; boundary=b"},
            FORM,
        ),
    ],
)
async def test_every_way_to_send_it(served: Served, headers: dict[str, str], content: bytes) -> None:
    answer = await served.post(SORA, headers=headers, content=content)
    assert answer.json()["result"] is True
    [task] = await served.tasks()
    assert (task.values["prompt"], task.values["seconds"]) == ("x", "8")


@pytest.mark.parametrize(
    "path",
    ["/v1/Run/openai/sora-2-pro", "/v1/run/OpenAI/Sora-2-Pro", "/V1/RUN/openai/sora-2.pro"],
)
async def test_addresses_in_every_spelling(served: Served, path: str) -> None:
    assert (await served.post(path, PROMPT)).json()["result"] is True
    assert (await served.tasks())[0].model == "openai/sora-2-pro"


async def test_an_uploaded_picture_becomes_the_tasks_own(served: Served) -> None:
    answer = await served.post(
        SORA, data={"prompt": "x"}, files={"inputImage": ("../../etc/päss wörd.png", picture(), "text/html")}
    )
    assert answer.json()["result"] is True
    [task] = await served.tasks()
    [stored] = task.sources["inputImage"]
    assert isinstance(stored, Stored)
    head = await served.parts.storage.head(stored.key)
    assert head is not None
    assert head.size == len(picture())
    assert served.left_behind() == []
    detail = (await served.post("/v1/Task/Detail", {"taskid": answer.json()["taskid"]})).json()
    shown = detail["tasklist"][0]["parameters"]["inputImage"]
    fetched = await served.client.get(shown)
    assert fetched.content == picture()
    assert fetched.headers["content-type"] == "image/png"


async def test_a_sample_and_an_address(served: Served) -> None:
    await served.run(inputImage="openai_sora_pro_2_input_4.jpg")
    await served.run(inputImageUrl="https://example.com/a.png")
    url, sample = await served.tasks()
    assert sample.sources["inputImage"] == (Sample("openai_sora_pro_2_input_4.jpg"),)
    assert url.sources["inputImage"] == (Url("https://example.com/a.png"),)


async def test_unknown_fields_are_ignored_and_named(served: Served) -> None:
    id, _ = await served.run(volume=11, projectid=str(served.owner.project.id))
    detail = (await served.post("/v1/Task/Detail", {"taskid": id})).json()
    assert detail["tasklist"][0]["debugoutput"] == "Ignored: volume."


@pytest.mark.parametrize("given", ["", None, CALLBACK_PLACEHOLDER])
async def test_no_callback(served: Served, given: str | None) -> None:
    await served.run(callbackUrl=given)
    assert (await served.tasks())[0].callback_url == ""


async def test_a_callback(served: Served) -> None:
    await served.run(callbackUrl="https://example.com/hook?a=1")
    assert (await served.tasks())[0].callback_url == "https://example.com/hook?a=1"


@pytest.mark.parametrize(
    "given",
    [
        "You can provide a callback URL",
        "ftp://example.com",
        "javascript:alert(1)",
        "//example.com",
        7,
        ["https://example.com"],
        "https://",
        "https://exa mple.com",
        "https://example.com:0/",
        "https://u:p@example.com",
        "https://" + "a" * 3000,
        True,
    ],
)
async def test_what_is_no_callback_address(served: Served, given: Any) -> None:
    assert await error(served, json=PROMPT | {"callbackUrl": given}) == (
        0,
        "Request parameter [callbackUrl] must be an http or https URL",
    )


async def test_a_foreign_project_id(served: Served) -> None:
    other = await served.parts.projects.create("other")
    assert await error(served, json=PROMPT | {"projectid": str(other.project.id)}) == (
        0,
        "Request parameter [projectid] must be the project of the API key",
    )


async def test_unknown_and_disabled_models(served: Served, tmp_path_factory: pytest.TempPathFactory) -> None:
    for path in ("/v1/Run/openai/sora-9", "/v1/Run/nobody/ovi", "/v1/Run/../x"):
        answer = await served.post(path, PROMPT)
        assert answer.json()["errors"] in (
            [{"code": 1, "message": "slug-owner-project-not-exist"}],
            [{"code": 0, "message": "Error parsing url."}],
        )
    models = [msgspec.structs.replace(each, enabled=False) for each in served.parts.catalogue.models]
    async with serving(tmp_path_factory.mktemp("off"), catalogue=Catalogue(models, {})) as closed:
        assert await error(closed, json=PROMPT) == (1, "tool-not-accessible")


@pytest.mark.parametrize(
    "path",
    ["/v1/Run/", "/v1/Run/openai", "/v1/Run/openai/sora-2-pro/x", "/v1/Run//sora-2-pro", "/v1/Run/openai/"],
)
async def test_a_path_that_names_no_model(served: Served, path: str) -> None:
    answer = await served.post(path, PROMPT)
    assert answer.status_code == 404
    assert answer.json() == {"result": False, "errors": [{"code": 0, "message": "Error parsing url."}]}


async def test_an_idempotency_key_gives_the_same_task_again(served: Served) -> None:
    key = {"idempotency-key": "once"}
    upload = {"data": {"prompt": "x"}, "files": {"inputImage": ("a.png", picture())}}
    first = (await served.post(SORA, headers=key, **upload)).json()
    assert (await served.post(SORA, headers=key, **upload)).json() == first
    assert len(await served.tasks()) == 1
    other = {"data": {"prompt": "x"}, "files": {"inputImage": ("a.png", picture(65))}}
    refused = (await served.post(SORA, headers=key, **other)).json()
    assert refused["errors"] == [{"code": 0, "message": "Idempotency-Key was used with other parameters"}]
    elsewhere = (await served.post("/v1/Run/google/veo3-1", headers=key, **upload)).json()
    assert elsewhere["errors"][0]["message"] == "Idempotency-Key was used with other parameters"
    assert len(await served.tasks()) == 1
    assert served.left_behind() == []


@pytest.mark.parametrize("key", ["", "a b", "x" * 256])
async def test_an_idempotency_key_that_is_none(served: Served, key: str) -> None:
    assert (await error(served, json=PROMPT, headers={"idempotency-key": key}))[0] == 0


async def test_prepaid_projects_need_money(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with serving(tmp_path_factory.mktemp("prepaid"), prepaid=True) as served:
        assert await error(served, json=PROMPT) == (97, "Insufficient balance")
