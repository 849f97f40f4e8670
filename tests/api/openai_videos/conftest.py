from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.openai_videos.package import client_of, projects
from tests.server.outside import Outside, the_outside
from understudy.testing.live import Live, live

if TYPE_CHECKING:
    import openai


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    with the_outside() as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, outside: Outside) -> Iterator[Live]:
    config = f'server.allow_addresses = ["{outside.authority}"]'
    with live(tmp_path_factory.mktemp("openai"), engine="trouble", config=config) as running:
        yield running


@pytest.fixture
def keys(server: Live, request: pytest.FixtureRequest) -> dict[str, Any]:
    """Those of a project of the test's own."""
    return projects(server, "create", request.node.name)


@pytest.fixture
def client(server: Live, keys: dict[str, Any]) -> "Iterator[openai.OpenAI]":
    with client_of(server, keys) as made:
        yield made


@pytest.fixture
async def async_client(server: Live, keys: dict[str, Any]) -> "AsyncIterator[openai.AsyncOpenAI]":
    import openai

    key = f"{keys['api_key']}:{keys['api_secret']}"
    async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key=key, max_retries=0) as made:
        yield made
