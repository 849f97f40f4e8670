"""The official `openai` package, unmodified, against a live server: whole cycles."""

import base64
import io
from typing import Any

import openai
import pytest
from PIL import Image

from tests.api.openai_videos.package import client_of, projects
from tests.server.outside import Answer, Outside
from understudy.testing.live import Live

pytestmark = [
    # The package says that OpenAI itself does not offer the service any more; servers like this one do.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.skipif(not hasattr(openai.resources, "Videos"), reason="This release knows no videos."),
]

PNG = io.BytesIO()
Image.new("RGB", (64, 36), (90, 140, 200)).save(PNG, "PNG")
DATA_URL = "data:image/png;base64," + base64.b64encode(PNG.getvalue()).decode()


def test_a_whole_cycle(client: openai.OpenAI) -> None:
    video = client.videos.create_and_poll(
        prompt="A road. [steps 3]", model="sora-2-pro", seconds="8", size="1280x720"
    )
    assert (video.status, video.progress, video.error) == ("completed", 100, None)
    assert (video.model, video.seconds, video.size) == ("sora-2-pro", "8", "1280x720")
    assert video.completed_at is not None
    assert video.completed_at >= video.created_at
    extra = video.model_extra
    assert extra is not None
    assert (extra["engine"]["name"], extra["engine"]["preview"]) == ("trouble", True)
    assert extra["cost"] == "0.300000000000"

    clip = client.videos.download_content(video.id)
    assert clip.response.headers["content-type"] == "video/mp4"
    assert clip.read()[4:8] == b"ftyp"
    thumbnail = client.videos.download_content(video.id, variant="thumbnail").read()
    sheet = client.videos.download_content(video.id, variant="spritesheet").read()
    for content, kind in ((thumbnail, "WEBP"), (sheet, "JPEG")):
        with Image.open(io.BytesIO(content)) as image:
            assert image.format == kind

    assert client.videos.retrieve(video.id) == video
    assert [each.id for each in client.videos.list()] == [video.id]
    gone = client.videos.delete(video.id)
    assert (gone.id, gone.deleted, gone.object) == (video.id, True, "video.deleted")
    assert list(client.videos.list()) == []
    with pytest.raises(openai.NotFoundError, match="not found"):
        client.videos.retrieve(video.id)


async def test_a_whole_cycle_asynchronously(async_client: openai.AsyncOpenAI) -> None:
    video = await async_client.videos.create_and_poll(prompt="A road.", seconds="4")
    assert (video.status, video.size) == ("completed", "720x1280")
    content = await async_client.videos.download_content(video.id)
    assert content.read()[4:8] == b"ftyp"
    assert [each.id async for each in async_client.videos.list()] == [video.id]
    assert (await async_client.videos.delete(video.id)).deleted


@pytest.mark.parametrize(
    "request_",
    [
        {"input_reference": ("start.png", PNG.getvalue(), "image/png")},
        {"extra_body": {"input_reference": {"image_url": DATA_URL}}},
        {
            "extra_headers": {"Content-Type": "application/json"},
            "extra_body": {"input_reference": {"image_url": DATA_URL}, "seconds": 8},
        },
    ],
    ids=["file", "brackets", "json"],
)
def test_a_picture(client: openai.OpenAI, request_: dict[str, Any]) -> None:
    video = client.videos.create(prompt="A road.", size="1280x720", **request_)
    done = client.videos.poll(video.id)
    assert (done.status, done.error) == ("completed", None)


def test_inputs_of_other_models(client: openai.OpenAI) -> None:
    video: Any = client.videos.create(
        prompt="A road.",
        model="veo-3.1",
        seconds="6",  # type: ignore[arg-type]
        extra_body={"generate_audio": "false", "negativePrompt": "fog", "seed": 7},
        extra_headers={"Idempotency-Key": "one"},
    )
    assert (video.model, video.seconds) == ("veo-3.1", "6")
    again = client.videos.create(
        prompt="A road.",
        model="veo-3.1",
        seconds="6",  # type: ignore[arg-type]
        extra_body={"generate_audio": "false", "negativePrompt": "fog", "seed": 7},
        extra_headers={"Idempotency-Key": "one"},
    )
    assert again.id == video.id


