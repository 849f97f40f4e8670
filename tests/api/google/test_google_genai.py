"""Google's own client, unmodified, against a live server: whole cycles in enterprise mode."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from tests.api.google.projects import other_project
from tests.api.served import picture
from understudy.testing.clip import tiny_clip
from understudy.testing.live import Live, live

VEO = "veo-3.1-generate-001"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(tmp_path_factory.mktemp("server"), engine="trouble") as running:
        yield running


def key(server: Live) -> str:
    known = server.credentials
    return f"{known['api_key']}:{known['api_secret']}"


def client_of(server: Live, key: str) -> Any:
    from google import genai

    options: Any = {"base_url": server.url}
    return genai.Client(enterprise=True, api_key=key, http_options=options)


@pytest.fixture
def scoped_by_key(server: Live) -> Iterator[Any]:
    with client_of(server, key(server)) as client:
        yield client


@pytest.fixture
def scoped_by_project(server: Live) -> Iterator[Any]:
    from google import genai
    from google.oauth2.credentials import Credentials

    options: Any = {"base_url": server.url}
    with genai.Client(
        enterprise=True,
        project="film",
        location="europe-west4",
        credentials=Credentials(token=key(server)),  # type: ignore[no-untyped-call]
        http_options=options,
    ) as client:
        yield client


def made(client: Any, prompt: str, *, model: str = VEO, image: Any = None, **config: Any) -> Any:
    """The operation, at its end."""
    from google.genai import types

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


@pytest.mark.parametrize("scope", ["scoped_by_key", "scoped_by_project"])
def test_text_to_video(scope: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    operation = made(
        request.getfixturevalue(scope),
        "A dog.",
        duration_seconds=6,
        aspect_ratio="9:16",
        resolution="720p",
        negative_prompt="Fog.",
        generate_audio=True,
        enhance_prompt=False,
        person_generation="allow_adult",
        seed=7,
    )
    prefix = "projects/film/locations/europe-west4/" if scope == "scoped_by_project" else ""
    assert operation.name.startswith(f"{prefix}publishers/google/models/{VEO}/operations/")
    assert operation.error is None
    assert operation.response.rai_media_filtered_count == 0
    (generated,) = operation.result.generated_videos
    assert generated.video.mime_type == "video/mp4"
    assert generated.video.video_bytes == tiny_clip()
    generated.video.save(str(tmp_path / "clip.mp4"))
    with av.open(str(tmp_path / "clip.mp4")) as clip:
        assert (len(clip.streams.video), len(clip.streams.audio)) == (1, 1)
    assert operation.metadata["engine"]["name"] == "trouble"
    assert operation.metadata["engine"]["seed"] == "7"


@pytest.mark.parametrize("scope", ["scoped_by_key", "scoped_by_project"])
def test_image_to_video(scope: str, request: pytest.FixtureRequest) -> None:
    from google.genai import types

    image = types.Image(image_bytes=picture(kind="JPEG"), mime_type="image/jpeg")
    operation = made(request.getfixturevalue(scope), "A dog.", image=image)
    assert operation.result.generated_videos[0].video.video_bytes == tiny_clip()


@pytest.mark.parametrize("mode", [{"enterprise": True}, {"vertexai": True}, {}])
def test_nothing_but_the_environment_changes(
    server: Live, monkeypatch: pytest.MonkeyPatch, mode: dict[str, bool]
) -> None:
    from google import genai

    if not mode:
        monkeypatch.setenv("GOOGLE_GENAI_USE_ENTERPRISE", "true")
    # With the mode from the environment, 3.4.0 looks for the other address.
    monkeypatch.setenv("GOOGLE_VERTEX_BASE_URL" if mode else "GOOGLE_GEMINI_BASE_URL", server.url)
    monkeypatch.setenv("GOOGLE_API_KEY", key(server))
    monkeypatch.setenv("GOOGLE_GENAI_API_VERSION", "v1")
    with genai.Client(**mode) as client:
        assert made(client, "A dog.").result.generated_videos


@pytest.mark.parametrize("model", ["openai/sora-2-pro", "sora-2-pro", "chetwinlow1/ovi"])
def test_models_of_others(scoped_by_key: Any, model: str) -> None:
    operation = made(scoped_by_key, "A dog.", model=model)
    assert operation.metadata["model"] in ("openai/sora-2-pro", "chetwinlow1/ovi")
    assert operation.result.generated_videos


def test_a_failed_task(scoped_by_key: Any) -> None:
    operation = made(scoped_by_key, "[badinput This prompt cannot be played.]")
    assert operation.error == {"code": 13, "message": "This prompt cannot be played."}
    assert operation.result is None


def test_asynchronous_and_running(server: Live) -> None:
    from google.genai import types

    async def cycle() -> None:
        client = client_of(server, key(server)).aio
        operation = await client.models.generate_videos(
            model=VEO, source=types.GenerateVideosSource(prompt="[sleep 0.5] A dog.")
        )
        operation = await client.operations.get(operation)
        assert operation.done is False
        while not operation.done:
            await asyncio.sleep(0.05)
            operation = await client.operations.get(operation)
        assert operation.result is not None
        await client.aclose()

    asyncio.run(cycle())


def test_a_wrong_key(server: Live) -> None:
    from google.genai import errors

    with client_of(server, "wrong") as client, pytest.raises(errors.ClientError) as caught:
        made(client, "A dog.")
    assert (caught.value.code, caught.value.status) == (401, "UNAUTHENTICATED")
    assert caught.value.message == "The API key is not known here."


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"duration_seconds": 5}, "parameters.durationSeconds: must be one of 4, 6, 8."),
        ({"last_frame": {"image_bytes": b"x"}}, "instances[0].lastFrame: is not played here; leave it out."),
        (
            {"output_gcs_uri": "gs://bucket"},
            "parameters.storageUri: clips are kept by this server and come with the operation; leave it out.",
        ),
    ],
)
def test_a_refused_request(scoped_by_key: Any, config: dict[str, Any], message: str) -> None:
    from google.genai import errors

    with pytest.raises(errors.ClientError) as caught:
        made(scoped_by_key, "A dog.", **config)
    assert (caught.value.code, caught.value.status) == (400, "INVALID_ARGUMENT")
    assert caught.value.message == message


def test_somebody_elses_operation(scoped_by_key: Any, server: Live) -> None:
    from google.genai import errors

    operation = made(scoped_by_key, "A dog.")
    other = client_of(server, other_project(server))
    with other, pytest.raises(errors.ClientError) as caught:
        other.operations.get(operation)
    assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")
