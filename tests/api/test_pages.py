"""Health, the landing answer, a model's page, the OpenAPI document."""

from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

import understudy
from tests.api.served import BASE, CATALOGUE, Served, serving
from understudy.catalogue.page import page
from understudy.errors import StoreUnavailable


async def test_alive_and_ready(served: Served) -> None:
    assert (await served.client.get("/healthz")).json() == {"status": "ok"}
    assert (await served.client.get("/readyz")).json() == {"status": "ready"}
    assert (await served.client.head("/healthz")).content == b""


async def test_not_ready(tmp_path_factory: pytest.TempPathFactory) -> None:
    async def not_yet() -> None:
        raise StoreUnavailable("The dispatcher has stopped.")

    async with serving(tmp_path_factory.mktemp("unready"), ready=not_yet) as served:
        answer = await served.client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json() == {"status": "unavailable", "reason": "The dispatcher has stopped."}


async def test_the_landing_answer_leads_on(served: Served) -> None:
    body = (await served.client.get("/")).json()
    assert (body["name"], body["version"]) == ("understudy", understudy.__version__)
    for url in (body["openapi"], *body["models"].values()):
        assert (await served.client.get(url)).status_code == 200


@pytest.mark.parametrize("path", ["/models/google/veo3-1/llms.txt", "/models/Google/veo3.1/llms.txt"])
async def test_a_models_page(served: Served, path: str) -> None:
    answer = await served.client.get(path)
    model = CATALOGUE.find("google", "veo3-1")
    assert model is not None
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text == page(model, api=BASE, files=BASE)


async def test_the_page_of_no_model(served: Served) -> None:
    answer = await served.client.get("/models/google/veo9/llms.txt")
    assert answer.status_code == 404
    assert answer.json()["errors"] == [{"code": 0, "message": "Error parsing url."}]


class Dashboard:
    """Whoever wants a page gets one."""

    def serves(self, scope: Scope) -> bool:
        return dict(scope["headers"]).get(b"accept") == b"text/html"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"dashboard"})


async def test_pages_are_for_who_wants_one(tmp_path: Path) -> None:
    page = {"accept": "text/html"}
    async with serving(tmp_path, web=Dashboard()) as served:
        assert (await served.client.get("/", headers=page)).text == "dashboard"
        assert (await served.client.get("/nowhere", headers=page)).text == "dashboard"
        assert (await served.client.get("/")).json()["name"] == "understudy"
        assert (await served.client.get("/v1/nothing")).status_code == 404
        assert (await served.client.get("/healthz", headers=page)).json() == {"status": "ok"}


async def test_the_openapi_document_fits_the_server(served: Served) -> None:
    answer = await served.client.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    document = answer.json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            filled = (
                path.replace("{owner}", "openai").replace("{slug}", "sora-2-pro").replace("{id}", "a" * 32)
            )
            heard = await served.client.request(method, filled)
            # Every documented path exists: it asks for a key, or answers.
            if operation.get("security", document["security"]):
                assert heard.status_code == 401
            else:
                # Nothing is stored, and nobody reads figures.
                missing = "{name}" in path or path == "/metrics"
                assert heard.status_code == (404 if missing else 200)
            assert str(heard.status_code) in operation["responses"]
