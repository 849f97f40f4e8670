from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from mcp.client.streamable_http import streamable_http_client

from mcp import Client
from tests.server.caller import understudy
from understudy.testing.live import Live, live


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One whose engine does what prompts say."""
    with live(tmp_path_factory.mktemp("server"), engine="trouble") as running:
        yield running


@pytest.fixture(scope="session")
def stranger(server: Live) -> str:
    """The bearer token of another project, which does not sign."""
    key: str = understudy("projects", "create", "stranger", "--auth", "key", data=server.data)["api_key"]
    return key


def token(server: Live) -> str:
    """That of the project of this machine."""
    known = server.credentials
    return f"{known['api_key']}:{known['api_secret']}"


@asynccontextmanager
async def speaking(server: Live, bearer: str, mode: str = "auto") -> AsyncIterator[Client]:
    """The official client at the server's /mcp."""
    headers = {"Authorization": f"Bearer {bearer}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=30, trust_env=False) as http,
        Client(streamable_http_client(f"{server.url}/mcp", http_client=http), mode=mode) as client,  # type: ignore[arg-type]
    ):
        yield client


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A small PNG."""
    from PIL import Image

    path = tmp_path / "road.png"
    Image.new("RGB", (64, 64), "teal").save(path)
    return path
