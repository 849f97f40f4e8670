import asyncio
import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.files.storage_contract import listed
from understudy.errors import ConfigurationError, StorageFailed
from understudy.files.folder import FolderStorage
from understudy.files.storage import open_storage


def left_over(root: Path) -> list[Path]:
    return list((root / ".incoming").iterdir())


async def test_a_file_of_the_same_file_system_is_not_copied(tmp_path: Path) -> None:
    source = tmp_path / "clip"
    source.write_bytes(b"film")
    storage = FolderStorage(tmp_path / "storage")
    await storage.put("a/clip", source)
    path = storage.local_path("a/clip")
    assert path is not None
    assert path.samefile(source)
    source.unlink()
    assert path.read_bytes() == b"film"


async def test_putting_the_same_file_again_leaves_nothing_behind(tmp_path: Path) -> None:
    source = tmp_path / "clip"
    source.write_bytes(b"film")
    storage = FolderStorage(tmp_path / "storage")
    await storage.put("a/clip", source)
    await storage.put("a/clip", source)
    assert left_over(tmp_path / "storage") == []


async def test_only_plain_files_are_taken(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"key")
    (tmp_path / "link").symlink_to(secret)
    os.mkfifo(tmp_path / "pipe")
    storage = FolderStorage(tmp_path / "storage")
    for name in ("link", "pipe", "storage", "missing"):
        with pytest.raises(StorageFailed):
            await storage.put("a", tmp_path / name)
    assert await storage.head("a") is None


async def test_a_failed_put_leaves_nothing(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path / "storage")
    await storage.put_bytes("a/b", b"1")
    with pytest.raises(StorageFailed):
        await storage.put_bytes("a", b"2")  # a is a folder
    with pytest.raises(StorageFailed):
        await storage.put_bytes("a/b/c", b"3")  # a/b is a file
    await storage.delete(["a", "a/b/c"])
    assert (tmp_path / "storage/a/b").read_bytes() == b"1"
    assert left_over(tmp_path / "storage") == []


async def test_folders_go_with_their_last_file(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path / "storage")
    await storage.put_bytes("a/b/c", b"")
    await storage.put_bytes("a/d", b"")
    await storage.delete(["a/b/c"])
    assert not (tmp_path / "storage/a/b").exists()
    await storage.delete(["a/d"])
    assert [path.name for path in (tmp_path / "storage").iterdir()] == [".incoming"]


async def test_putting_and_deleting_at_the_same_time(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path / "storage")

    async def churn(key: str) -> None:
        for _ in range(25):
            await storage.put_bytes(key, b"x")
            assert storage.local_path(key) is not None
            await storage.delete([key])

    await asyncio.gather(*(churn(f"deep/er/{number}") for number in range(4)))
    assert left_over(tmp_path / "storage") == []


def test_what_a_crash_left_is_swept_after_a_day(tmp_path: Path) -> None:
    FolderStorage(tmp_path)
    fresh = tmp_path / ".incoming" / "fresh"
    fresh.write_bytes(b"")
    FolderStorage(tmp_path)
    assert fresh.exists()
    FolderStorage(tmp_path, now=fresh.stat().st_ctime + 25 * 3600)
    assert not fresh.exists()


def test_or_at_once_if_nobody_else_writes_there(tmp_path: Path) -> None:
    FolderStorage(tmp_path)
    (tmp_path / ".incoming" / "fresh").write_bytes(b"")
    open_storage(f"file://{tmp_path}", sole=True)
    assert left_over(tmp_path) == []


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigurationError, match="cannot be used: Not a directory"):
        FolderStorage(tmp_path / "file")


PUT = """
import asyncio, sys
from pathlib import Path
from understudy.files.storage import open_storage
asyncio.run(open_storage(sys.argv[1]).put("a/b/clip", Path(sys.argv[2])))
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_content_then_rename_then_folders_reach_the_disk(tmp_path: Path) -> None:
    source, trace, root = tmp_path / "source", tmp_path / "trace", tmp_path / "storage"
    source.write_bytes(b"film")
    watched = ["strace", "-f", "-y", "-e", "trace=fsync,rename,renameat,renameat2", "-o", str(trace)]
    put = [sys.executable, "-c", PUT, str(root), str(source)]
    subprocess.run([*watched, *put], check=True, capture_output=True)
    calls = [line for line in trace.read_text().splitlines() if str(root) in line]
    steps = [line.split(maxsplit=1)[1] for line in calls]
    assert [step.split("(")[0] for step in steps] == ["fsync", "rename", "fsync", "fsync", "fsync"]
    assert ".incoming/" in steps[0]
    for step, folder in zip(steps[2:], (root / "a/b", root / "a", root), strict=True):
        assert f"<{folder}>" in step


async def test_the_check_leaves_nothing(tmp_path: Path) -> None:
    await FolderStorage(tmp_path).check()
    assert left_over(tmp_path) == []


async def test_the_check_says_what_is_wrong(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path / "files")
    (tmp_path / "files" / ".incoming").rmdir()
    (tmp_path / "files").rmdir()
    with pytest.raises(ConfigurationError, match="files cannot be used: No such file or directory"):
        await storage.check()


async def test_a_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    storage = FolderStorage(tmp_path)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFailed, match="No space left on device"):
        await storage.check()
    with pytest.raises(StorageFailed, match="could not take a: No space left on device"):
        await storage.put_bytes("a", b"1")


async def test_listing_sees_plain_files_alone(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    await storage.put_bytes("a/b", b"1")
    (tmp_path / "a" / "with space").write_bytes(b"2")
    (tmp_path / "a" / ".hidden").write_bytes(b"3")
    (tmp_path / "a" / "link").symlink_to(tmp_path / "a" / "b")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / ".incoming" / "draft").write_bytes(b"4")
    assert [kept.key for kept in await listed(storage)] == ["a/b"]
