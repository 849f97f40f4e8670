import asyncio
import gzip
import io
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from PIL import Image

from tests.files.web import Web, redirect, response, served
from understudy.errors import AddressRefused, FetchFailed, MediaRefused
from understudy.files.address import AddressGuard
from understudy.files.outbound import Outbound


def _png() -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((40, 30), 80).save(buffer, "PNG")
    return buffer.getvalue()


PNG = _png()


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    async with served() as web:
        yield web


async def nowhere(host: str, port: int) -> Sequence[str]:
    raise OSError("no names in this test")


def outbound(web: Web, **more: object) -> Outbound:
    return Outbound(AddressGuard([f"127.0.0.1:{web.port}"], resolve=nowhere), **more)  # type: ignore[arg-type]


async def test_a_file_is_fetched(web: Web, tmp_path: Path) -> None:
    web.answers["/a%20b/c.gif?d=1"] = response(PNG, content_type="text/html")
    to = tmp_path / "x"
    fetched = await outbound(web).get_to_file(
        f"http://127.0.0.1:{web.port}/a%20b/c.gif?d=1", to, max_bytes=10**6
    )
    assert (fetched.content_type, fetched.name, fetched.size) == ("image/png", "c.png", len(PNG))
    assert to.read_bytes() == PNG
    head = web.requests[0].lower()
    assert f"host: 127.0.0.1:{web.port}\r\n".encode() in head
    assert b"accept-encoding: identity\r\n" in head
    assert b"cookie" not in head


async def test_a_body_of_unknown_length_and_many_pieces(web: Web, tmp_path: Path) -> None:
    content = PNG + bytes(3_000_000)

    async def in_pieces(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for at in range(0, len(content), 70_001):
            piece = content[at : at + 70_001]
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    web.answers["/"] = in_pieces
    fetched = await outbound(web).get_to_file(f"http://127.0.0.1:{web.port}", tmp_path / "x", max_bytes=10**7)
    assert fetched.size == len(content)
    assert (tmp_path / "x").read_bytes() == content


async def refused(web: Web, to: Path, path: str = "/", **more: object) -> str:
    """The message with which fetching `path` fails; nothing is left in the folder."""
    settings = {"max_bytes": 100_000, "deadline": 5.0} | more
    with pytest.raises((AddressRefused, FetchFailed, MediaRefused)) as failed:
        await outbound(web).get_to_file(f"http://127.0.0.1:{web.port}{path}", to / "x", **settings)  # type: ignore[arg-type]
    assert list(to.iterdir()) == []
    return failed.value.message


async def test_the_size_is_bounded_by_what_is_declared(web: Web, tmp_path: Path) -> None:
    web.answers["/"] = b"HTTP/1.1 200 OK\r\ncontent-length: 100001\r\n\r\n"
    assert "larger than the limit of 100,000 bytes" in await refused(web, tmp_path)


@pytest.mark.parametrize("head", [b"", b"transfer-encoding: chunked\r\n"])
async def test_the_size_is_bounded_by_what_comes(web: Web, tmp_path: Path, head: bytes) -> None:
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")
        piece = PNG + bytes(30_000)
        while True:
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if head else piece)
            await writer.drain()
            sent += len(piece)

    web.answers["/"] = endless
    assert "larger than the limit" in await refused(web, tmp_path)
    assert sent < 50_000_000


async def test_a_packed_body_is_not_unpacked(web: Web, tmp_path: Path) -> None:
    web.answers["/"] = response(gzip.compress(PNG + bytes(10_000_000)), content_encoding="gzip")
    assert "compressed" in await refused(web, tmp_path)


