"""The official client, unmodified, with `understudy mcp` as a process of its own."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

from mcp import Client, StdioServerParameters, stdio_client
from tests.mcp.test_http import SORA, TOOLS, answered, said
from understudy.client import AsyncClient
from understudy.mcp.server import make_server
from understudy.testing.live import Live, clean_environment


@asynccontextmanager
async def speaking(**environment: str) -> AsyncIterator[Client]:
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "understudy", "mcp"], env=clean_environment() | environment
    )
    async with Client(stdio_client(command)) as client:
        yield client


async def test_a_whole_cycle_with_a_file_of_this_machine(server: Live, picture: Path) -> None:
    heard: list[float] = []

    async def progress(value: float, *_: Any) -> None:
        heard.append(value)

    async with speaking(UNDERSTUDY_DATA=str(server.data)) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == TOOLS
        result = await client.call_tool(
            "run",
            {"model": SORA, "inputs": {"prompt": "A road."}, "files": {"inputImage": [str(picture)]}},
            progress_callback=progress,
        )
        assert not result.is_error, said(result)
        assert result.structured_content is not None
        assert result.structured_content["inputs"]["inputImage"].startswith(server.url)
        kept = await answered(client, "upload", path=str(picture))
        assert kept["content_type"] == "image/png"
        missing = await client.call_tool("upload", {"path": str(picture.with_name("gone.png"))})
        assert missing.is_error
        assert "cannot be read" in said(missing)
        passages = (await answered(client, "search_docs", query="exit codes"))["passages"]
        assert passages
    assert heard == sorted(set(heard))
    assert heard


async def test_keys_and_address_come_from_the_environment(server: Live, stranger: str) -> None:
    async with speaking(UNDERSTUDY_URL=server.url, UNDERSTUDY_API_KEY=stranger) as client:
        assert await answered(client, "list_tasks") == {"tasks": []}


@pytest.mark.parametrize(
    ("elsewhere", "words"),
    [("", "does not accept the keys"), ("http://127.0.0.1:9", "No server answers at http://127.0.0.1:9")],
)
async def test_a_server_that_cannot_be_asked_is_an_error_of_the_tool(
    server: Live, elsewhere: str, words: str
) -> None:
    async with (
        AsyncClient(elsewhere or server.url, "wrong", pauses=lambda: repeat(0.0)) as asking,
        Client(make_server(lambda _: asking, local=True)) as client,
    ):
        refused = await client.call_tool("list_tasks", {})
    assert refused.is_error
    assert words in said(refused)


def test_without_a_server_it_says_so_and_ends(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "understudy", "mcp", "--data", str(tmp_path)],
        input=json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env=clean_environment(),
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "No server is known here" in done.stderr
