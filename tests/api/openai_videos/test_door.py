"""Who gets in, and how every failure is told."""

import logging
from typing import Any

import httpx
import pytest

from tests.api.live import listening
from tests.api.openai_videos.asking import VIDEOS, ask, bearer, create, finished, refused
from tests.api.served import Served, serving
from understudy.errors import StoreUnavailable

UNKNOWN = "The API key is not known here."
WRONG = "The API secret is not right."
MISSING = "This project signs its requests; clients of this protocol send KEY:SECRET as the API key."
NO_BASE64 = "What stands behind `Authorization: Basic` is not base64."
NONE = "You did not provide an API key. Send it as `Authorization: Bearer KEY`, or KEY:SECRET for a project that signs."


@pytest.mark.parametrize(
    "name_and_form",
    [
        ("authorization", "Bearer {key}:{secret}"),
        ("authorization", "bearer  {key}:{secret} "),
        ("api-key", "{key}:{secret}"),
    ],
)
async def test_every_way_to_send_the_key(served: Served, name_and_form: tuple[str, str]) -> None:
    name, form = name_and_form
    header = form.format(key=served.owner.api_key, secret=served.owner.api_secret)
    for path in (VIDEOS, "/v1/models"):
        assert (await served.client.get(path, headers={name: header})).status_code == 200


async def test_a_key_in_the_address(served: Served) -> None:
    """http://KEY:SECRET@host/v1/videos, for tools that know no keys: clients make Basic of it."""
    plain = await served.parts.projects.create("plain", "key")
    for user, password in (
        (served.owner.api_key, served.owner.api_secret),
        (plain.api_key, ""),
    ):
        answer = await served.client.get(VIDEOS, auth=httpx.BasicAuth(user, password))
        assert answer.status_code == 200
    answer = await served.client.get(VIDEOS, auth=httpx.BasicAuth(served.owner.api_key, ""))
    assert (answer.status_code, answer.json()["error"]["message"]) == (401, MISSING)


async def test_a_project_with_a_key_alone(served: Served) -> None:
    owner = await served.parts.projects.create("plain", "key")
    for token in (owner.api_key, f"{owner.api_key}:whatever"):
        answer = await served.client.get(VIDEOS, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, NONE),
        ({"authorization": "Bearer"}, NONE),
        ({"authorization": "Bearer "}, NONE),
        ({"authorization": "Basic"}, NONE),
        ({"authorization": "Digest {key}:{secret}"}, NONE),
        ({"authorization": "Basic {key}:{secret}"}, NO_BASE64),
        ({"authorization": "Basic \xe9"}, NO_BASE64),
        ({"authorization": "Basic bm9ib2R5Og=="}, UNKNOWN),
        ({"authorization": "Bearer nonsense"}, UNKNOWN),
        ({"authorization": "Bearer :{secret}"}, UNKNOWN),
        ({"authorization": "Bearer {secret}:{key}"}, UNKNOWN),
        ({"authorization": "Bearer {key}"}, MISSING),
        ({"authorization": "Bearer {key}:"}, MISSING),
        ({"authorization": "Bearer {key}:{key}"}, WRONG),
        ({"authorization": "Bearer {key}:{secret}x"}, WRONG),
        ({"api-key": "{key}"}, MISSING),
        ({"api-key": "nonsense"}, UNKNOWN),
        ({"authorization": "Bearer nonsense", "api-key": "{key}:{secret}"}, UNKNOWN),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_who_does_not_get_in(
    served: Served, method: str, headers: dict[str, str], message: str
) -> None:
    owner = served.owner
    filled = {
        name: value.format(key=owner.api_key, secret=owner.api_secret).encode("latin-1")
        for name, value in headers.items()
    }
    answer = await served.client.request(method, VIDEOS, headers=filled, data={"prompt": "x"})
    assert await refused(answer, served) == (
        401,
        {"message": message, "type": "invalid_request_error", "param": None, "code": "invalid_api_key"},
    )
    assert owner.api_secret not in answer.text


async def test_every_path_asks_for_the_key(served: Served) -> None:
    for method, path in (
        ("POST", "/v1/videos"),
        ("GET", "/v1/videos/video_1"),
        ("DELETE", "/v1/videos/video_1"),
        ("GET", "/v1/videos/video_1/content"),
        ("POST", "/v1/videos/video_1/remix"),
        ("POST", "/v1/videos/edits"),
        ("GET", "/v1/models"),
        ("GET", "/v1/models/sora-2"),
    ):
        assert (await served.client.request(method, path)).status_code == 401, path


