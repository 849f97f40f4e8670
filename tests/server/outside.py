"""The world outside: a server on this machine that gives what a test wants it to give, and remembers who asked."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from tests.server.patience import until


class Answer(NamedTuple):
    body: bytes = b""
    content_type: str = "application/octet-stream"
    status: int = 200
    location: str = ""
    pause: float = 0.0
    """Seconds before it comes."""


class Asked(NamedTuple):
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Outside(ThreadingHTTPServer):
    """`answers` by path: each in turn, the last one for ever; 404 for all others."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, list[Answer]] = {}
        self.asked: list[Asked] = []
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def gives(self, path: str, *answers: Answer) -> str:
        """The address where that is to be had."""
        self.answers[path] = list(answers)
        return f"http://{self.authority}{path}"

    def times(self, path: str) -> int:
        """How often that was asked for."""
        return sum(each.path == path for each in self.asked)

    def heard(self, path: str, times: int = 1) -> list[Asked]:
        """The requests to a path, once there are so many."""
        until(lambda: self.times(path) >= times)
        return [each for each in self.asked if each.path == path]


class _Handler(BaseHTTPRequestHandler):
    server: Outside

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append(Asked(self.command, self.path, headers, body))
        waiting = self.server.answers.get(self.path) or [Answer(status=404)]
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        time.sleep(answer.pause)
        self.send_response(answer.status)
        self.send_header("content-type", answer.content_type)
        self.send_header("content-length", str(len(answer.body)))
        if answer.location:
            self.send_header("location", answer.location)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def the_outside() -> Iterator[Outside]:
    outside = Outside()
    try:
        yield outside
    finally:
        outside.shutdown()
        outside.server_close()
