"""The tools over standard input and output, for a program that starts `understudy mcp` itself."""

from pathlib import Path

from understudy.client import AsyncClient
from understudy.mcp.server import make_server


async def serve(url: str | None = None, *, data: Path | None = None) -> None:
    """Serve until standard input ends. Keys and address are found as the commands find them.

    Raises `NotConfigured` before anything is served.
    """
    async with AsyncClient(url, data=data) as client:
        await make_server(lambda _: client, local=True).run_stdio_async()
