"""Connections on which nothing comes any more are closed by the server, whatever has come before."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.api.served import serving
from tests.fuzz.budget import fuzz
from tests.fuzz.test_raw import Sent, sent
from tests.fuzz.test_sockets import OPENING, Talk, talks
from understudy.http_protocol import BoundedHttpProtocol
from understudy.http_server import HttpServer, http_config, listening
from understudy.websocket_protocol import QuietWebSocketProtocol

SECONDS = 5.0
"""All limits of the server together are far less."""
_LIMITS = {"idle_seconds": 0.3, "body_seconds": 1.0, "linger_seconds": 0.1, "socket_idle_seconds": 0.5}

Case = Sent | Talk


class Quick(BoundedHttpProtocol):
    head_seconds = 0.3


class QuickSocket(QuietWebSocketProtocol):
    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.close_timeout = 0.3


@st.composite
def cut(draw: st.DrawFn, case: Case) -> bytes:
    """What one client sends before it falls silent."""
    data = OPENING + b"\r\n" + case.data if isinstance(case, Talk) else case.data
    return data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data


def test_nobody_is_kept_who_says_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Forty at a time, on one server: in turn they would have to wait for one another's limits."""

    def fall_silent(clients: list[bytes]) -> None:
        asyncio.run(_served(tmp_path_factory.mktemp("silence"), clients))

    cases = sent([]) | talks("x" * 30)
    fuzz(
        fall_silent, st.lists(cases.flatmap(cut), min_size=40, max_size=40), cases=3, share=0.06, shrink=False
    )


async def _served(folder: Path, clients: list[bytes]) -> None:
    async with serving(folder, limits=_LIMITS) as served:
        config = http_config(served.app)
        config.http, config.ws, config.timeout_keep_alive = Quick, QuickSocket, 1
        server = HttpServer(config)
        with listening("127.0.0.1", 0) as listener:
            task = asyncio.create_task(server.serve(sockets=[listener]))
            await server.answers(task)
            await asyncio.gather(*(_client(listener.getsockname()[1], data) for data in clients))
            server.should_exit = True
            await task


async def _client(port: int, data: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        async with asyncio.timeout(SECONDS):
            while await reader.read(1 << 16):
                pass
    except ConnectionError:
        pass
    except TimeoutError:
        pytest.fail(f"still connected after {SECONDS} seconds: {data[:2000]!r}")
    finally:
        writer.close()
