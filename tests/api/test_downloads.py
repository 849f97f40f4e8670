"""GET and HEAD of files: ranges, validators, and headers that keep a browser from running anything."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.api.served import Served, picture, serving
from tests.api.test_task import finished
from tests.files.s3 import s3
from understudy.tasks.records import File

MISSING = {"result": False, "errors": [{"code": 1, "message": "There is no such file."}]}
UNKNOWN = {"result": False, "errors": [{"code": 0, "message": "Error parsing url."}]}


@pytest.fixture
async def clip(served: Served) -> File:
    """A clip with the content "hello world"."""
    id, _ = await served.run()
    return (await finished(served, id))[1]


async def test_a_clip(served: Served, clip: File) -> None:
    answer = await served.client.get(clip.path)
    assert (answer.status_code, answer.content) == (200, b"hello world")
    expected = {
        "content-type": "video/mp4",
        "content-length": "11",
        "accept-ranges": "bytes",
        "etag": f'"{clip.id}"',
        "content-disposition": "inline; filename*=UTF-8''0.mp4",
        "x-content-type-options": "nosniff",
        "cache-control": "private, max-age=3600",
        "access-control-allow-origin": "*",
    }
    assert {name: answer.headers[name] for name in expected} == expected
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")


async def test_head_is_get_without_the_body(served: Served, clip: File) -> None:
    get, head = await served.client.get(clip.path), await served.client.head(clip.path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == get.headers


@pytest.mark.parametrize(
    ("asked", "status", "content", "content_range"),
    [
        ("bytes=0-4", 206, b"hello", "bytes 0-4/11"),
        ("bytes=6-", 206, b"world", "bytes 6-10/11"),
        ("bytes=-5", 206, b"world", "bytes 6-10/11"),
        ("bytes=0-99", 206, b"hello world", "bytes 0-10/11"),
        ("bytes=11-", 416, b"", "bytes */11"),
        ("bytes=5-2", 200, b"hello world", None),
        ("bytes=0-1,3-4", 200, b"hello world", None),
        ("lines=1-2", 200, b"hello world", None),
        ("bytes=" + "9" * 5000 + "-", 416, b"", "bytes */11"),
    ],
)
async def test_ranges(
    served: Served, clip: File, asked: str, status: int, content: bytes, content_range: str | None
) -> None:
    answer = await served.client.get(clip.path, headers={"range": asked})
    assert (answer.status_code, answer.content) == (status, content)
    assert answer.headers.get("content-range") == content_range
    assert answer.headers["content-length"] == str(len(content))


async def test_validators(served: Served, clip: File) -> None:
    same = await served.client.get(clip.path, headers={"if-none-match": f'W/"{clip.id}"'})
    assert (same.status_code, same.content) == (304, b"")
    changed = await served.client.get(clip.path, headers={"range": "bytes=0-4", "if-range": '"other"'})
    assert (changed.status_code, changed.content) == (200, b"hello world")
    unchanged = await served.client.get(clip.path, headers={"range": "bytes=0-4", "if-range": f'"{clip.id}"'})
    assert unchanged.status_code == 206


async def test_an_upload_needs_its_whole_access_key(served: Served) -> None:
    answer = await served.post("/v1/File/Upload", files={"file": ("a b.png", picture())})
    url = answer.json()["list"][0]["url"]
    assert url.endswith("/a%20b.png")
    found = await served.client.get(url)
    assert (found.content, found.headers["content-type"]) == (picture(), "image/png")
    key = answer.json()["list"][0]["accesskey"]
    for wrong in (url.replace(key, key.swapcase()), url.replace(key, "a" * 30), url.replace("a%20b", "b")):
        missing = await served.client.get(wrong)
        assert (missing.status_code, missing.json()) == (404, MISSING)


@pytest.mark.parametrize(
    "name", ["1.mp4", "%2e%2e", "0.mp4%00", "0.mp4%2f..", "0.MP4", "%0d%0aset-cookie:a=b"]
)
async def test_other_names_at_a_clips_address(served: Served, clip: File, name: str) -> None:
    answer = await served.client.get(f"/{clip.address}/{name}")
    assert answer.status_code == 404
    assert answer.json() in (MISSING, UNKNOWN)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "/uploads/sampleinputs/nothing.jpg",
        "/uploads/sampleinputs/../../pyproject.toml",
        "/uploads/sampleinputs/%2e%2e%2f%2e%2e%2fa",
        "/uploads/models/nothing-cover.mp4",
        "/v1/File/short/a.png",
        "/00000000-0000/0.mp4",
    ],
)
async def test_nothing_there(served: Served, path: str) -> None:
    answer = await served.client.get(path)
    assert (answer.status_code, answer.json()) == (404, UNKNOWN)


async def test_a_sample(served: Served) -> None:
    path = served.parts.catalogue.samples["openai_sora_pro_2_input_4.jpg"]
    url = "/uploads/sampleinputs/openai_sora_pro_2_input_4.jpg"
    answer = await served.client.get(url)
    assert answer.content == path.read_bytes()
    assert answer.headers["content-type"] == "image/jpeg"
    part = await served.client.get(url, headers={"range": "bytes=10-19"})
    assert part.content == answer.content[10:20]
    again = await served.client.get(url, headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


async def test_a_file_that_storage_has_lost(served: Served, clip: File) -> None:
    await served.parts.storage.delete([clip.key])
    answer = await served.client.get(clip.path)
    assert answer.status_code == 503
    message = "Files cannot be stored or read at the moment. Try again later."
    assert answer.json() == {"result": False, "errors": [{"code": 0, "message": message}]}


async def test_options(served: Served, clip: File) -> None:
    for path, allow in ((clip.path, "GET, HEAD, OPTIONS"), ("/v1/Task/Detail", "POST, OPTIONS")):
        answer = await served.client.options(path)
        assert (answer.status_code, answer.headers["allow"]) == (204, allow)
    assert (await served.client.options("/nothing")).status_code == 404


async def test_every_model_has_its_cover(served: Served) -> None:
    for model in served.parts.catalogue.models:
        answer = await served.client.get(f"/{model.cover}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4"), model.cover


class TestFromABucket:
    """Signed addresses, where they are wanted and the storage has them; else the bytes pass through here."""

    @pytest.fixture
    async def proxied(self, tmp_path: Path) -> AsyncIterator[Served]:
        async with serving(tmp_path, storage=s3().open(s3().new_bucket())) as everything:
            yield everything

    @pytest.fixture
    async def signed(self, tmp_path: Path) -> AsyncIterator[Served]:
        storage = s3().open(s3().new_bucket())
        async with serving(tmp_path, storage=storage, signed_urls=600.0) as everything:
            yield everything

    async def test_passing_through(self, proxied: Served) -> None:
        id, _ = await proxied.run()
        clip = (await finished(proxied, id))[1]
        whole = await proxied.client.get(clip.path)
        assert (whole.status_code, whole.content) == (200, b"hello world")
        part = await proxied.client.get(clip.path, headers={"range": "bytes=-5"})
        assert (part.status_code, part.content) == (206, b"world")
        assert (await proxied.client.head(clip.path)).headers == whole.headers
        await proxied.parts.storage.delete([clip.key])
        assert (await proxied.client.get(clip.path)).status_code == 503

    async def test_a_signed_address(self, signed: Served) -> None:
        id, _ = await signed.run()
        clip = (await finished(signed, id))[1]
        there = await signed.client.get(clip.path)
        assert (there.status_code, there.content) == (302, b"")
        assert there.headers["cache-control"] == "private, max-age=300"
        assert there.headers["access-control-allow-origin"] == "*"
        assert there.headers["referrer-policy"] == "no-referrer"
        async with httpx.AsyncClient() as client:
            for asked, status, content in (
                ({}, 200, b"hello world"),
                ({"range": "bytes=6-"}, 206, b"world"),
                ({"range": "bytes=0-4"}, 206, b"hello"),
            ):
                answer = await client.get(there.headers["location"], headers=asked)
                assert (answer.status_code, answer.content) == (status, content)
                assert answer.headers["content-type"] == "video/mp4"
                assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''0.mp4"

    async def test_what_has_no_body_is_answered_here(self, signed: Served) -> None:
        id, _ = await signed.run()
        clip = (await finished(signed, id))[1]
        head = await signed.client.head(clip.path)
        assert (head.status_code, head.headers["content-length"]) == (200, "11")
        assert head.headers["accept-ranges"] == "bytes"
        same = await signed.client.get(clip.path, headers={"if-none-match": f'"{clip.id}"'})
        assert same.status_code == 304
        beyond = await signed.client.get(clip.path, headers={"range": "bytes=11-"})
        assert (beyond.status_code, beyond.headers["content-range"]) == (416, "bytes */11")
        missing = await signed.client.get(f"/{clip.address}/1.mp4")
        assert (missing.status_code, missing.json()) == (404, MISSING)

    async def test_what_is_to_be_saved_is_answered_here(self, signed: Served) -> None:
        id, _ = await signed.run()
        clip = (await finished(signed, id))[1]
        saved = await signed.client.get(f"{clip.path}?download")
        assert (saved.status_code, saved.content) == (200, b"hello world")
        assert saved.headers["content-disposition"] == "attachment; filename*=UTF-8''0.mp4"

    async def test_what_is_bundled_stays_here(self, signed: Served) -> None:
        assert (await signed.client.get(f"/{signed.parts.catalogue.models[0].cover}")).status_code == 200

    async def test_a_folder_has_no_signed_addresses(self, tmp_path: Path) -> None:
        async with serving(tmp_path, signed_urls=600.0) as served:
            id, _ = await served.run()
            clip = (await finished(served, id))[1]
            assert (await served.client.get(clip.path)).content == b"hello world"
