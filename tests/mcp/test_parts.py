"""What needs no server: who may come in, recommending, searching pages, schemas, steps."""

import asyncio
from typing import Any

import pytest

from understudy.catalogue.detail import tool_object
from understudy.catalogue.loader import load_catalogue
from understudy.client import LogLine, Model, Progress, StatusChanged
from understudy.mcp import inside, pages
from understudy.mcp.doorkeeper import Keys, is_ours, keys_of
from understudy.mcp.recommending import recommend
from understudy.mcp.schemas import input_schema
from understudy.mcp.steps import Step, Steps

MODELS = [Model.of(tool_object(model, None, files="http://a")) for model in load_catalogue().models]


@pytest.mark.parametrize(
    ("headers", "keys"),
    [
        ({}, None),
        ({"authorization": "Bearer k:s"}, Keys("k", "s")),
        ({"authorization": "bearer k"}, Keys("k")),
        ({"authorization": "Basic k:s"}, None),
        ({"authorization": "Bearer "}, None),
        ({"x-api-key": "k:s"}, Keys("k", "s")),
        ({"authorization": "Bearer :s"}, None),
        ({"authorization": "Bearer clé:s"}, None),
        ({"x-api-key": "k:\x7f"}, None),
    ],
)
def test_keys(headers: dict[str, str], keys: Keys | None) -> None:
    assert keys_of([(name.encode(), value.encode()) for name, value in headers.items()]) == keys
    assert "s" not in repr(Keys("k", "s")).replace("Keys", "")


@pytest.mark.parametrize(
    ("host", "origin", "ours"),
    [
        ("clips.example", "", True),
        ("clips.example:443", "https://clips.example", True),
        ("127.0.0.1:8420", "", True),
        ("[::1]:8420", "http://localhost:3000", True),
        ("192.168.1.5:8420", "", True),
        ("evil.example", "", False),
        ("clips.example.evil.example", "", False),
        ("clips.example", "https://evil.example", False),
        ("clips.example", "null", False),
        ("", "", False),
        ("[", "", False),
    ],
)
def test_names_by_which_only_this_server_is_called(host: str, origin: str, ours: bool) -> None:
    headers = [(b"host", host.encode())] + ([(b"origin", origin.encode())] if origin else [])
    assert is_ours(headers, "https://clips.example") is ours


@pytest.mark.parametrize(
    ("sentence", "first", "inputs"),
    [
        ("a 12 second shot", "openai/sora-2-pro", {"seconds": "12"}),
        ("6 seconds, widescreen", "google/veo3-1", {"durationSeconds": "6", "aspectRatio": "16:9"}),
        ("something by Google with a seed", "google/veo3-1", {}),
        ("ovi please", "chetwinlow1/ovi", {}),
        ("a silent clip", "google/veo3-1", {"generateAudio": "false"}),
    ],
)
def test_recommending(sentence: str, first: str, inputs: dict[str, str]) -> None:
    best = recommend(sentence, MODELS, 3)[0]
    assert best.model.address == first
    assert best.inputs == inputs


def test_what_a_model_cannot_do_is_said() -> None:
    fits = {each.model.address: each for each in recommend("12 seconds in 4k", MODELS, 9)}
    veo = fits["google/veo3-1"]
    assert veo.inputs == {"durationSeconds": "8"}
    assert veo.losses == ["length: 12 is not offered, 8 is nearest", "it has no choice of resolution"]


def test_the_words_of_a_question_find_the_passage() -> None:
    found = pages.sections(
        {"a.md": "# Top\nintro\n## Limits\nrate limit 5\n## Other\nnothing\n", "b.md": "no headline"}
    )
    assert [(each.page, each.headline) for each in found] == [
        ("a.md", "Top"),
        ("a.md", "Limits"),
        ("a.md", "Other"),
        ("b.md", "b.md"),
    ]
    assert [each.headline for each in pages.search("what is the rate limit", found, 5)] == ["Limits"]
    assert pages.search("zebra", found, 5) == []
    long = "x " * 2000 + "needle" + " y" * 2000
    assert "needle" in pages.excerpt("needle", long)
    assert len(pages.excerpt("needle", long)) < 1600


def test_the_documentation_is_there() -> None:
    assert "api.md" in pages.docs()


def test_inputs_as_json_schema() -> None:
    (veo,) = (each for each in MODELS if each.slug == "veo3-1")
    schema = input_schema(veo)
    assert schema["required"] == ["prompt"]
    assert "inputImage" not in schema["properties"]
    seed = schema["properties"]["seed"]
    assert (seed["type"], seed["minimum"], seed["maximum"]) == ("number", 0, 4294967295)


def test_progress_only_rises() -> None:
    steps = Steps()

    def work(stage: str, step: int) -> Progress:
        return Progress(stage=stage, percentage=0, step=step, total=2)

    told = [
        steps.after(event)
        for event in (
            StatusChanged("task_start"),
            LogLine("stdout", "x"),
            work("Load", 1),
            work("Load", 1),
            work("Load", 2),
            work("Generate", 0),
            StatusChanged("task_postprocess_end"),
        )
    ]
    assert told == [
        Step(1.0, "Making the clip"),
        None,
        Step(2.5, "Load: 1 of 2"),
        None,
        Step(2.99, "Load: 2 of 2"),
        Step(3.0, "Generate: 0 of 2"),
        Step(4.0, "Over"),
    ]


async def test_a_socket_within_the_process_ends_with_the_application() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["client"] == ("203.0.113.9", 5)
        assert scope["headers"] == [(b"x-forwarded-for", b"198.51.100.1")]
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": (await receive())["text"].upper()})

    outside = {
        "client": ("203.0.113.9", 5),
        "headers": [(b"x-forwarded-for", b"198.51.100.1"), (b"cookie", b"c")],
    }
    async with inside.connect(inside.Inside(app, outside)) as socket:
        await socket.send("hello")
        assert await socket.recv() == "HELLO"
        with pytest.raises(ConnectionResetError):
            await socket.recv()

    async def closed(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.close", "code": 1000})

    with pytest.raises(ConnectionRefusedError):
        async with inside.connect(closed):
            pass

    async def silent(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        await asyncio.sleep(60)

    with pytest.raises(TimeoutError):
        async with inside.connect(silent) as socket, asyncio.timeout(0.05):
            await socket.recv()
