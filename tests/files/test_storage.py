"""The promises of every storage, on the folder and on an object store (obstore's own, in memory)."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.errors import ConfigurationError, StorageFailed
from understudy.files.bucket import BucketStorage
from understudy.files.storage import CHUNK, Storage, check_key, open_storage

CONTENT = bytes(range(256)) * 5000


@pytest.fixture(params=["folder", "file url", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    root = tmp_path / "storage"
    return open_storage({"folder": root, "file url": f"file://{root}", "memory": "memory:///"}[request.param])


async def read(storage: Storage, key: str, start: int = 0, stop: int | None = None) -> bytes:
    return b"".join([piece async for piece in storage.stream(key, start, stop)])


async def test_what_is_put_is_there(storage: Storage, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(CONTENT)
    await storage.put("a/b/clip.mp4", source)
    await storage.put_bytes("a/b/thumb.jpg", b"small")
    assert source.read_bytes() == CONTENT
    assert await read(storage, "a/b/clip.mp4") == CONTENT
    assert await read(storage, "a/b/thumb.jpg") == b"small"
    stat = await storage.head("a/b/clip.mp4")
    assert stat is not None
    assert stat.size == len(CONTENT)
    assert stat.etag.startswith('"')
    assert stat.modified.tzinfo is not None


async def test_a_part_comes_in_pieces(storage: Storage) -> None:
    await storage.put_bytes("clip", CONTENT)
    pieces = [piece async for piece in storage.stream("clip", 7, 1_000_000)]
    assert b"".join(pieces) == CONTENT[7:1_000_000]
    assert len(pieces) > 1 or len(pieces[0]) >= CHUNK
    assert await read(storage, "clip", 1_279_000) == CONTENT[1_279_000:]
    assert await read(storage, "clip", 5, 5) == b""


async def test_an_empty_file(storage: Storage) -> None:
    await storage.put_bytes("empty", b"")
    assert await read(storage, "empty") == b""
    stat = await storage.head("empty")
    assert stat is not None
    assert stat.size == 0


async def test_what_is_not_there(storage: Storage, tmp_path: Path) -> None:
    assert await storage.head("a/missing") is None
    assert storage.local_path("a/missing") is None
    with pytest.raises(StorageFailed, match="missing"):
        await read(storage, "a/missing")
    with pytest.raises(StorageFailed, match="missing"):
        await storage.fetch("a/missing", tmp_path / "x")
    with pytest.raises(StorageFailed):
        await storage.put("a/b", tmp_path / "no source")


async def test_deleting_twice_is_deleting(storage: Storage) -> None:
    await storage.put_bytes("a/1", b"1")
    await storage.put_bytes("a/2", b"2")
    await storage.put_bytes("a/3", b"3")
    await storage.delete(["a/1", "a/missing", "missing", "a/2"])
    await storage.delete(["a/1"])
    assert await storage.head("a/1") is None
    assert await read(storage, "a/3") == b"3"


async def test_a_file_is_fetched_to_a_path(storage: Storage, tmp_path: Path) -> None:
    await storage.put_bytes("clip", CONTENT)
    await storage.fetch("clip", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == CONTENT
    (tmp_path / "copy").write_bytes(b"changed")
    assert await read(storage, "clip") == CONTENT


async def test_putting_again_replaces(storage: Storage) -> None:
    await storage.put_bytes("a", b"one")
    await storage.put_bytes("a", b"three")
    assert await read(storage, "a") == b"three"


WRONG = ["", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/../b", "a/./b", ".a", "a/.b", "a\\b", "a b", "ä", "a\n",
         "a\x00b", "a%2e", "a?b", "a#1", "~a", "C:a", "x" * 513]  # fmt: skip


@pytest.mark.parametrize("key", WRONG)
async def test_a_key_cannot_leave_its_place(storage: Storage, tmp_path: Path, key: str) -> None:
    for act in (
        storage.put(key, tmp_path),
        storage.put_bytes(key, b""),
        storage.head(key),
        storage.delete([key]),
        storage.fetch(key, tmp_path / "x"),
        read(storage, key, 0, 1),
    ):
        with pytest.raises(ValueError, match="not a storage key"):
            await act
    with pytest.raises(ValueError, match="not a storage key"):
        storage.local_path(key)


@settings(deadline=None)
@given(st.text(max_size=20) | st.from_regex(r"[a./~-]+", fullmatch=True))
def test_a_key_that_passes_stays_below(key: str) -> None:
    try:
        check_key(key)
    except ValueError:
        return
    path = Path("/root") / key
    assert path.as_posix() == f"/root/{key}"
    assert not {".", ".."} & set(path.parts)


@pytest.mark.parametrize("address", ["what://bucket", "s3://", "http://"])
def test_an_address_of_no_storage(address: str) -> None:
    with pytest.raises(ConfigurationError, match="storage: "):
        open_storage(address)


def test_a_bucket_is_opened_without_asking_it() -> None:
    assert isinstance(open_storage("s3://bucket/prefix"), BucketStorage)
