"""What one client may cost: bodies, time and sockets, measured on a server from outside."""

import asyncio
import json
import select
import socket as sockets
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.api.served import picture
from tests.server.caller import SORA, Caller, caller
from tests.server.patience import until
from understudy.testing.live import Live, live

MIB = 2**20
JSON_LIMIT, FILE_LIMIT, REQUEST_LIMIT = MIB, 4 * MIB, 6 * MIB
IN_FLIGHT = 8 * MIB
"""What may be on its way in the buffers of both kernels when the answer comes."""
PIECE = b"x" * 65536
BOUNDARY = "frontier"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    config = f"""
        limits.max_json_bytes = {JSON_LIMIT}
        limits.max_upload_bytes = {FILE_LIMIT}
        limits.max_request_bytes = {REQUEST_LIMIT}
    """
    with live(tmp_path_factory.mktemp("server"), engine="trouble", config=config) as running:
        yield running


@pytest.fixture
def me(server: Live) -> Iterator[Caller]:
    with caller(server) as project:
        yield project


class Sender:
    """One request, as slow, as long and as incomplete as the test wants it."""

    def __init__(self, connection: sockets.socket) -> None:
        self.connection = connection
        self.sent = 0

    def begin(self, path: str, headers: dict[str, str]) -> None:
        lines = [f"POST /v1/{path} HTTP/1.1", "host: x", *(f"{name}: {headers[name]}" for name in headers)]
        self.connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())

    def send(self, data: bytes) -> None:
        self.connection.sendall(b"%x\r\n%s\r\n" % (len(data), data))
        self.sent += len(data)

    def send_until_answered(self, most: int) -> None:
        while self.sent < most and not select.select([self.connection], [], [], 0)[0]:
            self.send(PIECE)

    def answer(self) -> tuple[int, dict[str, object]]:
        """The status and the JSON of the answer."""
        self.connection.settimeout(10)
        head = b""
        while b"\r\n\r\n" not in head:
            received = self.connection.recv(65536)
            assert received, f"the connection was closed after {head!r}"
            head += received
        head, _, body = head.partition(b"\r\n\r\n")
        lines = head.decode().lower().split("\r\n")
        length = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length"))
        while len(body) < length:
            body += self.connection.recv(65536)
        return int(lines[0].split()[1]), json.loads(body)


@contextmanager
def sender(server: Live) -> Iterator[Sender]:
    host, _, port = server.url.removeprefix("http://").partition(":")
    with sockets.create_connection((host, int(port)), timeout=10) as connection:
        yield Sender(connection)


def part(name: str, file: str = "") -> bytes:
    named = f'; filename="{file}"' if file else ""
    head = f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode()


JSON_BEGINS = b'{"prompt": "'
FILE_BEGINS = part("inputImage", "a.png") + picture()
TEXT_BEGINS = part("prompt")
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
STREAMS = {
    "json": ("application/json", JSON_BEGINS, JSON_LIMIT),
    "form": ("application/x-www-form-urlencoded", b"prompt=", JSON_LIMIT),
    "no boundary": ("multipart/form-data", JSON_BEGINS, JSON_LIMIT),
    "text part": (MULTIPART, TEXT_BEGINS, JSON_LIMIT),
    "file part": (MULTIPART, FILE_BEGINS, FILE_LIMIT),
}


@pytest.mark.parametrize("kind", STREAMS)
def test_an_endless_body_is_refused_while_it_streams(server: Live, me: Caller, kind: str) -> None:
    content_type, beginning, limit = STREAMS[kind]
    before = me.total()
    with sender(server) as client:
        headers = me.headers() | {"content-type": content_type, "transfer-encoding": "chunked"}
        client.begin(f"Run/{SORA}", headers)
        client.send(beginning)
        client.send_until_answered(100 * MIB)
        assert limit <= client.sent < limit + IN_FLIGHT
        status, body = client.answer()
    assert (status, body["result"]) == (413, False)
    assert "The request is too large." in str(body["errors"])
    assert me.total() == before
    until(lambda: not list((server.data / "incoming").iterdir()), 5)


