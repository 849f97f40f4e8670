"""The fake, proven by the official SDK: what that can do with the Interactions API, it can do with this one."""

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from PIL import Image

genai = pytest.importorskip("google.genai", reason="the extra [partners] is not installed")

from google.oauth2.credentials import Credentials  # noqa: E402

from understudy.testing.partners.clock import VirtualClock  # noqa: E402
from understudy.testing.partners.faults import Fault, FaultPlan  # noqa: E402
from understudy.testing.partners.google_omni import GoogleOmni  # noqa: E402
from understudy.testing.partners.serving import serving  # noqa: E402

MODEL = "gemini-omni-1.1-flash"
FORMAT = {"type": "video", "aspect_ratio": "16:9", "resolution": "720p", "duration": "8s"}
KEY = {"x-goog-api-key": "test-key"}


@contextmanager
def client_of(fake: GoogleOmni, who: str = "key", key: str = "test-key") -> Iterator[Any]:
    account = {
        "developer": {"enterprise": False, "api_key": key},
        "key": {"enterprise": True, "api_key": key},
        "project": {
            "enterprise": True,
            "project": "films",
            "location": "global",
            "credentials": Credentials(key),
        },
    }[who]
    once = genai.types.HttpRetryOptions(attempts=1)
    with serving(fake.app) as url:
        options = genai.types.HttpOptions(base_url=url, retry_options=once)
        with genai.Client(http_options=options, **account) as client:
            yield client


def png() -> str:
    file = io.BytesIO()
    Image.new("RGB", (64, 36), "red").save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def create(client: Any, delivery: str = "inline") -> Any:
    return client.interactions.create(
        model=MODEL,
        input=[
            {"type": "text", "text": "A fox."},
            {"type": "image", "data": png(), "mime_type": "image/png"},
        ],
        background=True,
        response_format={**FORMAT, "delivery": delivery},
        generation_config={"video_config": {"task": "image_to_video"}},
        labels={"understudy": "key-1"},
        webhook_config={"uris": ["https://example.org/hook"], "user_metadata": {"key": "key-1"}},
    )


@pytest.mark.parametrize("who", ["developer", "key", "project"])
def test_a_whole_cycle(who: str) -> None:
    clock = VirtualClock(speed=0)
    fake = GoogleOmni(clock=clock)
    with client_of(fake, who) as client:
        made = create(client)
        assert made.status == "queued"
        clock.advance(10)
        assert client.interactions.get(made.id).status == "in_progress"
        clock.advance(10)
        done = client.interactions.get(made.id)
        assert done.status == "completed"
        assert base64.b64decode(done.output_video.data) == fake.clip
        client.interactions.delete(made.id)
        with pytest.raises(Exception, match="not found") as gone:
            client.interactions.get(made.id)
        assert gone.value.status_code == 404
    assert fake.paid == 1
    assert fake.jobs[made.id].body["labels"] == {"understudy": "key-1"}
    prefix = {"developer": "/v1/", "key": "/v1beta1/", "project": "/v1beta1/projects/films/locations/global/"}
    assert fake.requests[0].path == f"{prefix[who]}interactions"


def test_a_clip_by_its_address_is_had_with_the_key_only() -> None:
    fake = GoogleOmni(seconds=0)
    with client_of(fake) as client:
        uri = client.interactions.get(create(client, "uri").id).output_video.uri
        assert httpx.get(uri).status_code == 401
        assert httpx.get(uri.partition("?")[0], headers=KEY).status_code == 404
        answer = httpx.get(uri, headers=KEY)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.content == fake.clip


def test_cancel_stops_what_is_not_over() -> None:
    clock = VirtualClock(speed=0)
    fake = GoogleOmni(clock=clock)
    with client_of(fake) as client:
        first, second = create(client), create(client)
        assert client.interactions.cancel(first.id).status == "cancelled"
        clock.advance(20)
        assert client.interactions.get(first.id).status == "cancelled"
        with pytest.raises(Exception, match="in progress") as refused:
            client.interactions.cancel(second.id)
        assert refused.value.status_code == 400
    assert fake.paid == 2


@pytest.mark.parametrize("fate", ["filtered", "fails"])
def test_jobs_that_fail(fate: Any) -> None:
    fake = GoogleOmni(FaultPlan([Fault("create", fate)]), seconds=0)
    with client_of(fake) as client:
        failed = client.interactions.get(create(client).id)
        assert failed.status == "failed"
        assert ("safety" in failed.errors[0].message) == (fate == "filtered")


def test_a_wrong_key_buys_nothing() -> None:
    fake = GoogleOmni()
    with client_of(fake, key="other") as client, pytest.raises(Exception, match="credentials") as refused:
        create(client)
    assert refused.value.status_code == 401
    assert fake.paid == 0


def test_a_project_needs_a_place_for_clips_by_address() -> None:
    fake = GoogleOmni()
    with client_of(fake, "project") as client, pytest.raises(Exception, match="gcs_uri"):
        create(client, "uri")
    assert fake.paid == 0


GOOD: dict[str, Any] = {
    "model": MODEL,
    "input": [{"type": "text", "text": "A fox."}],
    "background": True,
    "response_format": FORMAT,
}


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 5},
        {"negative_prompt": "blur"},
        {"background": "true"},
        {"background": False},
        {"store": False},
        {"input": []},
        {"input": [{"type": "text"}, {"type": "audio", "data": ""}]},
        {"input": [{"type": "image", "data": "?", "mime_type": "image/png"}]},
        {"input": [{"type": "image", "data": png(), "mime_type": "image/jpeg"}]},
        {"response_format": {}},
        {"response_format": {**FORMAT, "duration": 8}},
        {"response_format": {**FORMAT, "duration": "12s"}},
        {"response_format": {**FORMAT, "duration": "2s"}},
        {"response_format": {**FORMAT, "resolution": "480p"}},
        {"response_format": {**FORMAT, "generate_audio": True}},
        {"generation_config": {"video_config": {"task": "dream"}}},
        {"generation_config": {"seed": 5}},
        {"labels": {"understudy": "Key 1"}},
        {"labels": {"1st": "key-1"}},
        {"webhook_config": {"url": "https://example.org"}},
    ],
)
def test_what_is_not_of_the_protocol_is_refused(change: dict[str, Any]) -> None:
    fake = GoogleOmni()
    with serving(fake.app) as url:
        answer = httpx.post(f"{url}/v1/interactions", json={**GOOD, **change}, headers=KEY)
        assert answer.status_code == 400, answer.text
        assert fake.paid == 0
        assert httpx.post(f"{url}/v1/interactions", json=GOOD, headers=KEY).status_code == 200
    assert fake.paid == 1
