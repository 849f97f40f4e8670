"""The fake, proven by the official SDK in enterprise mode: what that can do with Google's cloud, it can do with this one."""

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
from understudy.testing.partners.google_veo import GoogleVeo  # noqa: E402
from understudy.testing.partners.serving import serving  # noqa: E402

MODEL = "veo-3.1-generate-001"
BY_KEY = f"publishers/google/models/{MODEL}"


@contextmanager
def client_of(fake: GoogleVeo, *, project: bool = False, key: str = "test-key") -> Iterator[Any]:
    who = (
        {"project": "films", "location": "us-central1", "credentials": Credentials(key)}
        if project
        else {"api_key": key}
    )
    with (
        serving(fake.app) as url,
        genai.Client(enterprise=True, http_options={"base_url": url}, **who) as client,
    ):
        yield client


def jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 36), "red").save(file, "JPEG")
    return file.getvalue()


def create(client: Any, **config: Any) -> Any:
    types = genai.types
    return client.models.generate_videos(
        model=MODEL,
        source=types.GenerateVideosSource(prompt="A fox."),
        config=types.GenerateVideosConfig(number_of_videos=1, **config),
    )


@pytest.mark.parametrize("project", [False, True])
def test_a_whole_cycle(project: bool) -> None:
    clock = VirtualClock(speed=0)
    fake = GoogleVeo(clock=clock)
    types = genai.types
    with client_of(fake, project=project) as client:
        operation = client.models.generate_videos(
            model=MODEL,
            source=types.GenerateVideosSource(
                prompt="A fox.", image=types.Image(image_bytes=jpeg(), mime_type="image/jpeg")
            ),
            config=types.GenerateVideosConfig(
                number_of_videos=1,
                duration_seconds=6,
                seed=0,
                aspect_ratio="9:16",
                resolution="1080p",
                person_generation="allow_adult",
                negative_prompt="blur",
                enhance_prompt=True,
                generate_audio=False,
            ),
        )
        assert not operation.done
        clock.advance(19)
        assert not client.operations.get(operation).done
        clock.advance(1)
        done = client.operations.get(operation)
        assert done.done
        assert done.response.generated_videos[0].video.video_bytes == fake.clip
    (job,) = fake.jobs.values()
    assert job.body["parameters"]["durationSeconds"] == 6
    assert job.body["instances"][0]["image"]["bytesBase64Encoded"] == base64.b64encode(jpeg()).decode()
    assert operation.name.startswith("projects/films/locations/us-central1/" if project else "publishers/")
    assert fake.paid == 1


def test_what_the_filters_withhold() -> None:
    fake = GoogleVeo(FaultPlan([Fault("create", "filtered")]), seconds=0)
    with client_of(fake) as client:
        done = client.operations.get(create(client))
        assert done.done
        assert done.error is None
        assert not done.response.generated_videos
        assert done.response.rai_media_filtered_count == 1
        assert "Support codes" in done.response.rai_media_filtered_reasons[0]


def test_a_job_that_fails() -> None:
    clock = VirtualClock(speed=0)
    fake = GoogleVeo(FaultPlan([Fault("create", "fails")]), clock=clock)
    with client_of(fake) as client:
        operation = create(client)
        clock.advance(10)
        assert client.operations.get(operation).error["code"] == 13


@pytest.mark.parametrize("project", [False, True])
def test_a_wrong_key_buys_nothing(project: bool) -> None:
    fake = GoogleVeo()
    with (
        client_of(fake, project=project, key="other") as client,
        pytest.raises(genai.errors.ClientError) as refused,
    ):
        create(client)
    assert refused.value.code == 401
    assert fake.paid == 0


def body(**parameters: object) -> dict[str, Any]:
    return {"instances": [{"prompt": "A fox."}], "parameters": parameters}


IMAGE = {"bytesBase64Encoded": base64.b64encode(jpeg()).decode(), "mimeType": "image/jpeg"}


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {},
        {"instances": []},
        {"instances": [{}]},
        {"instances": [{"prompt": ""}]},
        {"instances": [{"prompt": 5}]},
        {"instances": [{"prompt": "A fox.", "picture": IMAGE}]},
        {"instances": [{"prompt": "A fox.", "image": {**IMAGE, "mimeType": "image/png"}}]},
        {"instances": [{"prompt": "A fox.", "image": {**IMAGE, "bytesBase64Encoded": "?"}}]},
        {"instances": [{"prompt": "A fox.", "image": {**IMAGE, "gcsUri": "gs://a/b"}}]},
        {"instances": [{"prompt": "A fox."}, {"prompt": "A hare."}]},
        {**body(), "key": "value"},
        body(durationSeconds="8"),
        body(durationSeconds=8.0),
        body(durationSeconds=5),
        body(generateAudio="true"),
        body(generateAudio=1),
        body(enhancePrompt="false"),
        body(sampleCount=True),
        body(sampleCount=0),
        body(seed=-1),
        body(seed=2**32),
        body(aspectRatio="1:1"),
        body(resolution="480p"),
        body(personGeneration="disallow"),
        body(negativePrompt=""),
        body(storageUri="https://example.org"),
        body(audio=True),
    ],
)
def test_what_is_not_of_the_protocol_is_refused(wrong: object) -> None:
    fake = GoogleVeo()
    with serving(fake.app) as url:
        answer = httpx.post(
            f"{url}/v1beta1/{BY_KEY}:predictLongRunning", json=wrong, headers={"x-goog-api-key": "test-key"}
        )
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert fake.paid == 0


def test_a_spelling_of_people_may_be_another() -> None:
    fake = GoogleVeo(people=("allow_adult", "disallow"))
    with client_of(fake) as client:
        create(client, person_generation="disallow")
        with pytest.raises(genai.errors.ClientError):
            create(client, person_generation="dont_allow")
    assert fake.paid == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/v1beta1/{BY_KEY}:predictLongRunning"),
        ("POST", "/v1beta1/publishers/google/models/veo-9:predictLongRunning"),
        ("POST", f"/v1beta1/{BY_KEY}:predict"),
        ("POST", f"/v1beta1/projects/films/{BY_KEY}:predictLongRunning"),
    ],
)
def test_other_addresses_are_unknown(method: str, path: str) -> None:
    with serving(GoogleVeo().app) as url:
        answer = httpx.request(method, url + path, json=body(), headers={"x-goog-api-key": "test-key"})
    assert answer.status_code == 404


def test_an_operation_belongs_to_its_model_and_place() -> None:
    fake = GoogleVeo(seconds=0)
    key = {"x-goog-api-key": "test-key"}
    with serving(fake.app) as url:
        name = httpx.post(f"{url}/v1beta1/{BY_KEY}:predictLongRunning", json=body(), headers=key).json()[
            "name"
        ]

        def asked(of: str, name: str) -> int:
            address = f"{url}/v1beta1/{of}:fetchPredictOperation"
            return httpx.post(address, json={"operationName": name}, headers=key).status_code

        assert asked(BY_KEY, name) == 200
        assert asked("publishers/google/models/veo-3.1-fast-generate-001", name) == 400
        assert asked(f"projects/p/locations/l/{BY_KEY}", name) == 400
        assert asked(BY_KEY, f"{BY_KEY}/operations/unknown") == 404
        assert asked(BY_KEY, "") == 400
