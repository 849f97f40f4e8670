"""The fake against what Understudy itself answers, so that whoever passes with one passes with the other."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from understudy.engines.wiro.signing import signed_headers
from understudy.testing.live import live
from understudy.testing.partners.clock import VirtualClock
from understudy.testing.partners.serving import serving
from understudy.testing.partners.wiro import Wiro
from understudy.testing.partners.wiro_tasks import MODELS


class Client:
    """Signed POSTs."""

    def __init__(self, url: str, key: str = "test-key", secret: str = "test-secret") -> None:
        self.url = url
        self.key = key
        self.secret = secret

    def post(self, path: str, headers: Mapping[str, str] | None = None, **fields: Any) -> dict[str, Any]:
        answer = self.raw(path, {**signed_headers(self.key, self.secret, 1), **(headers or {})}, **fields)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def raw(self, path: str, headers: Mapping[str, str], **fields: Any) -> httpx.Response:
        return httpx.post(f"{self.url}/v1/{path}", json=fields, headers=dict(headers))

    def run(self, **fields: Any) -> dict[str, Any]:
        return self.post("Run/openai/sora-2-pro", **{"prompt": "A dog.", **fields})


@pytest.fixture
def server() -> Wiro:
    return Wiro(clock=VirtualClock(speed=0))


@pytest.fixture
def client(server: Wiro) -> Iterator[Client]:
    with serving(server.app) as url:
        yield Client(url)


def message(answer: dict[str, Any]) -> tuple[int, str]:
    assert answer["result"] is False
    return answer["errors"][0]["code"], answer["errors"][0]["message"]


def shape(value: Any) -> Any:
    """What a JSON value is made of, without what it says."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    return [shape(each) for each in value[:1]] if isinstance(value, list) else type(value).__name__


def conversation(client: Client, end: Callable[[], None]) -> list[Any]:
    """The same requests to whoever answers; what a task was given and who played it are apart."""
    heard: list[Any] = [client.run(), client.run(seconds="5"), client.run(prompt=" ")]
    id, token = heard[0]["taskid"], heard[0]["socketaccesstoken"]
    keyed = {"Idempotency-Key": "k"}
    path = "Run/openai/sora-2-pro"
    first = client.post(path, keyed, prompt="Again.")
    again = client.post(path, keyed, prompt="Again.")
    heard += [first == again, client.post(path, keyed, prompt="Other.")]
    heard += [client.post("Run/acme/none", prompt="A"), client.run(callbackUrl="nowhere")]
    heard += [client.post("Task/Detail"), client.post("Task/Detail", taskid="999999999")]
    heard += [client.post("Task/InputOutputDelete"), client.post("Task/InputOutputDelete", tasktoken="none")]
    end()
    heard += [client.post("Task/Detail", taskid=id), client.post("Task/List", start="0", limit="1")]
    heard += [client.post("Task/Detail", tasktoken=token), client.post("Task/List", limit=101)]
    heard += [client.post("Task/Kill", taskid=id), client.post("Task/Cancel", taskid=id)]
    clip = httpx.get(heard[11]["tasklist"][0]["outputs"][0]["url"])
    heard += [clip.status_code, clip.headers["content-type"], clip.content[4:8]]
    heard += [client.post("Task/InputOutputDelete", tasktoken=token) for _ in range(2)]
    heard += [
        client.post("Task/Detail", taskid=id)["tasklist"][0]["outputs"],
        httpx.get(clip.url).status_code,
    ]
    return heard


def alike(heard: Any) -> Any:
    """An answer as it is compared: refusals word by word, everything else by its shape."""
    if isinstance(heard, dict) and heard.get("result") is False:
        return heard["errors"][0]
    if isinstance(heard, dict):
        for task in heard.get("tasklist", ()):
            task["engine"], task["parameters"] = {}, sorted(task["parameters"])
            task["status"] = {"is": task["status"]}
    return shape(heard) if isinstance(heard, dict) else heard


