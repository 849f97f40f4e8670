"""The storage as a node reaches it, against real S3."""

import asyncio
import time
from pathlib import Path

import pytest

from tests.files.s3 import s3, set_environment
from understudy.executors.ray.node_storage import NodeStorage
from understudy.testing.proxy import Proxy

KEY = "outputs/aa/clip.mp4"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> str:
    set_environment(monkeypatch, s3().url)
    return s3().new_bucket()


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"clip")
    return path


async def test_a_file_is_stored(bucket: str, clip: Path) -> None:
    there = NodeStorage(f"s3://{bucket}/files")
    there.begin()
    assert await there.put(clip, KEY) == ""
    stat = await s3().open(bucket).head(KEY)
    assert stat is not None
    assert stat.size == 4


async def test_without_credentials_it_says_so_at_once_and_later_tries_again(
    bucket: str, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = NodeStorage(f"s3://{bucket}/files")
    with monkeypatch.context() as without:
        without.delenv("AWS_SECRET_ACCESS_KEY")
        first = there.begin()
        assert "AWS_SECRET_ACCESS_KEY is not" in await there.put(clip, KEY)
    assert there.begin() is first
    assert "AWS_SECRET_ACCESS_KEY is not" in await there.put(clip, KEY)
    monkeypatch.setattr("understudy.executors.ray.node_storage._AGAIN", 0.0)
    second = there.begin()
    assert second is not first
    await second
    assert await there.put(clip, KEY) == ""
    assert there.begin() is second


async def test_the_bucket_has_to_be_there(bucket: str, clip: Path) -> None:
    there = NodeStorage(f"s3://no-{bucket}/files")
    assert "there is no such bucket" in await there.put(clip, KEY)


async def test_a_storage_that_does_not_answer_is_waited_for_a_while(
    bucket: str, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Proxy("127.0.0.1", s3().port) as proxy:
        proxy.stall()
        set_environment(monkeypatch, f"http://127.0.0.1:{proxy.port}")
        there = NodeStorage(f"s3://{bucket}/files")
        there.begin()
        monkeypatch.setattr("understudy.executors.ray.node_storage._PATIENCE", 0.2)
        began = time.monotonic()
        assert await there.put(clip, KEY) == "the storage has not answered yet"
        assert time.monotonic() - began < 2
        monkeypatch.setattr("understudy.executors.ray.node_storage._PATIENCE", 10)
        storing = asyncio.create_task(there.put(clip, KEY))
        await asyncio.sleep(0.2)
        await proxy.forward()
        assert await storing == ""


async def test_a_file_that_is_gone_names_no_key(bucket: str, tmp_path: Path) -> None:
    there = NodeStorage(f"s3://{bucket}/files")
    reason = await there.put(tmp_path / "gone.mp4", KEY)
    assert reason == "storage could not take a file: No such file or directory"
