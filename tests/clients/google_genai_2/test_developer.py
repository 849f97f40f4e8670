"""google-genai 2.34.0 in Developer mode: whole cycles."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google import genai
from google.genai import errors, types

VEO = "veo-3.1-generate-preview"


def client_of(url: str, key: str) -> genai.Client:
    return genai.Client(api_key=key, http_options=types.HttpOptions(base_url=url))


@pytest.fixture
def client(url: str, key: str) -> Iterator[genai.Client]:
    with client_of(url, key) as made:
        yield made


def made(
    client: genai.Client, prompt: str, *, model: str = VEO, image: Any = None, **config: Any
) -> types.GenerateVideosOperation:
    """The operation, at its end."""
    operation = client.models.generate_videos(
        model=model,
        source=types.GenerateVideosSource(prompt=prompt, image=image),
        config=types.GenerateVideosConfig(number_of_videos=1, **config),
    )
    until = time.monotonic() + 30
    while not operation.done:
        assert time.monotonic() < until
        time.sleep(0.05)
        operation = client.operations.get(operation)
    return operation


def video_of(operation: types.GenerateVideosOperation) -> types.Video:
    assert operation.error is None
    assert operation.response
    assert operation.response.generated_videos
    video = operation.response.generated_videos[0].video
    assert video
    return video


def is_clip(content: Any) -> bool:
    return isinstance(content, bytes) and content[4:8] == b"ftyp"


def test_the_version() -> None:
    assert genai.__version__ == "2.34.0"


def test_text_to_video(client: genai.Client, tmp_path: Path) -> None:
    operation = made(
        client,
        "A dog.",
        duration_seconds=6,
        aspect_ratio="9:16",
        resolution="1080p",
        negative_prompt="Fog.",
        enhance_prompt=True,
        person_generation="allow_all",
    )
    assert operation.name
    assert operation.name.startswith(f"models/{VEO}/operations/")
    assert operation.metadata
    assert operation.metadata["engine"]["name"] == "trouble"
    video = video_of(operation)
    content = client.files.download(file=video)
    assert is_clip(content)
    assert video.video_bytes == content
    video.save(str(tmp_path / "saved.mp4"))
    client.files.download(file=video, destination=str(tmp_path / "streamed.mp4"))
    assert (tmp_path / "saved.mp4").read_bytes() == (tmp_path / "streamed.mp4").read_bytes() == content


def test_an_address_behind_tls_is_read_too(client: genai.Client) -> None:
    """Of an https address the client takes the id and asks the base address that it was given."""
    video = video_of(made(client, "A dog."))
    assert video.uri
    secured = types.Video(uri=video.uri.replace("http://", "https://"))
    assert client.files.download(file=secured) == client.files.download(file=video)


def test_image_to_video(client: genai.Client, photo: Path) -> None:
    image = types.Image.from_file(location=str(photo))
    assert is_clip(client.files.download(file=video_of(made(client, "A dog.", image=image))))


@pytest.mark.parametrize("model", ["sora-2-pro", "openai/sora-2-pro", "models/chetwinlow1/ovi"])
def test_models_of_others(client: genai.Client, model: str) -> None:
    assert is_clip(client.files.download(file=video_of(made(client, "A dog.", model=model))))


def test_the_list_of_models(client: genai.Client) -> None:
    names = {model.name for model in client.models.list()}
    assert {"models/google/veo3-1", "models/openai/sora-2-pro"} <= names
    model = client.models.get(model=VEO)
    assert (model.name, model.supported_actions) == ("models/google/veo3-1", ["predictLongRunning"])


def test_nothing_but_the_environment_changes(url: str, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", url)
    monkeypatch.setenv("GEMINI_API_KEY", key)
    with genai.Client() as client:
        assert is_clip(client.files.download(file=video_of(made(client, "A dog."))))


def test_a_failed_task(client: genai.Client) -> None:
    operation = made(client, "[badinput This prompt cannot be played.]")
    assert operation.error == {"code": 13, "message": "This prompt cannot be played."}
    assert operation.response is None


def test_a_refused_request(client: genai.Client) -> None:
    with pytest.raises(errors.ClientError) as caught:
        made(client, "A dog.", duration_seconds=5)
    assert (caught.value.code, caught.value.status) == (400, "INVALID_ARGUMENT")
    assert caught.value.message == "parameters.durationSeconds: must be one of 4, 6, 8."


def test_a_wrong_key(url: str) -> None:
    with client_of(url, "wrong") as client, pytest.raises(errors.ClientError) as caught:
        made(client, "A dog.")
    assert (caught.value.code, caught.value.status) == (401, "UNAUTHENTICATED")


def test_what_belongs_to_somebody_else(client: genai.Client, url: str, other_key: str) -> None:
    operation = made(client, "A dog.")
    with client_of(url, other_key) as other:
        with pytest.raises(errors.ClientError) as caught:
            other.operations.get(operation)
        assert (caught.value.code, caught.value.message) == (404, "There is no such operation.")
        with pytest.raises(errors.ClientError) as caught:
            other.files.download(file=video_of(operation))
        assert caught.value.code == 404


def test_enterprise_mode_of_this_version(url: str, key: str) -> None:
    options = types.HttpOptions(base_url=url)
    with genai.Client(vertexai=True, api_key=key, http_options=options) as client:
        video = video_of(made(client, "A dog.", model="veo-3.1-generate-001", generate_audio=False, seed=7))
    assert is_clip(video.video_bytes)
    assert video.mime_type == "video/mp4"