def test_it_answers_as_an_understudy_does(server: Wiro, client: Client, tmp_path: Path) -> None:
    played = conversation(client, lambda: server.clock.advance(30))
    with live(tmp_path / "real") as real:
        known = real.credentials
        other = Client(real.url, known["api_key"], known["api_secret"])

        def end() -> None:
            while any(
                task["status"] != "task_postprocess_end" for task in other.post("Task/List")["tasklist"]
            ):
                time.sleep(0.02)

        really = conversation(other, end)
    for ours, theirs in zip(played, really, strict=True):
        assert alike(ours) == alike(theirs)


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, "Project authorization is not founded."),
        ({"x-api-key": "other"}, "Project authorization is not founded."),
        ({"x-api-key": "test-key"}, "Project requires signature authentication."),
        (signed_headers("test-key", "other", 1), "Project authorization is not valid."),
    ],
)
def test_it_checks_who_asks(server: Wiro, client: Client, headers: dict[str, str], words: str) -> None:
    answer = client.raw("Run/openai/sora-2-pro", headers, prompt="A dog.")
    assert answer.status_code == 401
    assert message(answer.json())[1].startswith(words)
    assert (server.paid, server.requests) == (0, [])
    assert client.raw("Nowhere", headers).status_code == 404


def test_a_task_by_the_clock(server: Wiro, client: Client) -> None:
    task = client.run()

    def status() -> str:
        found: str = client.post("Task/Detail", taskid=task["taskid"])["tasklist"][0]["status"]
        return found

    seen = [status()]
    for seconds in (1.9, 0.2, 17.8, 0.2):
        server.clock.advance(seconds)
        seen.append(status())
    assert seen == ["task_queue", "task_queue", "task_start", "task_start", "task_postprocess_end"]


def test_kill_and_cancel(server: Wiro, client: Client) -> None:
    queued, running = client.run(), client.run()
    assert client.post("Task/Cancel", taskid=queued["taskid"])["tasklist"][0]["status"] == "task_cancel"
    server.clock.advance(5)
    refused = message(client.post("Task/Cancel", taskid=running["taskid"]))
    assert refused == (1, "Task is not in a cancellable state.")
    deleted = client.post("Task/InputOutputDelete", tasktoken=running["socketaccesstoken"])
    assert message(deleted) == (1, "Task must be completed or cancelled before deleting files")
    (killed,) = client.post("Task/Kill", socketaccesstoken=running["socketaccesstoken"])["tasklist"]
    assert (killed["status"], killed["totalcost"]) == ("task_cancel", "0")
    assert server.paid == 2


def test_keys_that_the_hosted_service_does_not_know() -> None:
    server = Wiro(idempotent=False)
    with serving(server.app) as url:
        for _ in range(2):
            Client(url).post("Run/openai/sora-2-pro", {"Idempotency-Key": "k"}, prompt="Again.")
    assert server.paid == 2


def test_a_form_with_a_file(server: Wiro, client: Client) -> None:
    for content, right in ((b"\xff\xd8\xff and so on", True), (b"<svg>", False)):
        answer = httpx.post(
            f"{client.url}/v1/run/google/veo3.1",
            data={"prompt": "A dog.", "seed": "3"},
            files={"inputImage": ("a.jpg", content, "image/jpeg")},
            headers=signed_headers("test-key", "test-secret", 1),
        )
        assert answer.json()["result"] is right
    (task,) = server.jobs
    assert task.model == "google/veo3-1"
    assert task.parameters["inputImage"].endswith("/a.jpg")
    assert server.requests[0].files == {"inputImage": (("a.jpg", b"\xff\xd8\xff and so on"),)}


def test_its_models_are_those_of_the_catalogue() -> None:
    from understudy.catalogue.loader import load_catalogue

    for model in load_catalogue().models:
        known = MODELS[model.address]
        assert list(known) == [each.id for each in model.inputs]
        for each in model.inputs:
            ours = known[each.id]
            assert (ours.required, ours.file) == (each.required, each.is_file), each.id
            assert ours.choices == tuple(option.value for option in each.options), each.id


def test_a_body_is_read_as_it_is_named(server: Wiro, client: Client) -> None:
    """As the documented command sends it."""
    httpx.post(
        f"{client.url}/v1/Run/openai/sora-2-pro",
        content=json.dumps({"prompt": "A dog."}),
        headers=signed_headers("test-key", "test-secret", 1) | {"Content-Type": "multipart/form-data"},
    )
    assert server.requests[0].fields == {"prompt": "A dog."}