async def test_the_wrong_bytes_are_refused_before_the_rest_comes(web: Web, tmp_path: Path) -> None:
    async def page(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\n\r\n<!doctype html>" + bytes(5000))
        await asyncio.sleep(30)

    web.answers["/"] = page
    assert "web page" in await refused(web, tmp_path)
    web.answers["/"] = response(b"ID3\x04" + bytes(100))
    assert "audio/mpeg" in await refused(web, tmp_path)
    web.answers["/"] = response(b"")
    assert "empty" in await refused(web, tmp_path)


async def test_the_deadline_covers_everything(web: Web, tmp_path: Path) -> None:
    async def trickle(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + PNG)
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    web.answers["/"] = trickle
    assert "within 0.3 seconds" in await refused(web, tmp_path, deadline=0.3)


async def test_a_connection_that_breaks_off(web: Web, tmp_path: Path) -> None:
    web.answers["/"] = b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n" + PNG
    assert "broke off" in await refused(web, tmp_path)
    web.answers["/"] = b"SSH-2.0-OpenSSH_9.2\r\n"
    assert "not valid HTTP" in await refused(web, tmp_path)


@pytest.mark.parametrize(
    "status", ["404 Not Found", "500 Oops", "204 No Content", "206 Partial Content", "401 Who"]
)
async def test_only_a_200_has_the_file(web: Web, tmp_path: Path, status: str) -> None:
    web.answers["/"] = response(b"" if status[:3] == "204" else PNG, status=status)
    assert f"HTTP status {status[:3]}" in await refused(web, tmp_path)


async def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    async with served() as web:
        pass
    message = await refused(web, tmp_path)
    assert message == "The address could not be reached."


async def test_three_redirects_are_followed(web: Web, tmp_path: Path) -> None:
    web.answers |= {
        "/1": redirect("/2", "301 Moved"),
        "/2": redirect(f"http://127.0.0.1:{web.port}/3", "307 Temporary"),
        "/3": redirect("?4", "308 Permanent"),
        "/3?4": response(PNG),
    }
    url = f"http://127.0.0.1:{web.port}"
    fetched = await outbound(web).get_to_file(url + "/1", tmp_path / "x", max_bytes=10**6)
    assert fetched.name == "1.png"
    web.answers["/0"] = redirect("/1")
    (tmp_path / "x").unlink()
    assert "more than 3 times" in await refused(web, tmp_path, "/0")


@pytest.mark.parametrize(
    "location",
    ["http://127.0.0.2/", "http://169.254.169.254/latest", "http://localhost/", "file:///etc/passwd", "ftp://x/", "//10.0.0.1/",
     "http://[::1]/", "http://[", "http://2130706433/", "http://u:p@127.0.0.1/"],
)  # fmt: skip
async def test_every_redirect_is_checked(web: Web, tmp_path: Path, location: str) -> None:
    web.answers["/"] = redirect(location)
    await refused(web, tmp_path)
    assert len(web.requests) == 1


async def test_a_name_that_changes_its_answer_gains_nothing(tmp_path: Path) -> None:
    """DNS rebinding: the first answer is checked and used; the second would lead to a service inside."""
    async with served() as first, served() as inside:
        answers = [["127.0.0.1"], ["127.0.0.2"]]
        asked: list[str] = []

        async def changing(host: str, port: int) -> Sequence[str]:
            asked.append(host)
            return answers[len(asked) - 1]

        first.answers["/"] = response(PNG)
        guard = AddressGuard([f"127.0.0.1:{first.port}"], resolve=changing)
        url = f"http://files.example:{first.port}/"
        await Outbound(guard).get_to_file(url, tmp_path / "x", max_bytes=10**6)
        assert asked == ["files.example"]
        assert f"host: files.example:{first.port}\r\n".encode() in first.requests[0].lower()
        with pytest.raises(AddressRefused):
            await Outbound(guard).get_to_file(url, tmp_path / "y", max_bytes=10**6)
        assert (len(first.requests), len(inside.requests)) == (1, 0)


async def test_the_next_address_of_a_name_is_tried(web: Web, tmp_path: Path) -> None:
    async def two(host: str, port: int) -> Sequence[str]:
        return ["127.9.9.9", "127.0.0.1"]

    web.answers["/"] = response(PNG)
    guard = AddressGuard(["127.0.0.0/8"], resolve=two)
    url = f"http://files.example:{web.port}/"
    assert (await Outbound(guard).get_to_file(url, tmp_path / "x", max_bytes=10**6)).size == len(PNG)


async def test_proxies_of_the_environment_are_ignored(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        web.answers["/"] = response(PNG)
        await outbound(web).get_to_file(f"http://127.0.0.1:{web.port}/", tmp_path / "x", max_bytes=10**6)
        assert (len(web.requests), len(proxy.requests)) == (1, 0)


async def test_cancelling_leaves_no_file(web: Web, tmp_path: Path) -> None:
    started = asyncio.Event()

    async def slow(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + PNG + bytes(5000))
        await writer.drain()
        started.set()
        await asyncio.sleep(30)

    web.answers["/"] = slow
    url = f"http://127.0.0.1:{web.port}/"
    fetching = asyncio.create_task(outbound(web).get_to_file(url, tmp_path / "x", max_bytes=10**6))
    await started.wait()
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    assert list(tmp_path.iterdir()) == []


# --- webhooks


async def test_a_post_is_delivered(web: Web) -> None:
    web.answers["/hook"] = response(b"thanks", status="202 Accepted")
    url = f"http://127.0.0.1:{web.port}/hook"
    delivery = await outbound(web).post(
        url, b'{"a": 1}', {"content-type": "application/json", "webhook-id": "7"}
    )
    assert (delivery.status, delivery.ok) == (202, True)
    head, _, body = web.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /hook HTTP/1.1\r\n")
    assert b"webhook-id: 7" in head.lower()
    assert body == b'{"a": 1}'


@pytest.mark.parametrize("status", ["302 Found", "400 Bad", "500 Oops"])
async def test_all_but_a_2xx_is_a_failure(web: Web, status: str) -> None:
    web.answers["/"] = response(status=status, location="/other")
    url = f"http://127.0.0.1:{web.port}/"
    assert not (await outbound(web).post(url, b"", {})).ok
    assert len(web.requests) == 1


async def test_the_answer_to_a_post_is_read_within_bounds(web: Web) -> None:
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(10_000))
            await writer.drain()
            sent += 10_000

    web.answers["/"] = endless
    url = f"http://127.0.0.1:{web.port}/"
    assert (await outbound(web).post(url, b"", {}, deadline=5)).ok
    assert sent < 50_000_000


async def test_the_status_counts_even_if_the_answer_hangs(web: Web) -> None:
    async def hanging(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(30)

    async def silent(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    web.answers |= {
        "/hanging": hanging,
        "/silent": silent,
        "/broken": b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n",
    }
    url = f"http://127.0.0.1:{web.port}"
    assert (await outbound(web).post(url + "/hanging", b"", {}, deadline=0.2)).ok
    assert (await outbound(web).post(url + "/broken", b"", {})).ok
    with pytest.raises(FetchFailed, match=r"within 0\.2 seconds"):
        await outbound(web).post(url + "/silent", b"", {}, deadline=0.2)
    with pytest.raises(AddressRefused):
        await outbound(web).post("http://127.0.0.2/", b"", {})


# --- TLS


@pytest.fixture
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for files.example, with its key, in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "9",
         "-subj", "/CN=test", "-addext", "subjectAltName=DNS:files.example", "-keyout", "key", "-out", "cert"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    both = folder / "both.pem"
    both.write_bytes((folder / "key").read_bytes() + (folder / "cert").read_bytes())
    return both


async def test_tls_is_for_the_name_though_the_connection_goes_to_the_ip(
    certificate: Path, tmp_path: Path
) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    seen: list[str | None] = []
    server.sni_callback = lambda _, name, __: seen.append(name)

    async def here(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    async with served(server) as web:
        web.answers["/"] = response(PNG)
        guard = AddressGuard([f"127.0.0.1:{web.port}"], resolve=here)
        trusting = Outbound(guard, tls=ssl.create_default_context(cafile=str(certificate)))
        await trusting.get_to_file(f"https://files.example:{web.port}/", tmp_path / "x", max_bytes=10**6)
        assert seen == ["files.example"]
        for host in ("other.example", "127.0.0.1"):
            with pytest.raises(FetchFailed, match="certificate"):
                await trusting.get_to_file(f"https://{host}:{web.port}/", tmp_path / "y", max_bytes=10**6)
        with pytest.raises(FetchFailed, match="certificate"):
            await Outbound(guard).get_to_file(
                f"https://files.example:{web.port}/", tmp_path / "y", max_bytes=10**6
            )
        assert len(web.requests) == 1


async def test_a_server_without_tls(tmp_path: Path) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        guard = AddressGuard([f"127.0.0.1:{port}"], resolve=nowhere)
        with pytest.raises(FetchFailed, match="TLS"):
            await Outbound(guard).get_to_file(f"https://127.0.0.1:{port}/", tmp_path / "x", max_bytes=10**6)
