"""Requests a second: by `wrk` where it is installed, else by a small asyncio loader that keeps connections open."""

import asyncio
import itertools
import json
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import msgspec


class Request(msgspec.Struct, frozen=True):
    """The same every time, or with these bodies in turn."""

    url: str
    headers: dict[str, str]
    body: bytes = b""
    method: str = "POST"
    bodies: tuple[bytes, ...] = ()


def requests_per_second(request: Request, *, clients: int = 64, seconds: float = 4.0) -> float:
    """Answers with status 200 a second. Raises RuntimeError if any answer has another status."""
    if shutil.which("wrk"):
        return _wrk(request, clients, seconds)
    return asyncio.run(_loader(request, clients, seconds))


def _wrk(request: Request, clients: int, seconds: float) -> float:
    headers = "\n".join(f"wrk.headers[{json.dumps(k)}] = {json.dumps(v)}" for k, v in request.headers.items())
    script = f"wrk.method = {json.dumps(request.method)}\nwrk.body = {json.dumps(request.body.decode())}\n{headers}\n"
    if request.bodies:
        bodies = ", ".join(json.dumps(body.decode()) for body in request.bodies)
        script += (
            f"bodies = {{{bodies}}}\nnumber = 0\nrequest = function()\n  number = number % #bodies + 1\n"
            "  return wrk.format(nil, nil, nil, bodies[number])\nend\n"
        )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "request.lua"
        file.write_text(script)
        done = subprocess.run(
            ["wrk", "-t1", f"-c{clients}", f"-d{seconds:.0f}s", "-s", str(file), request.url],
            capture_output=True,
            text=True,
            check=True,
        )
    if "Non-2xx" in done.stdout:
        raise RuntimeError(done.stdout)
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    assert found, done.stdout
    return float(found[1])


def _message(request: Request, parts: SplitResult, body: bytes) -> bytes:
    head = f"{request.method} {parts.path} HTTP/1.1\r\nhost: {parts.netloc}\r\n"
    head += f"content-length: {len(body)}\r\n" if body else ""
    head += "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    return head.encode() + b"\r\n" + body


async def _loader(request: Request, clients: int, seconds: float) -> float:
    parts = urlsplit(request.url)
    bodies = request.bodies or (request.body,)
    turns = itertools.cycle(_message(request, parts, body) for body in bodies)
    over = time.monotonic() + seconds

    async def client() -> int:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        answers = 0
        while time.monotonic() < over:
            writer.write(next(turns))
            answer = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", answer, re.IGNORECASE)
            if not answer.startswith(b"HTTP/1.1 200") or length is None:
                raise RuntimeError(answer.decode())
            await reader.readexactly(int(length[1]))
            answers += 1
        writer.close()
        return answers

    began = time.monotonic()
    answers = await asyncio.gather(*(client() for _ in range(clients)))
    return sum(answers) / (time.monotonic() - began)
