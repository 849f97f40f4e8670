"""openai 2.54.0: whole cycles."""

import time
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
from openai import OpenAI

# The package says that OpenAI itself offers the service no more.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def client_of(url: str, key: str) -> OpenAI:
    return OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)


@pytest.fixture
def client(url: str, key: str) -> Iterator[OpenAI]:
    with client_of(url, key) as made:
        yield made


def test_the_version() -> None:
    assert openai.__version__ == "2.54.0"


def test_text_to_video(client: OpenAI, tmp_path: Path) -> None:
    video = client.videos.create(prompt="A dog.", model="sora-2-pro", seconds="8", size="720x1280")
    assert video.object == "video"
    assert video.status in ("queued", "in_progress")
    until = time.monotonic() + 30
    while video.status not in ("completed", "failed"):
        assert time.monotonic() < until
        time.sleep(0.05)
        video = client.videos.retrieve(video.id)
    assert (video.status, video.seconds, video.size, video.error) == ("completed", "8", "720x1280", None)
    client.videos.download_content(video.id).write_to_file(tmp_path / "clip.mp4")
    assert (tmp_path / "clip.mp4").read_bytes()[4:8] == b"ftyp"
    thumbnail = client.videos.download_content(video.id, variant="thumbnail").read()
    assert (thumbnail[:4], thumbnail[8:12]) == (b"RIFF", b"WEBP")
    assert client.videos.download_content(video.id, variant="spritesheet").read()[:3] == b"\xff\xd8\xff"


def test_image_to_video(client: OpenAI, photo: Path) -> None:
    video = client.videos.create_and_poll(prompt="A dog.", model="sora-2-pro", input_reference=photo)
    assert video.status == "completed"


def test_any_model(client: OpenAI) -> None:
    video = client.videos.create_and_poll(prompt="A dog.", model="google/veo3-1")
    assert video.status == "completed"


def test_list_and_delete(client: OpenAI) -> None:
    video = client.videos.create_and_poll(prompt="A dog.", model="sora-2-pro")
    assert video.id in [each.id for each in client.videos.list(limit=100)]
    assert client.videos.delete(video.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.videos.retrieve(video.id)


def test_a_failed_task(client: OpenAI) -> None:
    video = client.videos.create_and_poll(prompt="[badinput This cannot be played.]", model="sora-2-pro")
    assert video.status == "failed"
    assert video.error
    assert video.error.message == "This cannot be played."


def test_what_no_engine_can_do(client: OpenAI) -> None:
    video = client.videos.create_and_poll(prompt="A dog.", model="sora-2-pro")
    with pytest.raises(openai.BadRequestError):
        client.videos.remix(video.id, prompt="A cat.")


def test_a_wrong_key(url: str) -> None:
    with client_of(url, "wrong") as client, pytest.raises(openai.AuthenticationError):
        client.videos.create(prompt="A dog.")


def test_what_belongs_to_somebody_else(client: OpenAI, url: str, other_key: str) -> None:
    video = client.videos.create_and_poll(prompt="A dog.", model="sora-2-pro")
    with client_of(url, other_key) as other:
        with pytest.raises(openai.NotFoundError):
            other.videos.retrieve(video.id)
        with pytest.raises(openai.NotFoundError):
            other.videos.download_content(video.id)
