"""The ceiling: a bare ASGI function under the same uvicorn that reads the body and sends the same bytes.

python -m benchmarks.ceiling BODY_FILE      prints its port, serves until it is stopped
"""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from understudy.http_server import http_config


def bare(body: bytes) -> Any:
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
    ]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


@contextmanager
def ceiling(body: bytes, folder: Path) -> Iterator[str]:
    """Its address."""
    file = folder / "answer.json"
    file.write_bytes(body)
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.ceiling", str(file)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.communicate()


if __name__ == "__main__":
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    print(listener.getsockname()[1], flush=True)
    server = uvicorn.Server(http_config(bare(Path(sys.argv[1]).read_bytes())))
    asyncio.run(server.serve(sockets=[listener]))
