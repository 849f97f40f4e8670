"""What only a bucket can get wrong: a network in between, credentials, uploads in parts."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import httpx
import pytest
from obstore.store import LocalStore

from tests.files.s3 import ACCESS_KEY, IMPATIENT, SECRET, s3, set_environment
from tests.files.storage_contract import listed, read
from understudy.errors import ConfigurationError, StorageFailed
from understudy.files import bucket as module
from understudy.files.bucket import BucketStorage, open_bucket
from understudy.files.bucket_client import Clients
from understudy.testing.proxy import Proxy

MIB = 1024 * 1024
CLIP = bytes(range(256)) * 4096 * 12
"""12 MiB: three parts."""

PUT_AND_FETCH = """
import asyncio, re, sys
from pathlib import Path
from understudy.files.storage import open_storage

def peak() -> int:
    return int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024

async def main(url: str, folder: Path) -> None:
    storage = open_storage(url)
    await storage.check()
    before = peak()
    await storage.put("clip", folder / "clip")
    put = peak()
    await storage.fetch("clip", folder / "copy")
    print(put - before, peak() - before)

asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
"""


@pytest.fixture
def bucket() -> str:
    return s3().new_bucket()


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip"
    path.write_bytes(CLIP)
    return path


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    async with Proxy("127.0.0.1", s3().port) as proxy:
        yield proxy


async def took(work: Awaitable[object]) -> float:
    began = time.monotonic()
    await work
    return time.monotonic() - began


async def away(proxy: Proxy, seconds: float) -> None:
    await proxy.refuse()
    await asyncio.sleep(seconds)
    await proxy.forward()


class TestUploads:
    async def test_in_parts(self, bucket: str, clip: Path) -> None:
        storage = s3().open(bucket)
        await storage.put("a/clip.mp4", clip)
        stat = await storage.head("a/clip.mp4")
        assert stat is not None
        assert (stat.size, stat.etag[-3:]) == (12 * MIB, '-3"')
        assert await read(storage, "a/clip.mp4") == CLIP
        await storage.put_bytes("b", CLIP)
        assert await read(storage, "b") == CLIP
        assert s3().uploads(bucket) == 0

    async def test_cut_in_the_middle(self, bucket: str, clip: Path, proxy: Proxy) -> None:
        storage = s3().open(bucket, proxy.port)
        proxy.cut_after(7 * MIB, "to server")
        await storage.put("clip", clip)
        assert proxy.cuts == 1
        assert await read(s3().open(bucket), "clip") == CLIP

    async def test_whichever_answer_is_lost(self, bucket: str, tmp_path: Path, proxy: Proxy) -> None:
        storage = s3().open(bucket, proxy.port)
        content, clip = CLIP[: 6 * MIB], tmp_path / "clip"
        clip.write_bytes(content)
        await storage.put("clip", clip)
        answers = proxy.carried["to client"]
        for number in range(8):
            # The answers of one upload are not always of the same length.
            proxy.cut_after(answers * number // 9, "to client")
            await storage.put("clip", clip)
            assert proxy.cuts == number + 1
            assert await read(s3().open(bucket), "clip") == content

    async def test_whichever_answer_of_the_rest_is_lost(self, bucket: str, proxy: Proxy) -> None:
        storage = s3().open(bucket, proxy.port)

        async def everything() -> None:
            await storage.put_bytes("a", b"hello")
            assert await read(storage, "a", 1) == b"ello"
            assert await storage.head("a") is not None
            assert [kept.key for kept in await listed(storage)] == ["a"]
            await storage.check()
            await storage.delete(["a", "b"])
            assert await storage.head("a") is None

        await everything()
        answers = proxy.carried["to client"]
        for number in range(20):
            proxy.cut_after(answers * number // 22, "to client")
            await everything()
            assert proxy.cuts == number + 1

    async def test_given_up_leaves_nothing_to_be_seen(self, bucket: str, clip: Path, proxy: Proxy) -> None:
        storage = s3().open(bucket, proxy.port, IMPATIENT)
        putting = asyncio.create_task(storage.put("clip", clip))
        while proxy.carried["to server"] < 6 * MIB:
            await asyncio.sleep(0)
        await proxy.refuse()
        with pytest.raises(StorageFailed, match="could not take clip: it cannot be reached"):
            await putting
        assert await listed(s3().open(bucket)) == []
        await proxy.forward()
        await storage.put("clip", clip)
        assert await read(storage, "clip") == CLIP

    async def test_cancelled_leaves_nothing_to_be_seen(self, bucket: str, clip: Path, proxy: Proxy) -> None:
        storage = s3().open(bucket, proxy.port)
        putting = asyncio.create_task(storage.put("clip", clip))
        while proxy.carried["to server"] < 6 * MIB:
            await asyncio.sleep(0)
        proxy.stall()
        putting.cancel()
        with pytest.raises(asyncio.CancelledError):
            assert 2 < await took(putting) < 5
        await proxy.forward()
        await asyncio.sleep(0.2)
        assert await listed(s3().open(bucket)) == []

    @pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells a process's peak")
    def test_memory_stays_small(self, bucket: str, tmp_path: Path) -> None:
        (tmp_path / "clip").touch()
        os.truncate(tmp_path / "clip", 128 * MIB)
        with pytest.MonkeyPatch.context() as patch:
            set_environment(patch, s3().url)
            command = [sys.executable, "-c", PUT_AND_FETCH, f"s3://{bucket}", str(tmp_path)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
        put, both = map(int, done.stdout.split())
        assert (tmp_path / "copy").stat().st_size == 128 * MIB
        assert put < 64, f"{put} MiB to put 128 MiB"
        assert both < 80, f"{both} MiB to put and fetch 128 MiB"


class TestDownloads:
    async def test_cut_again_and_again(self, bucket: str, clip: Path, proxy: Proxy, tmp_path: Path) -> None:
        storage = s3().open(bucket, proxy.port)
        await storage.put("clip", clip)
        got = bytearray()
        proxy.cut_after(3 * MIB, "to client")
        async for piece in storage.stream("clip", 5, len(CLIP) - 5):
            got += piece
            if len(got) > 3 * MIB * (proxy.cuts + 1):
                proxy.cut()
        assert got == CLIP[5:-5]
        assert proxy.cuts == 1
        proxy.cut_after(4 * MIB, "to client")
        await storage.fetch("clip", tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == CLIP

    async def test_another_file_is_not_mixed_in(self, bucket: str, clip: Path, proxy: Proxy) -> None:
        storage = s3().open(bucket, proxy.port, IMPATIENT)
        await storage.put("clip", clip)
        pieces = storage.stream("clip")
        first = await anext(pieces)
        await s3().open(bucket).put_bytes("clip", bytes(12 * MIB))
        proxy.cut()
        got = bytearray(first)

        async def rest() -> None:
            async for piece in pieces:
                got.extend(piece)

        with pytest.raises(StorageFailed):
            await rest()
        assert CLIP.startswith(got)

    async def test_a_storage_that_falls_silent(self, bucket: str, clip: Path, proxy: Proxy) -> None:
        storage = s3().open(bucket, proxy.port, IMPATIENT)
        await storage.put("clip", clip)
        pieces = storage.stream("clip")
        await anext(pieces)
        proxy.stall()

        async def rest() -> None:
            with pytest.raises(StorageFailed, match="could not read clip: it cannot be reached"):
                async for _ in pieces:
                    pass

        assert await took(rest()) < 8

    async def test_who_reads_slowly_holds_it_back(self, bucket: str, clip: Path, proxy: Proxy) -> None:
        storage = s3().open(bucket, proxy.port)
        await storage.put("clip", clip)
        before = proxy.carried["to client"]
        pieces = storage.stream("clip")
        first = await anext(pieces)
        await asyncio.sleep(0.5)
        ahead = proxy.carried["to client"] - before
        rest = [piece async for piece in pieces]
        assert b"".join([first, *rest]) == CLIP
        assert ahead < 9 * MIB, "most of it lies in the sockets' buffers of this machine"

    async def test_who_leaves_in_the_middle(self, bucket: str, clip: Path) -> None:
        storage = s3().open(bucket)
        await storage.put("clip", clip)
        pieces = storage.stream("clip")
        await anext(pieces)
        await pieces.aclose()  # type: ignore[attr-defined]
        assert await read(storage, "clip", 0, 3) == CLIP[:3]


class TestTrouble:
    async def test_away_for_three_seconds_costs_nothing_but_time(
        self, bucket: str, clip: Path, proxy: Proxy, tmp_path: Path
    ) -> None:
        storage = s3().open(bucket, proxy.port)
        for key in ("a", "b", "c"):
            await storage.put_bytes(key, key.encode())

        async def listing() -> None:
            assert {"b"} <= {kept.key for kept in await listed(storage)}

        async def reading() -> None:
            assert await read(storage, "b") == b"b"

        gone = asyncio.create_task(away(proxy, 3))
        await asyncio.sleep(0.05)
        times = await asyncio.gather(
            took(storage.put("clip", clip)),
            took(storage.put_bytes("d", b"d")),
            took(storage.head("b")),
            took(reading()),
            took(storage.fetch("c", tmp_path / "c")),
            took(storage.delete(["a"])),
            took(listing()),
            took(storage.check()),
        )
        await gone
        assert min(times) > 2.5
        assert max(times) < 8
        assert {kept.key for kept in await listed(storage)} == {"b", "c", "d", "clip"}
        assert await read(storage, "clip") == CLIP

    @pytest.mark.parametrize("how", ["refuses", "is silent"])
    async def test_nothing_waits_for_ever(
        self, bucket: str, clip: Path, proxy: Proxy, tmp_path: Path, how: str
    ) -> None:
        storage = s3().open(bucket, proxy.port, IMPATIENT)
        await storage.put_bytes("a", b"a")
        if how == "refuses":
            await proxy.refuse()
        else:
            proxy.stall()

        async def fails(work: Awaitable[object]) -> None:
            with pytest.raises(StorageFailed, match="cannot be reached, or did not answer in time") as raised:
                await work
            assert SECRET not in str(raised.value)
            assert ACCESS_KEY not in str(raised.value)

        works = [
            storage.put("clip", clip),
            storage.put_bytes("b", b""),
            storage.head("a"),
            storage.fetch("a", tmp_path / "a"),
            storage.delete(["a"]),
            read(storage, "a"),
            listed(storage),
            storage.check(),
        ]
        assert await took(asyncio.gather(*map(fails, works))) < 8
        await proxy.refuse()  # what was given up may be done yet, unless it is lost on the way
        await proxy.forward()
        await storage.check()
        assert [kept.key for kept in await listed(storage)] == ["a"]

    async def test_a_slow_network_is_no_trouble(self, bucket: str, clip: Path, proxy: Proxy) -> None:
        storage = s3().open(bucket, proxy.port)
        proxy.delay(0.002)
        await storage.put("clip", clip)
        assert await read(storage, "clip") == CLIP


class TestSetUp:
    async def test_no_such_bucket(self, tmp_path: Path) -> None:
        storage = s3().open("nobody-made-it")
        with pytest.raises(
            ConfigurationError, match="storage: s3://nobody-made-it/files: there is no such bucket"
        ):
            await storage.check()
        (tmp_path / "a").touch()
        for work in (
            storage.put("a", tmp_path / "a"),
            storage.put_bytes("a", b""),
            storage.delete(["a"]),
            listed(storage),
        ):
            with pytest.raises(StorageFailed, match="there is no such bucket"):
                await work
        with pytest.raises(StorageFailed, match="the bucket does not exist"):
            await read(storage, "a")

    async def test_wrong_credentials(self, bucket: str) -> None:
        storage = s3().open(bucket)
        s3().checking_credentials(True)
        try:
            with pytest.raises(ConfigurationError, match="does not know the access key") as raised:
                await storage.check()
            with pytest.raises(StorageFailed, match=r"are refused, or do not allow this.*\(HTTP 403\)"):
                await storage.head("a")
        finally:
            s3().checking_credentials(False)
        assert SECRET not in str(raised.value)
        assert ACCESS_KEY not in str(raised.value)

    def test_half_of_the_credentials(self, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
        set_environment(monkeypatch, s3().url)
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        with pytest.raises(ConfigurationError, match="but AWS_SECRET_ACCESS_KEY is not"):
            open_bucket(f"s3://{bucket}")

    async def test_http_has_to_be_allowed(self, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
        set_environment(monkeypatch, s3().url)
        monkeypatch.delenv("AWS_ALLOW_HTTP")
        with pytest.raises(ConfigurationError, match="set AWS_ALLOW_HTTP=true"):
            await open_bucket(f"s3://{bucket}").check()

    def test_what_the_environment_says_of_the_way(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_PROXY_URL", "http://proxy.lan:3128")
        monkeypatch.setenv("AWS_PROXY_EXCLUDES", "minio.lan")
        assert isinstance(open_bucket("s3://bucket"), BucketStorage)
        for name in ("AWS_ALLOW_HTTP", "AWS_ROOT_CERTIFICATE"):
            with monkeypatch.context() as patch:
                patch.setenv(name, "sesame")
                with pytest.raises(
                    ConfigurationError, match=r"^storage: s3://bucket: the environment"
                ) as raised:
                    open_bucket("s3://bucket")
                assert "sesame" not in str(raised.value)

    @pytest.mark.parametrize(
        "endpoint", ["http://a:sesame@[b", "https://sesame@minio.lan", "minio.lan:9000", "ftp://minio.lan"]
    )
    def test_an_endpoint_that_is_none(self, monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
        set_environment(monkeypatch, endpoint)
        with pytest.raises(ConfigurationError, match="AWS_ENDPOINT_URL must be an address such as") as raised:
            open_bucket("s3://bucket")
        assert "sesame" not in str(raised.value)

    async def test_nobody_is_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        set_environment(monkeypatch, "http://127.0.0.1:1")
        with pytest.raises(StorageFailed, match="storage: s3://bucket: it cannot be reached"):
            await open_bucket("s3://bucket", IMPATIENT).check()

    async def test_the_check_leaves_nothing(self, bucket: str) -> None:
        await s3().open(bucket).check()
        assert await listed(s3().open(bucket, folder="")) == []

    def test_the_extra_is_missing(self) -> None:
        code = (
            "import sys; sys.modules['obstore.exceptions'] = None\n"
            "from understudy.files.storage import open_storage\n"
            "try: open_storage('s3://bucket/x')\n"
            "except Exception as error: print(type(error).__name__, error)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout == (
            "ConfigurationError storage: s3:// needs the extra: pip install 'understudy[storage]'.\n"
        )


class TestMany:
    async def test_pages_and_batches(self, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "_BATCH", 7)
        storage = s3().open(bucket)
        keys = [f"a/{number:03}" for number in range(40)]
        await asyncio.gather(*(storage.put_bytes(key, b"") for key in [*keys, "b"]))
        assert [kept.key for kept in await listed(storage)] == [*keys, "b"]
        await storage.delete(key for key in [*keys, "c"])
        assert [kept.key for kept in await listed(storage)] == ["b"]

    async def test_where_a_missing_file_is_an_error(self, tmp_path: Path) -> None:
        """As it is in Google's and Azure's storage, and in obstore's own folder."""
        storage = BucketStorage(Clients(LocalStore(tmp_path), LocalStore(tmp_path)), "gs://bucket")
        keys = [str(number) for number in range(25)]
        for key in keys:
            (tmp_path / key).touch()
        await storage.delete(["no/1", *keys, "no/2"])
        assert await listed(storage) == []

    async def test_a_foreign_name_is_left_out(self, bucket: str) -> None:
        async with httpx.AsyncClient(base_url=f"{s3().url}/{bucket}/files/") as client:
            for name in ("with%20space", ".hidden", "a"):
                (await client.put(name, content=b"1")).raise_for_status()
        assert [kept.key for kept in await listed(s3().open(bucket))] == ["a"]
