"""A whole server whose files are in a bucket, and nowhere else."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.files.s3 import s3, set_environment
from tests.files.storage_contract import listed
from understudy.api.openai_videos.naming import video_id
from understudy.client import Client
from understudy.testing.live import Live, live

Start = Callable[[str], AbstractContextManager[Live]]


@pytest.fixture
def bucket() -> str:
    return s3().new_bucket()


@pytest.fixture
def serving(bucket: str, tmp_path: Path) -> Start:
    @contextmanager
    def started(config: str) -> Iterator[Live]:
        with pytest.MonkeyPatch.context() as patch:
            set_environment(patch, s3().url)
            with live(tmp_path, config=f'storage = "s3://{bucket}/files"\n{config}') as server:
                yield server

    return started


def folders(bucket: str) -> list[str]:
    """Of each file in it."""
    return [kept.key.partition("/")[0] for kept in asyncio.run(listed(s3().open(bucket)))]


@pytest.mark.parametrize("signed_for", [0, 600])
def test_from_an_upload_to_its_deletion(serving: Start, bucket: str, tmp_path: Path, signed_for: int) -> None:
    Image.new("RGB", (1280, 720), (9, 9, 200)).save(tmp_path / "in.png")
    with (
        serving(f"server.signed_url_seconds = {signed_for}") as server,
        Client(data=server.data) as client,
        httpx.Client(follow_redirects=True, timeout=30) as web,
    ):
        inputs = {"prompt": "A dog.", "inputImage": tmp_path / "in.png"}
        task = client.run("openai/sora-2-pro", inputs)
        assert folders(bucket) == ["inputs", "outputs", "thumbnails"]
        clip = web.get(task.outputs[0].url)
        assert (clip.status_code, clip.headers["content-type"]) == (200, "video/mp4")
        assert len(clip.content) == task.outputs[0].size
        assert str(clip.url).startswith(s3().url if signed_for else server.url)
        content = f"{server.url}/v1/videos/{video_id(int(task.id))}/content"
        keys = server.credentials
        bearer = {"authorization": f"Bearer {keys['api_key']}:{keys['api_secret']}"}
        for variant in ("thumbnail", "spritesheet", "video"):
            answer = web.get(content, params={"variant": variant}, headers=bearer)
            assert answer.status_code == 200, (variant, answer.text)
        again = client.run("openai/sora-2-pro", inputs | {"inputImage": task.parameters["inputImage"]})
        assert again.exit_code == "0"
        for each in (task, again):
            client.delete_files(each)
        assert folders(bucket) == []
        assert web.get(task.outputs[0].url).status_code == 404
    assert not (server.data / "files").exists()