@pytest.mark.parametrize(
    ("content_type", "limit"), [("application/json", JSON_LIMIT), (MULTIPART, REQUEST_LIMIT)]
)
def test_a_body_that_says_it_is_too_large_is_not_read(
    server: Live, me: Caller, content_type: str, limit: int
) -> None:
    with sender(server) as client:
        client.begin(
            f"Run/{SORA}", me.headers() | {"content-type": content_type, "content-length": str(limit + 1)}
        )
        assert client.answer()[0] == 413


def test_strangers_are_refused_before_their_body(server: Live) -> None:
    with sender(server) as client:
        client.begin("File/Upload", {"content-type": MULTIPART, "content-length": "1000000"})
        assert client.answer()[0] == 401


def test_its_memory_stays_as_it_is(server: Live, me: Caller) -> None:
    headers = me.headers() | {"transfer-encoding": "chunked"}
    # What one request at the limit needs is needed once; then the peak is counted anew.
    (Path(f"/proc/{server.process.pid}/clear_refs")).write_text("5")
    before = memory(server, "VmRSS")
    with ExitStack() as stack:
        clients = [stack.enter_context(sender(server)) for _ in range(40)]
        for number, client in enumerate(clients):
            content_type, beginning, _ = list(STREAMS.values())[number % 2 * 4]
            client.begin(f"Run/{SORA}", headers | {"content-type": content_type})
            client.send(beginning)
        for _ in range(3 * MIB // len(PIECE)):
            for number, client in enumerate(clients):
                if number % 2:
                    client.send(PIECE)
        grown = memory(server, "VmHWM") - before
    sent = sum(client.sent for client in clients)
    assert sent > 55 * MIB
    assert grown < 30 * MIB
    until(lambda: not list((server.data / "incoming").iterdir()), 5)


def memory(server: Live, which: str) -> int:
    """Bytes, as Linux counts them."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(which))


def test_slow_clients_do_not_hold_up_others(server: Live, me: Caller) -> None:
    id, _ = me.run()
    me.end_of(id)
    with ExitStack() as stack:
        slow = [stack.enter_context(sender(server)) for _ in range(100)]
        for number, client in enumerate(slow):
            content_type, beginning, _ = list(STREAMS.values())[number % len(STREAMS)]
            if number % 3 == 0:
                client.connection.sendall(b"POST /v1/Task/List HT")
                continue
            chunked = {"content-type": content_type, "transfer-encoding": "chunked"}
            client.begin(f"Run/{SORA}", me.headers() | chunked)
            client.send(beginning)
        took = []
        for _ in range(50):
            began = time.perf_counter()
            assert me.task(id)["pexit"] == "0"
            took.append(time.perf_counter() - began)
        new, _ = me.run("[say still here]")
        assert me.end_of(new)["debugoutput"] == "still here"
    assert statistics.median(took) < 0.1
    until(lambda: not list((server.data / "incoming").iterdir()), 5)


async def test_two_hundred_sockets_hear_the_end(server: Live, me: Caller) -> None:
    id, token = await asyncio.to_thread(me.run, "[say a][sleep 1.5][say b]")
    ended = await asyncio.wait_for(asyncio.gather(*(last_word(server, token) for _ in range(200))), 30)
    task = await asyncio.to_thread(me.task, id)
    assert ended == [("task_postprocess_end", task["outputs"], ["a", "b"])] * 200
    assert me.total() > 0


async def last_word(server: Live, token: str) -> tuple[str, object, list[str]]:
    """The last event of a task, and the lines that came before it."""
    url = f"{server.url.replace('http', 'ws', 1)}/v1"
    async with connect(url, proxy=None, open_timeout=20, compression=None) as socket:
        await socket.send(json.dumps({"type": "task_info", "tasktoken": token}))
        lines: list[str] = []
        while (event := await heard(socket))["type"] != "task_postprocess_end":
            if isinstance(event["message"], str):
                lines.append(event["message"])
    return event["type"], event["message"], lines


async def heard(socket: ClientConnection) -> dict[str, object]:
    message: dict[str, object] = json.loads(await socket.recv())
    return message
