"""Where clips come from, as the pages' policy says it, and as downloads lead there."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.files.s3 import s3, set_environment
from understudy.client import Client
from understudy.files.bucket import open_bucket
from understudy.files.folder import FolderStorage
from understudy.files.storage import signed_origin
from understudy.testing.live import Live, live
from understudy.web.headers import page_headers

Start = Callable[[int], AbstractContextManager[Live]]


@pytest.fixture
def serving(tmp_path: Path) -> Start:
    @contextmanager
    def started(seconds: int) -> Iterator[Live]:
        with pytest.MonkeyPatch.context() as patch:
            set_environment(patch, s3().url)
            config = f'storage = "s3://{s3().new_bucket()}/files"\nserver.signed_url_seconds = {seconds}\n'
            with live(tmp_path, config=config) as server:
                yield server

    return started


def sources(policy: str, directive: str) -> list[str]:
    """What a directive lists."""
    return next(each.split()[1:] for each in policy.split("; ") if each.split()[0] == directive)


def test_the_policy_names_exactly_where_downloads_lead(serving: Start) -> None:
    with serving(600) as server, Client(data=server.data) as client, httpx.Client() as web:
        task = client.run("openai/sora-2-pro", {"prompt": "A dog."})
        clip = task.outputs[0].url
        answer = web.get(clip)
        assert answer.status_code == 302
        there = "://".join(urlsplit(answer.headers["location"])[:2])
        assert there == s3().url
        page = web.get(f"{server.url}/sign-in", headers={"accept": "text/html"})
        policy = page.headers["content-security-policy"]
        assert sources(policy, "media-src") == ["'self'", "blob:", there]
        assert sources(policy, "img-src") == ["'self'", "blob:", there, "data:"]
        for directive in ("script-src", "style-src", "connect-src", "form-action"):
            assert sources(policy, directive) == ["'self'"]
        part = web.get(clip, headers={"range": "bytes=0-3"}, follow_redirects=True)
        assert (part.status_code, len(part.content), part.headers["content-type"]) == (206, 4, "video/mp4")
        assert part.headers["content-range"] == f"bytes 0-3/{task.outputs[0].size}"


def test_without_signed_addresses_it_names_nobody(serving: Start) -> None:
    with serving(0) as server, httpx.Client() as web:
        page = web.get(f"{server.url}/sign-in", headers={"accept": "text/html"})
        assert sources(page.headers["content-security-policy"], "media-src") == ["'self'", "blob:"]


async def test_buckets_in_the_path_and_in_the_name_of_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, "https://objects.example.com:9000")
    assert await signed_origin(open_bucket("s3://clips/x")) == "https://objects.example.com:9000"
    monkeypatch.setenv("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", "true")
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    assert await signed_origin(open_bucket("s3://clips/x")) == "https://clips.s3.eu-west-3.amazonaws.com"
    monkeypatch.delenv("AWS_VIRTUAL_HOSTED_STYLE_REQUEST")
    assert await signed_origin(open_bucket("s3://clips/x")) == "https://s3.eu-west-3.amazonaws.com"


async def test_azure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "c2VjcmV0")
    assert await signed_origin(open_bucket("az://container/x")) == "https://account.blob.core.windows.net"


async def test_storages_without_addresses_of_their_own(tmp_path: Path) -> None:
    for storage in (FolderStorage(tmp_path), open_bucket("memory:///")):
        assert await signed_origin(storage) == ""


def test_no_origin_is_no_entry() -> None:
    assert "media-src 'self' blob:;" in page_headers()["content-security-policy"]
