"""A Hugging Face hub on localhost: a real server with a memory, and with the faults that real ones have."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

COMMIT = "c0ffee" + 34 * "0"


@dataclass
class FakeHub:
    """What it has, what goes wrong next, and what it was asked."""

    files: dict[tuple[str, str], bytes] = field(default_factory=dict)
    """Content by repository and path."""
    gated: set[str] = field(default_factory=set)
    """Repositories that want a token."""
    moved: dict[str, str] = field(default_factory=dict)
    """New names of repositories, by their old ones."""
    breaks: list[int] = field(default_factory=list)
    """Of each of the next answers with content, how many bytes come before the connection breaks."""
    busy: int = 0
    """How many of the next requests for content are refused with 503."""
    wrong: bool = False
    """Whether the content that is sent is not the announced one."""
    ranges: bool = True
    """Whether a part of a file can be asked for."""
    asked: list[str] = field(default_factory=list)
    """`METHOD path [range]` of each request."""
    tokens: set[str | None] = field(default_factory=set)
    """Authorization headers that reached the host of the bytes."""
    url: str = ""


@contextmanager
def fake_hub() -> Iterator[FakeHub]:
    hub = FakeHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    server.daemon_threads = False  # so that closing the server waits for them
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self) -> None:
        self.hub.asked.append(f"{self.command} {self.path} {self.headers.get('Range', '')}".strip())
        if self.path.startswith("/bytes/"):
            self._bytes(self.path.removeprefix("/bytes/"))
        elif self.path.startswith("/page/"):
            self._send(200, {"ETag": '"1"'}, b"Sign in to use this network.")
        else:
            self._resolve()

    def _resolve(self) -> None:
        repository, _, rest = self.path.lstrip("/").partition("/resolve/")
        revision, _, path = unquote(rest).partition("/")
        if repository in self.hub.moved:
            return self._send(307, {"Location": f"/{self.hub.moved[repository]}/resolve/{rest}"})
        if repository in self.hub.gated and not self.headers.get("Authorization"):
            return self._send(401, {"X-Error-Code": "GatedRepo"})
        if repository not in {name for name, _ in self.hub.files}:
            return self._send(401, {"X-Error-Code": "RepoNotFound"})
        if revision not in ("main", COMMIT):
            return self._send(404, {"X-Error-Code": "RevisionNotFound"})
        content = self.hub.files.get((repository, path))
        if content is None:
            return self._send(404, {"X-Error-Code": "EntryNotFound"})
        digest = hashlib.sha256(content).hexdigest()
        return self._send(
            302,
            {
                "Location": f"{self.hub.url.replace('127.0.0.1', 'localhost')}/bytes/{digest}",
                "X-Repo-Commit": COMMIT,
                "X-Linked-Etag": f'"{digest}"',
                "X-Linked-Size": str(len(content)),
            },
        )

    def _bytes(self, digest: str) -> None:
        self.hub.tokens.add(self.headers.get("Authorization"))
        content = next(each for each in self.hub.files.values() if hashlib.sha256(each).hexdigest() == digest)
        if self.hub.busy and self.command == "GET":
            self.hub.busy -= 1
            return self._send(503, {})
        if self.hub.wrong:
            content = bytes(len(content))
        asked = self.headers.get("Range") if self.hub.ranges else None
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        headers = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if asked else {}
        return self._send(206 if asked else 200, headers, content[start:])

    def _send(self, status: int, headers: dict[str, str], content: bytes = b"") -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(content))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET" and content:
            self.wfile.write(content[: self.hub.breaks.pop(0)] if self.hub.breaks else content)