async def test_another_project_s_video_is_not_there(served: Served) -> None:
    made = await create(served)
    await finished(served, made["id"])
    stranger = bearer(await served.parts.projects.create("other"))
    for method, path in (
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "/content"),
        ("GET", "/content?variant=thumbnail"),
    ):
        answer = await served.client.request(method, f"{VIDEOS}/{made['id']}{path}", headers=stranger)
        status, error = await refused(answer, served, tasks=1)
        assert (status, error["code"]) == (404, "video_not_found")
    for query in ("", f"?after={made['id']}&order=asc", "?after=video_99"):
        listed = (await served.client.get(f"{VIDEOS}{query}", headers=stranger)).json()
        assert (listed["data"], listed["has_more"]) == ([], False)
    assert (await ask(served, "GET", f"{VIDEOS}/{made['id']}/content")).status_code == 200


async def test_projects_that_are_shut_out(served: Served) -> None:
    await served.parts.projects.set_allow(served.owner.project.id, ("192.0.2.0/24",))
    status, error = await refused(await ask(served, "GET", VIDEOS), served)
    assert (status, error["message"]) == (401, "Requested ip 127.0.0.1 is not allowed.")
    await served.parts.projects.set_allow(served.owner.project.id, ())
    await served.parts.projects.set_enabled(served.owner.project.id, False)
    status, error = await refused(await ask(served, "GET", VIDEOS), served)
    assert (status, error["message"]) == (401, UNKNOWN)


async def test_a_body_that_is_too_large(tmp_path: Any) -> None:
    async with serving(tmp_path, limits={"request_bytes": 1000, "linger_seconds": 0.1}) as served:
        answer = await ask(
            served, "POST", VIDEOS, data={"prompt": "x"}, files={"input_reference": ("a.png", bytes(2000))}
        )
        status, error = await refused(answer, served)
        assert (status, error["code"]) == (413, "request_too_large")


async def test_who_uploads_for_what_nothing_can_do_gets_to_see_the_answer(served: Served) -> None:
    async with listening(served) as port, httpx.AsyncClient() as client:
        for path in ("edits", "characters", "video_1/remix"):
            answer = await client.post(
                f"http://127.0.0.1:{port}{VIDEOS}/{path}",
                headers=bearer(served.owner),
                files={"video": ("a.mp4", bytes(8_000_000), "video/mp4")},
            )
            status, error = await refused(answer, served)
            assert (status, error["code"]) == (400, "not_supported")


async def test_what_nobody_expected_is_told_by_reference_only(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("the secret innards")

    monkeypatch.setattr(served.parts.desk, "page", fail)
    with caplog.at_level(logging.ERROR, "understudy.api"):
        status, error = await refused(await ask(served, "GET", VIDEOS), served)
    assert (status, error["type"]) == (500, "server_error")
    reference = error["message"].removeprefix("Internal server error. Reference: ")
    assert reference in caplog.text
    assert "innards" not in error["message"]


async def test_a_store_that_is_away(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: Any, **__: Any) -> None:
        raise StoreUnavailable("The store cannot be reached.")

    monkeypatch.setattr(served.parts.desk, "page", away)
    answer = await ask(served, "GET", VIDEOS)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["error"]["type"] == "server_error"


async def test_health_needs_no_key(served: Served) -> None:
    answer = await served.client.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert (await served.client.head("/health")).content == b""
    assert (await served.client.get("/healthz")).json() == {"status": "ok"}


async def test_the_models(served: Served) -> None:
    listed = (await ask(served, "GET", "/v1/models")).json()
    assert list(listed) == ["object", "data"]
    assert listed["object"] == "list"
    ids = [model["id"] for model in listed["data"]]
    assert len(ids) == len(set(ids))
    assert {"openai/sora-2-pro", "sora-2-pro", "sora-2", "google/veo3-1", "veo-3.1", "ovi"} <= set(ids)
    for model in listed["data"]:
        assert list(model) == ["id", "object", "created", "owned_by"]
        assert model["object"] == "model"
        one = await ask(served, "GET", f"/v1/models/{model['id']}")
        assert one.json() == model
    assert (await ask(served, "GET", "/v1/models/openai%2Fsora-2-pro")).json()["owned_by"] == "openai"
    assert (await ask(served, "GET", "/v1/models/SORA-2")).json()["id"] == "sora-2"
    status, error = await refused(await ask(served, "GET", "/v1/models/sora-9"), served)
    assert (status, error["code"], error["param"]) == (404, "model_not_found", "model")
