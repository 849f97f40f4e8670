"""The fake, proven by the official SDK: what that can do with the real service, it can do with this one."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from PIL import Image

openai = pytest.importorskip("openai", reason="the extra [partners] is not installed")

from understudy.testing.partners.clock import VirtualClock  # noqa: E402
from understudy.testing.partners.faults import Fault, FaultPlan, Kind  # noqa: E402
from understudy.testing.partners.openai_videos import OpenAIVideos  # noqa: E402
from understudy.testing.partners.serving import serving  # noqa: E402

# The SDK says that OpenAI's own service has ended.
pytestmark = pytest.mark.filterwarnings("ignore:.*Sora API.*:DeprecationWarning")


@contextmanager
def client_of(fake: OpenAIVideos, key: str = "test-key") -> Iterator[Any]:
    with (
        serving(fake.app) as url,
        openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=5) as client,
    ):
        yield client


def picture(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(file, "PNG")
    return file.getvalue()


def test_a_whole_cycle() -> None:
    clock = VirtualClock(speed=0, start=1_000_000)
    fake = OpenAIVideos(clock=clock)
    with client_of(fake) as client:
        video = client.videos.create(prompt="A fox.", model="sora-2-pro", seconds="8", size="1792x1024")
        assert (video.status, video.progress, video.created_at) == ("queued", 0, 1_000_000)
        assert (video.prompt, video.seconds, video.size) == ("A fox.", "8", "1792x1024")
        clock.advance(10)
        assert client.videos.retrieve(video.id).status == "in_progress"
        assert client.videos.retrieve(video.id).progress == 50
        with pytest.raises(openai.NotFoundError):
            client.videos.download_content(video.id)
        with pytest.raises(openai.ConflictError):
            client.videos.delete(video.id)
        clock.advance(10)
        done = client.videos.retrieve(video.id)
        assert (done.status, done.progress, done.completed_at) == ("completed", 100, 1_000_020)
        assert client.videos.download_content(video.id).read() == fake.clip
        thumbnail = client.videos.download_content(video.id, variant="thumbnail").read()
        sheet = client.videos.download_content(video.id, variant="spritesheet").read()
        assert [Image.open(io.BytesIO(data)).format for data in (thumbnail, sheet)] == ["WEBP", "JPEG"]
        assert [each.id for each in client.videos.list()] == [video.id]
        assert client.videos.delete(video.id).deleted
        assert list(client.videos.list()) == []
        with pytest.raises(openai.NotFoundError):
            client.videos.retrieve(video.id)
    assert fake.paid == 1


def test_the_sdk_polls_to_the_end() -> None:
    fake = OpenAIVideos(clock=VirtualClock(speed=20), seconds=20)
    with client_of(fake) as client:
        video = client.videos.create_and_poll(
            prompt="A fox.", input_reference=("a.png", picture(1280, 720), "image/png"), size="1280x720"
        )
    assert video.status == "completed"
    assert fake.requests[0].picture_type == "image/png"


def test_lists_are_paged() -> None:
    fake = OpenAIVideos(clock=VirtualClock(speed=1000))
    with client_of(fake) as client:
        made = [client.videos.create(prompt=f"Fox {number}.").id for number in range(5)]
        assert [each.id for each in client.videos.list(limit=2)] == made[::-1]
        assert [each.id for each in client.videos.list(limit=2, order="asc")] == made


def test_pictures_as_a_form_and_as_json() -> None:
    import base64

    fake = OpenAIVideos()
    url = "data:image/png;base64," + base64.b64encode(picture(720, 1280)).decode()
    reference = {"input_reference": {"image_url": url}}
    with client_of(fake) as client:
        client.videos.create(prompt="A fox.", extra_body=reference)
        client.videos.create(
            prompt="A fox.", extra_headers={"Content-Type": "application/json"}, extra_body=reference
        )
    assert [sent.picture for sent in fake.requests] == [picture(720, 1280)] * 2
    assert [sent.picture_type for sent in fake.requests] == ["image/png"] * 2


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"prompt": ""}, 400, "prompt"),
        ({"prompt": "x" * 32_001}, 400, "prompt"),
        ({"seconds": "5"}, 400, "seconds"),
        ({"size": "640x480"}, 400, "size"),
        ({"model": "sora-2", "size": "1920x1080"}, 400, "size"),
        ({"model": "sora-3"}, 404, "sora-3"),
        ({"extra_body": {"seed": 1}}, 400, "seed"),
        ({"input_reference": ("a.png", b"no picture", "image/png")}, 400, "image"),
        (
            {"input_reference": ("a.png", picture(1280, 721), "image/png"), "size": "1280x720"},
            400,
            "Inpaint image must match the requested width and height",
        ),
    ],
)
def test_it_is_as_strict_as_the_service(fields: dict[str, Any], status: int, words: str) -> None:
    fake = OpenAIVideos()
    with client_of(fake) as client, pytest.raises(openai.APIStatusError, match=words) as raised:
        client.videos.create(**{"prompt": "A fox.", **fields})
    assert raised.value.status_code == status
    assert raised.value.type == "invalid_request_error"
    assert fake.paid == 0


def test_another_key_is_not_let_in() -> None:
    fake = OpenAIVideos()
    with client_of(fake, key="other") as client:
        for call in (lambda: client.videos.create(prompt="A fox."), client.videos.list):
            with pytest.raises(openai.AuthenticationError):
                call()
    assert fake.paid == 0


@pytest.mark.parametrize(
    ("kind", "error", "paid"),
    [
        ("drop before", openai.APIConnectionError, 0),
        ("drop after", openai.APIConnectionError, 1),
        ("hang before", openai.APIConnectionError, 0),
        ("hang after", openai.APIConnectionError, 1),
        ("truncated", openai.APIConnectionError, 1),
        ("busy", openai.RateLimitError, 0),
        ("error before", openai.InternalServerError, 0),
        ("error after", openai.InternalServerError, 1),
        ("refused", openai.BadRequestError, 0),
        ("refused content", openai.BadRequestError, 0),
        ("no account", openai.AuthenticationError, 0),
    ],
)
def test_each_fault_once(kind: Kind, error: type[Exception], paid: int) -> None:
    fake = OpenAIVideos(FaultPlan([Fault("create", kind)]))
    with client_of(fake) as client:
        with pytest.raises(error):
            client.videos.create(prompt="A fox.")
        assert fake.paid == paid
        client.videos.create(prompt="A fox.")
        assert fake.paid == paid + 1


def test_fates() -> None:
    clock = VirtualClock(speed=0)
    fake = OpenAIVideos(
        FaultPlan([Fault("create", "filtered"), Fault("create", "fails"), Fault("create", "forgotten")]),
        clock=clock,
    )
    with client_of(fake) as client:
        filtered, fails, forgotten = (client.videos.create(prompt="A fox.").id for _ in range(3))
        clock.advance(10)
        assert client.videos.retrieve(filtered).status == "in_progress"
        assert client.videos.retrieve(fails).error.code == "video_generation_failed"
        clock.advance(10)
        assert client.videos.retrieve(filtered).error.code == "moderation_blocked"
        with pytest.raises(openai.NotFoundError):
            client.videos.retrieve(forgotten)
        assert {each.id for each in client.videos.list()} == {filtered, fails}
    assert fake.paid == 3


def test_the_ways_of_sglang() -> None:
    """Its routes, version 0.5.23; that a form needs a file is from older ones."""
    clock = VirtualClock(speed=0)
    fake = OpenAIVideos(FaultPlan([Fault("create", "fails", skip=3)]), clock=clock, profile="sglang")
    as_json: dict[str, Any] = {"extra_headers": {"Content-Type": "application/json"}, "extra_body": {"n": 1}}
    with client_of(fake, key="any") as client:
        with pytest.raises(openai.BadRequestError) as raised:
            client.videos.create(prompt="A fox.")
        assert raised.value.body == {"detail": "input_reference file is required"}
        with pytest.raises(openai.UnprocessableEntityError):
            client.videos.create(prompt="A fox.", seconds="4.5", **as_json)
        video, failing = (client.videos.create(prompt="A fox.", **as_json) for _ in range(2))
        assert "prompt" not in video.to_dict()
        clock.advance(20)
        with pytest.raises(openai.NotFoundError):
            client.videos.download_content(video.id, variant="video")
        assert client.videos.download_content(video.id).read() == fake.clip
        assert client.videos.retrieve(failing.id).to_dict()["error"] == {"message": "The generation failed."}
        assert client.videos.list().has_more is False
        assert client.videos.delete(video.id).status == "deleted"


def test_the_ways_of_fastvideo() -> None:
    """Its routes, version 0.2.1."""
    clock = VirtualClock(speed=0)
    fake = OpenAIVideos(FaultPlan([Fault("create", "fails")]), clock=clock, profile="fastvideo")
    file = ("a.png", picture(64, 64), "image/png")
    with client_of(fake, key="any") as client:
        failing, video = (client.videos.create(prompt="A fox.", input_reference=file).id for _ in range(2))
        clock.advance(10)
        assert client.videos.retrieve(video).status == "queued"
        assert set(client.videos.list().to_dict()) == {"object", "data"}
        clock.advance(10)
        assert client.videos.download_content(video, variant="video").read() == fake.clip
        with pytest.raises(openai.InternalServerError):
            client.videos.download_content(failing)


def test_the_ways_of_vllm_omni() -> None:
    """Its routes, version 0.30.0, with the errors of vLLM's server."""
    clock = VirtualClock(speed=0)
    fake = OpenAIVideos(FaultPlan([Fault("create", "fails", skip=3)]), clock=clock, profile="vllm-omni")
    with client_of(fake, key="any") as client:
        for wrong in ({"model": "sora-2"}, {"seconds": "0"}, {"size": "big"}):
            with pytest.raises(openai.BadRequestError) as refused:
                client.videos.create(prompt="A fox.", **wrong)
            assert refused.value.code == "400"
        failing, running = (
            client.videos.create(prompt="A fox.", extra_body={"seed": 1}).id for _ in range(2)
        )
        assert failing.startswith("video_gen_")
        clock.advance(15)
        with pytest.raises(openai.InternalServerError) as failed:
            client.videos.retrieve(failing)
        job = failed.value.response.json()
        assert (job["id"], job["status"], job["error"]["code"]) == (failing, "failed", 500)
        with pytest.raises(openai.UnprocessableEntityError):
            client.videos.download_content(failing)
        assert client.videos.retrieve(running).progress == 0
        assert client.videos.delete(running).deleted
        with pytest.raises(openai.NotFoundError):
            client.videos.retrieve(running)


def test_the_ways_of_litellm() -> None:
    """Its proxy, versions 1.106.2 and 1.109.1, in front of the same service."""
    clock = VirtualClock(speed=0)
    plan = FaultPlan([Fault("create", "error after"), Fault("create", "refused")])
    fake = OpenAIVideos(plan, clock=clock, profile="litellm")
    with client_of(fake) as client:
        video = client.videos.create(prompt="A fox.")
        assert fake.paid == 2, "it repeats what it takes for a failure"
        assert "prompt" not in video.to_dict()
        with pytest.raises(openai.BadRequestError, match=r"litellm\.BadRequestError: .*invalid") as refused:
            client.videos.create(prompt="A fox.")
        assert refused.value.code == "400"
        with pytest.raises(openai.BadRequestError, match="LLM Provider NOT provided"):
            client.videos.list()
        clock.advance(10)
        assert client.videos.retrieve(video.id).status == "processing"
        with pytest.raises(openai.APIStatusError) as raised:
            client.videos.delete(video.id)
    assert raised.value.status_code == 405
