"""The server that is shot at, the requests, and what every answer has to be like."""

import itertools
import json
import socket
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from tests.api.served import picture
from tests.fuzz.answers import Answer, read
from tests.fuzz.ways import WAYS, Way
from tests.server.caller import Caller
from tests.server.patience import until
from understudy.testing.live import Live

SECONDS = 10.0
"""An answer that takes longer hangs."""
MIB = 2**20

DOCUMENTED = frozenset(
    {101, 200, 202, 204, 206, 304, 400, 401, 403, 404, 405, 406, 408, 409, 413, 415, 416, 421, 426, 429, 431}
)
"""Statuses of the documentation, of the protocols behind the doors and of WebSocket; 500 and 503 are none of them."""

Headers = Iterable[tuple[bytes, bytes]]


class Target:
    """A server, and a project of it."""

    def __init__(self, server: Live, caller: Caller) -> None:
        self.server = server
        self.caller = caller
        host, _, port = server.url.removeprefix("http://").partition(":")
        self.address = host, int(port)
        self.keys = [(name.encode(), value.encode()) for name, value in caller.headers().items()]
        credentials = caller.credentials
        self.token = f"{credentials.api_key}:{credentials.api_secret}".encode()
        self._secret = {
            credentials.api_secret.encode(): "the API secret",
            str(server.data.parent).encode(): "a folder of this machine",
            str(Path(sys.prefix)).encode(): "a folder of this machine",
            b"Traceback": "a traceback",
            b'", line ': "a traceback",
            b'.py"': "a file of the program",
            b"site-packages": "a folder of this machine",
        }

    def warm(self) -> None:
        """Have everything loaded that is loaded when it is first needed."""
        self.caller.ask("File/Upload", files={"file": ("a.png", picture())})
        id, _ = self.caller.run()
        self.caller.end_of(id)
        for way in WAYS:
            self.post(way, b"application/json", json.dumps(way.fields).encode())

    def post(self, way: Way, content_type: bytes, body: bytes) -> Answer:
        """A body for one way in, with the keys that it wants."""
        key = [(b"authorization", b"Bearer " + self.token)] if way.bearer else self.keys
        more = [(b"accept", b"application/json, text/event-stream"), (b"content-type", content_type)]
        return self.ask(b"POST", way.path, [*key, *more], body)

    def ask(self, method: bytes, path: bytes, headers: Headers = (), body: bytes = b"") -> Answer:
        """One well-formed request; the sound answer to it."""
        lines = [method + b" " + path + b" HTTP/1.1", b"host: " + self.host, b"connection: close"]
        lines += [name + b": " + value for name, value in headers]
        if body or method in (b"POST", b"PUT", b"PATCH"):
            lines.append(b"content-length: %d" % len(body))
        received = self.exchange(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        [answer] = read(received, [method.decode("latin-1")])
        self.check(answer)
        return answer

    def exchange(self, sent: bytes, *, greeting: bytes = b"", patience: float = SECONDS) -> bytes:
        """What comes back until the server closes the connection. A `greeting` is sent first, and has to be answered.

        A server that has heard enough to answer closes or answers within `patience`; after that the other side's end
        is closed, as of somebody who goes away, and the server has to follow.
        """
        began = time.monotonic()
        received = bytearray()
        with socket.create_connection(self.address, timeout=SECONDS) as connection, suppress(ConnectionError):
            if greeting:
                connection.sendall(greeting)
                received += connection.recv(1 << 16)
            connection.sendall(sent)
            connection.settimeout(patience)
            try:
                _receive(connection, received)
            except TimeoutError:
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(SECONDS)
                _receive(connection, received)
        assert time.monotonic() - began < SECONDS, f"no answer after {SECONDS} seconds to {sent[:300]!r}"
        return bytes(received)

    @property
    def host(self) -> bytes:
        """For the header of that name."""
        return b"%s:%d" % (self.address[0].encode(), self.address[1])

    def check(self, answer: Answer) -> None:
        """It is documented, in the form of its dialect, and tells nothing about the machine."""
        assert answer.status in DOCUMENTED, answer
        text = answer.body
        if answer.is_json:
            body = answer.json
            if answer.status >= 400:
                assert _is_error(body), answer
        if answer.status >= 400 or answer.is_json:
            for secret, what in self._secret.items():
                assert secret not in text, (what, answer)

    def all_succeed(self) -> None:
        """Every task that was accepted ends, and with success."""
        for start in itertools.count(0, 100):
            until(lambda: not self.caller.post("Task/List", status="task_queue")["tasklist"], 30)
            tasks = self.caller.post("Task/List", start=start, limit=100, order="ASC")["tasklist"]
            for task in tasks:
                ended = self.caller.end_of(task["id"])
                assert ended["pexit"] == "0", ended
            if not tasks:
                return

    @property
    def resident(self) -> int:
        """Bytes of memory, as Linux counts them."""
        return self._memory("VmRSS")

    @property
    def peak(self) -> int:
        """Bytes at the worst moment since `forget_peak`."""
        return self._memory("VmHWM")

    def forget_peak(self) -> None:
        """Count the peak anew."""
        Path(f"/proc/{self.server.process.pid}/clear_refs").write_text("5")

    def _memory(self, which: str) -> int:
        status = Path(f"/proc/{self.server.process.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(which))

    @contextmanager
    def watched(self, *, growth: int, peak: int) -> Iterator[None]:
        """What is done inside leaves a healthy server, which has grown by at most so many bytes, `peak` in between."""
        before = self.resident
        self.forget_peak()
        yield
        assert self.server.process.poll() is None, self.server.log[-4000:]
        response = httpx.get(f"{self.server.url}/readyz", timeout=5, trust_env=False)
        assert response.status_code == 200, response.text
        until(lambda: not list((self.server.data / "incoming").iterdir()), 10)
        log = self.server.log
        assert "Traceback" not in log, log[log.index("Traceback") - 500 :][:5000]
        assert "unexpected error" not in log
        assert self.resident - before < growth, f"{(self.resident - before) / MIB:.0f} MiB"
        assert self.peak - before < peak, f"{(self.peak - before) / MIB:.0f} MiB"


def _receive(connection: socket.socket, received: bytearray) -> None:
    """Until the server closes it. Raises `TimeoutError` once nothing comes any more."""
    while piece := connection.recv(1 << 16):
        received += piece


def _is_error(body: Any) -> bool:
    """Whether it is an error of one of the dialects."""
    match body:
        case {"result": False, "errors": [*errors]}:
            return bool(errors) and all(_is_entry(each) for each in errors)
        case {"error": {"message": str(), "type": str(), "param": _, "code": _}}:  # OpenAI's
            return True
        case {"error": {"code": int(), "message": str(), "status": str()}}:  # Google's
            return True
        case {"jsonrpc": "2.0", "error": {"code": int(), "message": str()}}:
            return True
    return False


def _is_entry(entry: Any) -> bool:
    return set(entry) == {"code", "message"} and isinstance(entry["code"], int) and bool(entry["message"])