def test_the_list_page_by_page(client: openai.OpenAI) -> None:
    made = [client.videos.create(prompt=f"Road {number}.").id for number in range(5)]
    assert [each.id for each in client.videos.list(limit=2)] == made[::-1]
    assert [each.id for each in client.videos.list(limit=2, order="asc")] == made
    first = client.videos.list(limit=3)
    assert (len(first.data), first.has_more, first.last_id) == (3, True, made[2])


def test_errors_have_the_package_s_types(server: Live, client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as bad:
        client.videos.create(prompt="A road.", seconds="5")  # type: ignore[arg-type]
    assert (bad.value.status_code, bad.value.param, bad.value.type) == (
        400,
        "seconds",
        "invalid_request_error",
    )
    with pytest.raises(openai.BadRequestError) as remix:
        client.videos.remix("video_1", prompt="Bluer.")
    assert remix.value.code == "not_supported"
    with pytest.raises(openai.NotFoundError) as model:
        client.videos.create(prompt="A road.", model="sora-9")
    assert model.value.code == "model_not_found"
    running = client.videos.create(prompt="[sleep 2]")
    with pytest.raises(openai.ConflictError):
        client.with_options(max_retries=5).videos.delete(running.id)
    with pytest.raises(openai.NotFoundError):
        client.videos.download_content(running.id)
    with (
        pytest.raises(openai.AuthenticationError),
        openai.OpenAI(base_url=f"{server.url}/v1", api_key="nonsense", max_retries=0) as stranger,
    ):
        stranger.videos.retrieve(running.id)
    with client_of(server, projects(server, "create", "other")) as other, pytest.raises(openai.NotFoundError):
        other.videos.retrieve(running.id)


def test_a_video_that_fails(client: openai.OpenAI) -> None:
    video = client.videos.create_and_poll(prompt="[badinput Too dark.]")
    assert video.status == "failed"
    assert video.error is not None
    assert (video.error.code, video.error.message) == ("generation_failed", "Too dark.")


def test_models(client: openai.OpenAI) -> None:
    assert {"sora-2-pro", "sora-2", "openai/sora-2-pro", "veo-3.1", "ovi"} <= {
        each.id for each in client.models.list()
    }
    assert client.models.retrieve("sora-2-pro").owned_by == "openai"


@pytest.mark.parametrize("own", [False, True], ids=["registered", "own"])
@pytest.mark.parametrize(("prompt", "kind"), [("A road.", "completed"), ("[badinput No.]", "failed")])
def test_webhooks(
    server: Live,
    outside: Outside,
    keys: dict[str, Any],
    client: openai.OpenAI,
    own: bool,
    prompt: str,
    kind: str,
) -> None:
    url = outside.gives(f"/{kind}/{own}", Answer())
    more: dict[str, Any] = {"extra_body": {"callback_url": url}} if own else {}
    if not own:
        assert projects(server, "webhook", str(keys["id"]), url)["webhook_url"] == url
    video = client.videos.create(prompt=prompt, **more)
    [heard] = outside.heard(f"/{kind}/{own}")
    with client_of(server, keys, webhook_secret=keys["webhook_secret"]) as receiver:
        told: Any = receiver.webhooks.unwrap(heard.body, dict(heard.headers))
    assert (told.type, told.data.id, told.object) == (f"video.{kind}", video.id, "event")
    assert client.videos.retrieve(told.data.id).status == kind
    with (
        client_of(server, keys, webhook_secret="whsec_" + "A" * 44) as deaf,
        pytest.raises(openai.InvalidWebhookSignatureError),
    ):
        deaf.webhooks.unwrap(heard.body, dict(heard.headers))
