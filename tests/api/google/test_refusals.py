"""What is refused: the exact error, and nothing left behind."""

import base64
from pathlib import Path
from typing import Any

import pytest

from tests.api.google.talk import DEVELOPER, PROMPT, VEO, error, key, post, predict, refused
from tests.api.served import Served, picture, serving

PREDICT = f"/v1beta1/{VEO}:predictLongRunning"
WHOLE_SEED = "must be a whole number from 0 to 4294967295."
NOT_HERE = "is not played here; leave it out."


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("sampleCount", 2, "one clip is made for each request; send it again for more."),
        ("sampleCount", 0, "must be a whole number from 1 to 2147483648."),
        ("sampleCount", True, "must be a whole number from 1 to 2147483648."),
        ("durationSeconds", 5, "must be one of 4, 6, 8."),
        ("durationSeconds", 4.5, "must be a whole number from 1 to 3600."),
        ("durationSeconds", "soon", "must be a whole number from 1 to 3600."),
        ("durationSeconds", [4], "must be a whole number from 1 to 3600."),
        ("durationSeconds", "9" * 5000, "must be a whole number from 1 to 3600."),
        ("aspectRatio", "1:1", "must be one of 16:9, 9:16."),
        ("aspectRatio", 1.78, "must be a string of at most 100,000 characters."),
        ("resolution", "4k", "must be one of 720p, 1080p."),
        ("generateAudio", "true", "must be true or false."),
        ("enhancePrompt", 1, "must be true or false."),
        ("negativePrompt", {}, "must be a string of at most 100,000 characters."),
        ("personGeneration", "everybody", "must be one of allow_adult, allow_all, dont_allow, disallow."),
        ("seed", -1, WHOLE_SEED),
        ("seed", 2**32, WHOLE_SEED),
        ("seed", "", WHOLE_SEED),
        ("fps", 30, "the engine decides the frame rate; leave it out."),
        ("compressionQuality", "LOSSLESS", "only OPTIMIZED is made here; leave it out."),
        ("resizeMode", "PAD", "pictures are cropped to the clip's shape; leave it out."),
        (
            "storageUri",
            "gs://bucket/clips",
            "clips are kept by this server and come with the operation; leave it out.",
        ),
        ("pubsubTopic", "topic", "this server publishes to no topic; ask for the operation instead."),
    ],
)
async def test_parameters(served: Served, name: str, value: Any, reason: str) -> None:
    answer = await predict(served, **{name: value})
    assert (answer.status_code, answer.json()) == (400, refused(f"parameters.{name}", reason))
    assert await served.tasks() == []


@pytest.mark.parametrize(
    ("instance", "field", "reason"),
    [
        ({"prompt": ""}, "prompt", "is required."),
        ({"prompt": None}, "prompt", "is required."),
        ({"prompt": 7}, "prompt", "must be a string of at most 100,000 characters."),
        ({"lastFrame": {"bytesBase64Encoded": ""}}, "lastFrame", NOT_HERE),
        ({"referenceImages": []}, "referenceImages", NOT_HERE),
        ({"mask": {}}, "mask", NOT_HERE),
        ({"video": {"gcsUri": "gs://a/b"}}, "video", "extending a video is not played here; leave it out."),
        ({"image": "picture.png"}, "image", "must be an object."),
        (
            {"image": {"gcsUri": "gs://a/b.png", "mimeType": "image/png"}},
            "image.gcsUri",
            "this server does not read buckets; send bytesBase64Encoded.",
        ),
        ({"image": {"mimeType": "image/png"}}, "image.bytesBase64Encoded", "is required in an image."),
        ({"image": {"bytesBase64Encoded": 7}}, "image.bytesBase64Encoded", "must be a picture in base64."),
        ({"image": {"bytesBase64Encoded": "§§§§"}}, "image", "bytesBase64Encoded is not base64."),
        ({"image": {"bytesBase64Encoded": "AAAAA"}}, "image", "bytesBase64Encoded is not base64."),
    ],
)
async def test_instances(served: Served, instance: dict[str, Any], field: str, reason: str) -> None:
    answer = await predict(served, instance=instance)
    assert (answer.status_code, answer.json()) == (400, refused(f"instances[0].{field}", reason))
    assert served.left_behind() == []


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ({}, "instances", 'must be a list of one object: [{"prompt": "..."}].'),
        ({"instances": {"prompt": "x"}}, "instances", 'must be a list of one object: [{"prompt": "..."}].'),
        ({"instances": ["x"]}, "instances", 'must be a list of one object: [{"prompt": "..."}].'),
        ({"instances": []}, "instances", "takes one instance for each request."),
        ({"instances": [{"prompt": "x"}] * 2}, "instances", "takes one instance for each request."),
        ({"instances": [{"prompt": "x"}], "parameters": []}, "parameters", "must be an object."),
        (
            {"instances": [{"prompt": "x"}], "webhookConfig": {"uris": ["https://a.example"]}},
            "webhookConfig",
            "this server calls nobody in this protocol; ask for the operation instead.",
        ),
    ],
)
async def test_bodies(served: Served, body: Any, field: str, reason: str) -> None:
    answer = await post(served, PREDICT, body)
    assert (answer.status_code, answer.json()) == (400, refused(field, reason))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"[]", "It must be an object"),
        (b'{"instances": NaN}', "not accepted as JSON"),
        (b'{"instances": [], "instances": []}', "It gives one name twice."),
        (b'{"a": ' * 40 + b"1" + b"}" * 40, "It is nested too deeply."),
        (b"prompt=a+dog", "not accepted as JSON"),
    ],
)
async def test_what_is_no_json_object(served: Served, content: bytes, says: str) -> None:
    answer = await served.client.post(PREDICT, content=content, headers=key(served))
    assert answer.status_code == 400
    assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert says in answer.json()["error"]["message"]


