"""What every storage must do: subclass `StorageContract` and give it a `storage` fixture, a new one for each test."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from understudy.errors import StorageFailed
from understudy.files.storage import CHUNK, Kept, Storage

CONTENT = bytes(range(256)) * 5000

ODD = [
    "x", "-", "=", "a=b", "a+b", "a@b", "+/=/@/-_", "a..b", "a.", "c./b.", "0/00/000", "A/a/AA", "a/b.tar.gz",
    "con/nul", "_", "x" * 200, "/".join(["deep"] * 50),
]  # fmt: skip

WRONG = ["", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/../b", "a/./b", ".a", "a/.b", "a\\b", "a b", "ä", "a\n",
         "a\x00b", "a%2e", "a?b", "a#1", "~a", "C:a", "x" * 513]  # fmt: skip


async def read(storage: Storage, key: str, start: int = 0, stop: int | None = None) -> bytes:
    return b"".join([piece async for piece in storage.stream(key, start, stop)])


async def listed(storage: Storage, prefix: str = "") -> list[Kept]:
    return sorted([kept async for kept in storage.keys(prefix)], key=lambda kept: kept.key)


class StorageContract:
    async def test_it_can_be_used(self, storage: Storage) -> None:
        await storage.check()
        await asyncio.gather(*(storage.check() for _ in range(3)))
        assert await listed(storage) == []

    async def test_what_is_put_is_there(self, storage: Storage, tmp_path: Path) -> None:
        source = tmp_path / "source"
        source.write_bytes(CONTENT)
        before = datetime.now(UTC)
        await storage.put("a/b/clip.mp4", source)
        await storage.put_bytes("a/b/thumb.jpg", b"small")
        assert source.read_bytes() == CONTENT
        assert await read(storage, "a/b/clip.mp4") == CONTENT
        assert await read(storage, "a/b/thumb.jpg") == b"small"
        stat = await storage.head("a/b/clip.mp4")
        assert stat is not None
        assert stat.size == len(CONTENT)
        assert stat.etag.startswith('"')
        # S3 counts whole seconds; the source may be a little older.
        assert abs(stat.modified - before) < timedelta(seconds=5)

    async def test_a_part_comes_in_pieces(self, storage: Storage) -> None:
        await storage.put_bytes("clip", CONTENT)
        pieces = [piece async for piece in storage.stream("clip", 7, 1_000_000)]
        assert b"".join(pieces) == CONTENT[7:1_000_000]
        assert len(pieces) > 1 or len(pieces[0]) >= CHUNK

    @pytest.mark.parametrize(
        ("start", "stop", "content"),
        [
            (0, None, b"hello world"),
            (0, 11, b"hello world"),
            (0, 1, b"h"),
            (10, 11, b"d"),
            (10, None, b"d"),
            (4, 7, b"o w"),
            (6, 99, b"world"),
            (5, 5, b""),
            (11, None, b""),
            (11, 12, b""),
            (99, 100, b""),
        ],
    )
    async def test_ranges(self, storage: Storage, start: int, stop: int | None, content: bytes) -> None:
        await storage.put_bytes("a", b"hello world")
        assert await read(storage, "a", start, stop) == content

    async def test_an_empty_file(self, storage: Storage, tmp_path: Path) -> None:
        (tmp_path / "nothing").touch()
        await storage.put("empty/file.bin", tmp_path / "nothing")
        await storage.put_bytes("empty/bytes.bin", b"")
        for key in ("empty/file.bin", "empty/bytes.bin"):
            assert await read(storage, key) == b""
            assert await read(storage, key, 0, 5) == b""
            await storage.fetch(key, tmp_path / "copy")
            assert (tmp_path / "copy").read_bytes() == b""
            stat = await storage.head(key)
            assert stat is not None
            assert stat.size == 0
        assert [(kept.key, kept.size) for kept in await listed(storage, "empty")] == [
            ("empty/bytes.bin", 0),
            ("empty/file.bin", 0),
        ]

    async def test_what_is_not_there(self, storage: Storage, tmp_path: Path) -> None:
        assert await storage.head("a/missing") is None
        assert storage.local_path("a/missing") is None
        with pytest.raises(StorageFailed, match="missing"):
            await read(storage, "a/missing")
        with pytest.raises(StorageFailed, match="missing"):
            await storage.fetch("a/missing", tmp_path / "x")

    async def test_only_plain_files_are_taken(self, storage: Storage, tmp_path: Path) -> None:
        (tmp_path / "secret").write_bytes(b"key")
        (tmp_path / "link").symlink_to(tmp_path / "secret")
        (tmp_path / "folder").mkdir()
        for name in ("link", "folder", "no source"):
            with pytest.raises(StorageFailed, match="a/b"):
                await storage.put("a/b", tmp_path / name)
        assert await storage.head("a/b") is None

    async def test_deleting_twice_is_deleting(self, storage: Storage) -> None:
        await storage.put_bytes("a/1", b"1")
        await storage.put_bytes("a/2", b"2")
        await storage.put_bytes("a/3", b"3")
        await storage.delete(["a/1", "a/missing", "missing", "a/2"])
        await storage.delete(["a/1"])
        await storage.delete([])
        assert await storage.head("a/1") is None
        assert await read(storage, "a/3") == b"3"
        assert [kept.key for kept in await listed(storage)] == ["a/3"]

    async def test_a_wrong_key_among_those_to_be_deleted(self, storage: Storage) -> None:
        await storage.put_bytes("a", b"1")
        with pytest.raises(ValueError, match="not a storage key"):
            await storage.delete(["a", ".."])
        assert await read(storage, "a") == b"1"

    async def test_a_file_is_fetched_to_a_path(self, storage: Storage, tmp_path: Path) -> None:
        await storage.put_bytes("clip", CONTENT)
        await storage.fetch("clip", tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == CONTENT
        (tmp_path / "copy").write_bytes(b"changed")
        assert await read(storage, "clip") == CONTENT
        with pytest.raises(StorageFailed):
            await storage.fetch("clip", tmp_path / "no folder" / "copy")

    async def test_putting_again_replaces(self, storage: Storage) -> None:
        await storage.put_bytes("a", b"one")
        await storage.put_bytes("a", b"three")
        assert await read(storage, "a") == b"three"

    async def test_putting_one_key_at_the_same_time_gives_one_of_them_whole(
        self, storage: Storage, tmp_path: Path
    ) -> None:
        contents = [bytes([number]) * (300_000 + number) for number in range(8)]
        for number, content in enumerate(contents):
            (tmp_path / str(number)).write_bytes(content)
        await asyncio.gather(*(storage.put("a/b", tmp_path / str(number)) for number in range(8)))
        assert await read(storage, "a/b") in contents
        assert len(await listed(storage)) == 1

    async def test_odd_names(self, storage: Storage) -> None:
        for number, key in enumerate(ODD):
            await storage.put_bytes(key, b"%d" % number)
        for number, key in enumerate(ODD):
            assert await read(storage, key) == b"%d" % number, key
            assert await storage.head(key) is not None
        assert [kept.key for kept in await listed(storage)] == sorted(ODD)
        await storage.delete(ODD)
        assert await listed(storage) == []

    async def test_listing(self, storage: Storage) -> None:
        keys = [f"{top}/{low}/{number}" for top in "ab" for low in "xy" for number in range(3)]
        for key in [*keys, "c", "ax"]:
            await storage.put_bytes(key, key.encode())
        assert [kept.key for kept in await listed(storage)] == sorted([*keys, "c", "ax"])
        # A folder, not the beginning of a name.
        assert [kept.key for kept in await listed(storage, "a")] == sorted(keys[:6])
        assert [kept.key for kept in await listed(storage, "b/y")] == sorted(keys[9:])
        for nothing in ("c", "b/y/0", "nothing", "a/nothing"):
            assert await listed(storage, nothing) == []
        (first, *_) = await listed(storage)
        stat = await storage.head(first.key)
        assert stat is not None
        assert first.size == stat.size == 5
        assert abs(first.modified - stat.modified) < timedelta(seconds=1)

    @pytest.mark.parametrize("key", WRONG)
    async def test_a_key_cannot_leave_its_place(self, storage: Storage, tmp_path: Path, key: str) -> None:
        acts = [
            storage.put(key, tmp_path),
            storage.put_bytes(key, b""),
            storage.head(key),
            storage.delete([key]),
            storage.fetch(key, tmp_path / "x"),
            storage.signed_url(key, 60, name="x", content_type="video/mp4"),
            read(storage, key, 0, 1),
        ]
        if key:
            acts.append(listed(storage, key))
        for act in acts:
            with pytest.raises(ValueError, match="not a storage key"):
                await act
        with pytest.raises(ValueError, match="not a storage key"):
            storage.local_path(key)

    async def test_who_is_cancelled_may_delete_at_once(self, storage: Storage, tmp_path: Path) -> None:
        (tmp_path / "source").write_bytes(CONTENT)
        for number in range(10):
            putting = asyncio.create_task(storage.put("a/b", tmp_path / "source"))
            await asyncio.sleep(number * 0.0005)
            putting.cancel()
            await asyncio.gather(putting, return_exceptions=True)
            await storage.delete(["a/b"])
            await asyncio.sleep(0.01)
            assert await storage.head("a/b") is None
