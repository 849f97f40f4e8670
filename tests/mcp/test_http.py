"""The official client, unmodified, at /mcp of a real server."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp_types import CallToolResult, ResourceLink, TextContent
from starlette.types import Message, Receive

from mcp import Client
from tests.mcp.conftest import speaking, token
from tests.server.caller import caller, understudy
from understudy.errors import InvalidInput, TooLarge
from understudy.mcp.body import Gone, again, whole
from understudy.testing.live import Live, live

SORA = "openai/sora-2-pro"
TOOLS = {
    "search_models", "model_schema", "recommend", "explore", "price", "search_docs", "run", "get_task", "wait",
    "list_tasks", "cancel", "kill", "upload",
}  # fmt: skip
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
ACCEPT = {"Accept": "application/json, text/event-stream"}


def said(result: CallToolResult) -> str:
    assert isinstance(result.content[0], TextContent)
    return result.content[0].text


def record(result: CallToolResult) -> dict[str, Any]:
    assert not result.is_error, said(result)
    assert result.structured_content is not None
    return result.structured_content


async def answered(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    return record(await client.call_tool(tool, arguments))


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_clip_is_made_with_progress_and_linked(server: Live, mode: str) -> None:
    heard: list[tuple[float, str]] = []

    async def progress(value: float, _: float | None, message: str | None) -> None:
        heard.append((value, message or ""))

    async with speaking(server, token(server), mode) as client:
        asked = {"model": SORA, "inputs": {"prompt": "A road. [sleep 0.3]"}}
        result = await client.call_tool("run", asked, progress_callback=progress)
    made = record(result)
    assert (made["state"], made["played_by"], made["over"]) == ("succeeded", "trouble 1", True)
    (file,) = made["files"]
    link = result.content[1]
    assert isinstance(link, ResourceLink)
    assert (link.uri, link.mime_type, link.size) == (file["url"], "video/mp4", file["size"])
    async with httpx.AsyncClient(trust_env=False) as http:
        assert len((await http.get(link.uri)).content) == link.size
    values = [value for value, _ in heard]
    assert values == sorted(set(values))
    assert "Making the clip" in [message for _, message in heard]
    assert [message for _, message in heard if " of " in message]
    assert heard[-1][1] == "Over"


async def test_every_tool_says_what_it_does_and_answers(server: Live) -> None:
    async with speaking(server, token(server)) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(tools) == TOOLS
    for tool in tools.values():
        assert tool.description
        assert tool.output_schema
        assert tool.annotations is not None
        assert "context" not in tool.input_schema["properties"]
    stopping = {
        name for name, tool in tools.items() if tool.annotations and tool.annotations.destructive_hint
    }
    changing = {
        name for name, tool in tools.items() if tool.annotations and not tool.annotations.read_only_hint
    }
    assert stopping == {"cancel", "kill"}
    assert changing == {"cancel", "kill", "run", "upload"}


async def test_models_are_found_described_and_priced(server: Live) -> None:
    async with speaking(server, token(server)) as client:
        found = await answered(client, "search_models", query="sora")
        assert [each["model"] for each in found["models"]] == [SORA]
        schema = await answered(client, "model_schema", model=SORA)
        assert schema["input_schema"]["required"] == ["prompt"]
        assert schema["input_schema"]["properties"]["seconds"]["enum"] == ["4", "8", "12"]
        assert set(schema["file_inputs"]) == {"inputImage"}
        price = await answered(client, "price", model=SORA, inputs={"seconds": 8, "resolution": "1080p"})
        assert (price["amount"], price["unit"]) == ("5.6", "second of video")
        fit = (await answered(client, "recommend", description="8 s, vertical, from a photo"))["suggestions"][
            0
        ]
        assert fit["file_inputs"] == ["inputImage"]
        assert "8" in fit["inputs"].values()
        assert "9:16" in fit["inputs"].values()
        groups = (await answered(client, "explore"))["groups"]
        assert SORA in {each["model"] for group in groups for each in group["models"]}
        passages = (await answered(client, "search_docs", query="webhook signature"))["passages"]
        assert passages[0]["page"] == "api.md"
        assert "webhook-signature" in passages[0]["text"]
        pages = (await answered(client, "search_docs", query="Sora seconds ratio resolution", limit=20))[
            "passages"
        ]
        assert SORA in {each["page"] for each in pages}


async def test_a_run_is_answered_before_its_end_and_waited_for(server: Live) -> None:
    async with speaking(server, token(server)) as client:
        inputs = {"prompt": "[sleep 0.6]"}
        asked = await answered(client, "run", model=SORA, inputs=inputs, wait=False, idempotency_key="once")
        again = await answered(client, "run", model=SORA, inputs=inputs, wait=False, idempotency_key="once")
        assert asked["task"] == again["task"]
        assert not asked["over"]
        early = await answered(client, "wait", task=asked["task"], wait_seconds=0.05)
        assert not early["over"]
        assert (await answered(client, "wait", task=asked["task"]))["state"] == "succeeded"
        assert (await answered(client, "get_task", task=asked["task"]))["files"]
        listed = await answered(client, "list_tasks", model=SORA, limit=100)
        assert asked["task"] in [each["task"] for each in listed["tasks"]]


async def test_tasks_are_stopped_and_failures_said(server: Live) -> None:
    async with speaking(server, token(server)) as client:
        long = await answered(client, "run", model=SORA, inputs={"prompt": "[sleep 60]"}, wait=False)
        assert (await answered(client, "kill", task=long["task"]))["state"] == "cancelled"
        again = await client.call_tool("kill", {"task": long["task"]})
        assert again.is_error
        assert "it is over already" in said(again)
        late = await client.call_tool("cancel", {"task": long["task"]})
        assert late.is_error
        failed = await client.call_tool(
            "run", {"model": SORA, "inputs": {"prompt": "[badinput no such colour]"}}
        )
        assert failed.is_error
        assert "failed" in said(failed)
        assert "no such colour" in said(failed)
        assert failed.structured_content is not None
        assert failed.structured_content["state"] == "failed"


@pytest.mark.parametrize(
    ("tool", "arguments", "sentence"),
    [
        ("run", {"model": "nobody", "inputs": {}}, "A model is named owner/slug"),
        ("run", {"model": "no/body", "inputs": {}}, "slug-owner-project-not-exist"),
        ("run", {"model": SORA, "inputs": {}}, "[prompt] required"),
        ("run", {"model": SORA, "inputs": {"prompt": "x"}, "files": {"inputImage": "/etc/passwd"}}, "upload the file"),
        ("get_task", {"task": "999999"}, "There is no task yet."),
        ("upload", {"name": "a.png", "content_base64": "%%"}, "is not base64"),
        ("upload", {"name": "a.png", "content_base64": "AAAA"}, "not a file of an accepted type"),
    ],
)  # fmt: skip
async def test_errors_are_told_in_words(
    server: Live, tool: str, arguments: dict[str, Any], sentence: str
) -> None:
    async with speaking(server, token(server)) as client:
        result = await client.call_tool(tool, arguments)
    assert result.is_error
    assert sentence in said(result)


async def test_an_upload_is_an_input(server: Live, picture: Path) -> None:
    content = base64.b64encode(picture.read_bytes()).decode()
    async with speaking(server, token(server)) as client:
        kept = await answered(client, "upload", name="road.png", content_base64=content)
        assert (kept["name"], kept["content_type"]) == ("road.png", "image/png")
        made = await answered(
            client, "run", model=SORA, inputs={"prompt": "x"}, files={"inputImage": kept["url"]}
        )
    assert made["inputs"]["inputImage"].startswith(server.url)


async def test_giving_up_a_call_leaves_the_task_alone(server: Live) -> None:
    async with speaking(server, token(server)) as client:
        task = (await answered(client, "run", model=SORA, inputs={"prompt": "[sleep 1]"}, wait=False))["task"]
        waiting = asyncio.create_task(client.call_tool("wait", {"task": task}))
        await asyncio.sleep(0.2)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert (await answered(client, "wait", task=task))["state"] == "succeeded"


async def test_who_does_not_show_keys_gets_nothing(server: Live, stranger: str) -> None:
    known = server.credentials
    async with httpx.AsyncClient(base_url=server.url, headers=ACCEPT, trust_env=False) as http:
        for headers in (
            {},
            {"Authorization": "Bearer nobody:nothing"},
            {"Authorization": f"Bearer {known['api_key']}:wrong"},
            {"Authorization": f"Bearer {known['api_key']}"},
            {"x-api-key": "nobody"},
        ):
            answer = await http.post("/mcp", json=INITIALIZE, headers=headers)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
            assert "Bearer KEY:SECRET" in answer.json()["error"]["message"]
        for headers in ({"x-api-key": stranger}, {"x-api-key": token(server)}):
            assert (await http.post("/mcp", json=INITIALIZE, headers=headers)).status_code == 200


async def test_another_project_is_not_seen(server: Live, stranger: str) -> None:
    async with speaking(server, token(server)) as client:
        mine = (await answered(client, "run", model=SORA, inputs={"prompt": "[sleep 1]"}, wait=False))["task"]
    async with speaking(server, stranger) as client:
        assert mine not in [each["task"] for each in (await answered(client, "list_tasks"))["tasks"]]
        for tool in ("get_task", "wait", "kill", "cancel"):
            result = await client.call_tool(tool, {"task": mine})
            assert result.is_error, tool
    async with speaking(server, token(server)) as client:
        assert (await answered(client, "wait", task=mine))["state"] == "succeeded"


def test_where_a_project_may_come_from_counts_here_too(server: Live) -> None:
    keys = understudy(
        "projects", "create", "elsewhere", "--auth", "key", "--allow-ip", "203.0.113.0/24", data=server.data
    )
    headers = {**ACCEPT, "x-api-key": keys["api_key"]}
    refused = httpx.post(f"{server.url}/mcp", json=INITIALIZE, headers=headers, trust_env=False)
    assert refused.status_code == 401
    assert "127.0.0.1 is not allowed" in refused.json()["error"]["message"]
    with caller(server, keys) as here:
        assert here.ask("Tool/List", json={}).status_code == 401


def test_behind_a_proxy_it_is_the_callers_address_that_counts(tmp_path: Path) -> None:
    with live(tmp_path / "server", config='server.trusted_proxies = ["127.0.0.1"]') as behind:
        keys = understudy(
            "projects", "create", "far", "--auth", "key", "--allow-ip", "203.0.113.0/24", data=behind.data
        )
        for address, status in (("203.0.113.7", 200), ("198.51.100.1", 401)):
            headers = {**ACCEPT, "x-api-key": keys["api_key"], "X-Forwarded-For": address}
            answer = httpx.post(f"{behind.url}/mcp", json=INITIALIZE, headers=headers, trust_env=False)
            assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Origin": "https://evil.example"}, 421),
        ({"Origin": "http://localhost:6274"}, 200),
        ({"Host": "192.0.2.7:8420"}, 200),
    ],
)
def test_a_page_in_a_browser_cannot_reach_it_by_another_name(
    server: Live, stranger: str, headers: dict[str, str], status: int
) -> None:
    sent = {**ACCEPT, "x-api-key": stranger, **headers}
    answer = httpx.post(f"{server.url}/mcp", json=INITIALIZE, headers=sent, trust_env=False)
    assert answer.status_code == status


async def test_other_methods_paths_and_sizes(server: Live, stranger: str) -> None:
    async with httpx.AsyncClient(
        base_url=server.url, headers={**ACCEPT, "x-api-key": stranger}, trust_env=False
    ) as http:
        for method in ("GET", "DELETE"):
            answer = await http.request(method, "/mcp")
            assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        assert (await http.post("/mcp/other", json=INITIALIZE)).status_code == 404
        assert (await http.post("/mcp/", json=INITIALIZE)).status_code == 200


async def test_what_is_too_large_is_refused_before_it_is_read(server: Live, stranger: str) -> None:
    host = server.url.removeprefix("http://")
    reader, writer = await asyncio.open_connection(*host.split(":"))
    head = f"POST /mcp HTTP/1.1\r\nHost: {host}\r\nx-api-key: {stranger}\r\nContent-Length: {33 * 1024 * 1024}\r\n\r\n"
    writer.write(head.encode())
    assert b" 413 " in await reader.readline()
    writer.close()
    await writer.wait_closed()


def scripted(*messages: Message) -> Receive:
    """A `receive` that gives these, and then nothing for a long time."""
    coming = iter(messages)

    async def receive() -> Message:
        for message in coming:
            return message
        await asyncio.sleep(60)
        raise AssertionError("nobody waits for so long")

    return receive


def piece(content: bytes, *, more: bool = False) -> Message:
    return {"type": "http.request", "body": content, "more_body": more}


async def test_a_body_is_read_whole_and_can_be_read_once_more() -> None:
    receive = scripted(piece(b"a", more=True), piece(b"b"), {"type": "http.disconnect"})
    content = await whole(receive, {}, 2, 1.0)
    assert content == b"ab"
    replayed = again(content, receive)
    assert [await replayed(), await replayed()] == [piece(b"ab"), {"type": "http.disconnect"}]


async def test_a_body_is_bounded_in_size_and_time() -> None:
    with pytest.raises(TooLarge, match="may have 2 bytes"):
        await whole(scripted(), {b"content-length": b"3"}, 2, 1.0)
    with pytest.raises(TooLarge, match="may have 2 bytes"):
        await whole(scripted(piece(b"ab", more=True), piece(b"c", more=True)), {}, 2, 1.0)
    with pytest.raises(InvalidInput, match="did not arrive in time"):
        await whole(scripted(piece(b"a", more=True)), {}, 2, 0.05)
    with pytest.raises(Gone):
        await whole(scripted(piece(b"a", more=True), {"type": "http.disconnect"}), {}, 2, 1.0)


async def test_who_leaves_in_the_middle_leaves_nothing_in_the_log(server: Live) -> None:
    before = len(server.log)
    for headers in (f"Authorization: Bearer {token(server)}", "Authorization: Bearer cl\xe9:x"):
        request = f"POST /mcp HTTP/1.1\r\nHost: localhost\r\n{headers}\r\nContent-Length: 100\r\n\r\n{{"
        host, _, port = server.url.removeprefix("http://").partition(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(request.encode("latin-1"))
        await writer.drain()
        await asyncio.sleep(0.2)
        writer.close()
    await asyncio.sleep(0.2)
    assert "Traceback" not in server.log[before:]
