"""Addresses of a bucket's files: signed as S3's own library signs them, and answered as they say."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.files.s3 import ACCESS_KEY, SECRET, s3
from understudy.files.bucket import BucketStorage, open_bucket
from understudy.files.folder import FolderStorage
from understudy.files.signature import signed_with
from understudy.files.storage import LONGEST_SIGNED

KEY = "outputs/ab/a=b+c@d.mp4"


async def signed(bucket: str, key: str = KEY, name: str = "0.mp4", content_type: str = "video/mp4") -> str:
    url = await s3().open(bucket).signed_url(key, 60, name=name, content_type=content_type)
    assert url is not None
    return url


@pytest.mark.parametrize(
    "name", ["0.mp4", "a b+c&d=e.mp4", "straße ☂ 日本.mp4", "a'b\"c;d~e%41.mp4", "x" * 200]
)
async def test_the_signature_is_that_of_s3s_own_library(name: str) -> None:
    from botocore.auth import S3SigV4QueryAuth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    url = await signed("bucket", name=name)
    parts, query = urlsplit(url), parse_qs(urlsplit(url).query)

    class AtThatTime(S3SigV4QueryAuth):  # type: ignore[misc]
        def add_auth(self, request: AWSRequest) -> None:
            request.context["timestamp"] = query["X-Amz-Date"][0]
            self._modify_request_before_signing(request)
            canonical = self.canonical_request(request)
            self._inject_signature_to_request(
                request, self.signature(self.string_to_sign(request, canonical), request)
            )

    theirs = AWSRequest(
        method="GET",
        url=f"{parts.scheme}://{parts.netloc}{parts.path}",
        params={
            "response-content-disposition": query["response-content-disposition"][0],
            "response-content-type": query["response-content-type"][0],
        },
    )
    AtThatTime(Credentials(ACCESS_KEY, SECRET), "s3", "eu-west-3", expires=60).add_auth(theirs)
    assert parse_qs(urlsplit(theirs.url).query)["X-Amz-Signature"] == query["X-Amz-Signature"]


async def signed_by_obstore() -> str:
    """As it is without the secret."""
    url = await without_secret("bucket").signed_url(KEY, 60, name="0.mp4", content_type="video/mp4")
    assert url is not None
    assert "response-" not in url
    return url


def without_secret(bucket: str) -> BucketStorage:
    """As on a machine with a role of its own, whose keys only obstore knows."""
    storage = s3().open(bucket)
    storage._secret = ""
    return storage


async def test_adding_nothing_gives_the_signature_of_obstore() -> None:
    url = await signed_by_obstore()
    assert signed_with(url, SECRET, {}) == url
    assert signed_with(url, SECRET, {"response-content-type": "video/mp4"}) != url


async def test_who_did_not_sign_cannot_add() -> None:
    for url in (await signed_by_obstore(), "https://bucket/x", "https://bucket/x?a=b&X-Amz-Signature=00"):
        assert signed_with(url, "another secret", {"response-content-type": "text/html"}) == url


async def test_it_says_what_to_answer() -> None:
    bucket = s3().new_bucket()
    await s3().open(bucket).put_bytes(KEY, b"hello world")
    async with httpx.AsyncClient() as client:
        answer = await client.get(await signed(bucket, name="ä b.mp4"))
        assert (answer.status_code, answer.content) == (200, b"hello world")
        assert answer.headers["content-type"] == "video/mp4"
        assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''%C3%A4%20b.mp4"
        part = await client.get(await signed(bucket), headers={"range": "bytes=6-"})
        assert (part.status_code, part.content) == (206, b"world")
        assert part.headers["content-range"] == "bytes 6-10/11"


async def test_nothing_runs_as_a_page() -> None:
    bucket = s3().new_bucket()
    await s3().open(bucket).put_bytes(KEY, b"<script>")
    async with httpx.AsyncClient() as client:
        for content_type in ("text/html", "image/svg+xml", ""):
            answer = await client.get(await signed(bucket, name="a.html", content_type=content_type))
            assert answer.headers["content-type"] == "application/octet-stream"
            assert answer.headers["content-disposition"].startswith("attachment;")


async def test_without_a_secret_the_upload_has_said_what_it_is() -> None:
    bucket = s3().new_bucket()
    storage = without_secret(bucket)
    types = {
        "a.mp4": "video/mp4",
        "a.jpeg": "image/jpeg",
        "a.html": "application/octet-stream",
        "a": "application/octet-stream",
    }
    async with httpx.AsyncClient() as client:
        for key, content_type in types.items():
            await storage.put_bytes(key, b"x")
            url = await storage.signed_url(key, 60, name="x", content_type="text/html")
            assert url is not None
            assert (await client.get(url)).headers["content-type"] == content_type


@pytest.mark.parametrize("seconds", [0, -1, LONGEST_SIGNED + 1])
async def test_not_for_ever(seconds: float) -> None:
    with pytest.raises(ValueError, match="cannot be signed for"):
        await s3().open("bucket").signed_url(KEY, seconds, name="x", content_type="video/mp4")


async def test_storages_without_addresses(tmp_path: Path) -> None:
    for storage in (FolderStorage(tmp_path), open_bucket("memory:///")):
        assert await storage.signed_url(KEY, 60, name="x", content_type="video/mp4") is None


async def test_azure_signs_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "c2VjcmV0")
    url = await open_bucket("az://container/x").signed_url(KEY, 60, name="x", content_type="video/mp4")
    assert url is not None
    assert url.startswith("https://account.blob.core.windows.net/container/x/outputs/ab/")
    assert "sig=" in url