async def test_a_compressed_body(served: Served) -> None:
    answer = await served.client.post(
        PREDICT, content=b"x", headers=key(served) | {"content-encoding": "gzip"}
    )
    expected = "Compressed bodies are not accepted; send it without Content-Encoding."
    assert (answer.status_code, answer.json()) == (400, error(400, "INVALID_ARGUMENT", expected))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG and XML are not accepted"),
        (b"plain text", "This is not a file of an accepted type"),
        (picture()[:80], "damaged"),
        (picture(9000, 9000), "pixels"),
    ],
)
async def test_pictures(served: Served, content: bytes, says: str) -> None:
    image = {"bytesBase64Encoded": base64.b64encode(content).decode(), "mimeType": "image/png"}
    answer = await predict(served, instance={"image": image})
    assert answer.status_code == 400
    (violation,) = answer.json()["error"]["details"][0]["fieldViolations"]
    assert violation["field"] == "instances[0].image"
    assert says in violation["description"]
    assert served.left_behind() == []
    assert await served.tasks() == []


async def test_a_picture_over_the_limit(tmp_path: Path) -> None:
    async with serving(tmp_path, limits={"upload_bytes": 1000}) as served:
        image = {"bytesBase64Encoded": base64.b64encode(bytes(1003)).decode()}
        answer = await predict(served, instance={"image": image})
        reason = "a picture may have at most 1,000 bytes."
        assert (answer.status_code, answer.json()) == (400, refused("instances[0].image", reason))


async def test_a_body_over_the_limit(tmp_path: Path) -> None:
    async with serving(tmp_path, limits={"upload_bytes": 3000, "json_bytes": 1000}) as served:
        image = {"bytesBase64Encoded": "A" * 6000}
        answer = await predict(served, instance={"image": image})
        message = "The request is too large. Its body may have at most 5,000 bytes."
        assert (answer.status_code, answer.json()) == (413, error(413, "INVALID_ARGUMENT", message))
        assert answer.headers["connection"] == "close"
        assert await served.tasks() == []


@pytest.mark.parametrize("resource", ["publishers/google/models/veo-9", "models/openai/veo3-1"])
async def test_a_model_that_is_not_here(served: Served, resource: str) -> None:
    answer = await predict(served, resource)
    name = resource.partition("models/")[2]
    message = f"There is no model {name} here. GET /v1beta/models lists those that there are."
    assert (answer.status_code, answer.json()) == (404, error(404, "NOT_FOUND", message))


async def test_aliases_belong_to_no_other_publisher(served: Served) -> None:
    answer = await predict(served, "publishers/openai/models/veo-3.1-generate-001")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", PREDICT),
        ("POST", "/v1beta/models"),
        ("POST", f"/v1beta1/{VEO}:predict"),
        ("POST", f"/v1beta1/{VEO}"),
        ("POST", f"/v1beta/{VEO}:predictLongRunning"),
        ("POST", f"/v1beta1/{DEVELOPER}:predictLongRunning"),
        ("DELETE", f"/v1beta/{DEVELOPER}/operations/1"),
        ("GET", "/v1beta/files/1:download"),
        ("GET", "/v1beta"),
    ],
)
async def test_paths_that_are_not_here(served: Served, method: str, path: str) -> None:
    answer = await served.client.request(method, path, headers=key(served))
    message = f"There is no {method} {path} in this protocol here."
    assert (answer.status_code, answer.json()) == (404, error(404, "NOT_FOUND", message))


@pytest.mark.parametrize("given", ["", "a b", "x" * 256, "é"])
async def test_idempotency_keys(served: Served, given: str) -> None:
    answer = await served.client.post(
        PREDICT,
        json={"instances": [{"prompt": PROMPT}]},
        headers=key(served) | {"idempotency-key": given.encode("latin-1")},  # type: ignore[dict-item]
    )
    message = "Request parameters are invalid. Idempotency-Key takes 1 to 255 visible ASCII characters."
    assert (answer.status_code, answer.json()) == (400, error(400, "INVALID_ARGUMENT", message))


async def test_a_storage_that_takes_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        (tmp_path / "files" / "inputs").write_text("Where a folder should be.")
        image = {"bytesBase64Encoded": base64.b64encode(picture()).decode()}
        answer = await predict(served, instance={"image": image})
        message = "Files cannot be stored or read at the moment. Try again later."
        assert (answer.status_code, answer.json()) == (503, error(503, "UNAVAILABLE", message))
        assert answer.headers["retry-after"] == "5"
        assert served.left_behind() == []
        assert await served.tasks() == []
