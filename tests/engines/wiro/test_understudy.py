"""One Understudy behind another: the adapter against a real server in a process of its own."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.engines.wiro.bench import connected, job, picture
from understudy.engines.partner import Standing
from understudy.engines.wiro.partner import Wiro
from understudy.errors import NotAccepted
from understudy.testing.clip import tiny_clip
from understudy.testing.live import Live, live
from understudy.testing.partners.receiver import Receiver
from understudy.testing.partners.serving import serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    config = '[server]\nallow_addresses = ["127.0.0.1"]'
    with live(tmp_path_factory.mktemp("behind"), engine="trouble", config=config) as running:
        yield running


@asynccontextmanager
async def behind(server: Live, **options: object) -> AsyncIterator[Wiro]:
    known = server.credentials
    keys = {"api_key": known["api_key"], "api_secret": known["api_secret"]}
    async with connected(time.time, base_url=server.url, profile="understudy", **keys, **options) as partner:
        yield partner


async def ended(partner: Wiro, remote_id: str) -> Standing:
    async with asyncio.timeout(30):
        while (standing := await partner.check(remote_id)).state in ("queued", "running"):
            await asyncio.sleep(0.05)
    return standing


async def started(partner: Wiro, remote_id: str) -> None:
    async with asyncio.timeout(30):
        while (await partner.check(remote_id)).state == "queued":
            await asyncio.sleep(0.05)


async def test_a_whole_run_with_a_picture_and_a_hook(server: Live, tmp_path: Path) -> None:
    receiver = Receiver()
    with serving(receiver.app) as hook:
        async with behind(server) as partner:
            given = job(tmp_path, files={"inputImage": (picture(tmp_path / "in"),)})
            remote_id = await partner.submit(await partner.prepare(given), "whole", f"{hook}/told")
            standing = await ended(partner, remote_id)
            assert standing.state == "done"
            assert standing.reason == "Played there by trouble 1 (a preview)."
            assert standing.cost is not None
            (output,) = await partner.fetch(remote_id, tmp_path)
            assert Path(output.path).read_bytes() == tiny_clip()
            async with asyncio.timeout(20):
                while not receiver.deliveries:
                    await asyncio.sleep(0.05)
            await partner.delete(remote_id)
            await partner.delete(remote_id)
    (told,) = receiver.deliveries
    (task,) = told.payload["tasklist"]
    assert (told.path, task["id"]) == ("/told", remote_id)
    assert (task["parameters"] | given.values) == task["parameters"]


async def test_the_same_key_is_the_same_task(server: Live, tmp_path: Path) -> None:
    async with behind(server) as partner:
        placed = time.time()
        first = job(tmp_path, files={"inputImage": (picture(tmp_path / "a"),)})
        again = job(tmp_path, files={"inputImage": (picture(tmp_path / "b", name="other.png"),)})
        remote_id = await partner.submit(await partner.prepare(first), "twice", "")
        assert await partner.look_up(await partner.prepare(again), "twice", placed) == (remote_id,)
        missing = await partner.look_up(await partner.prepare(job(tmp_path)), "never-sent", placed)
        assert missing is not None
        assert missing != (remote_id,)


async def test_a_task_with_a_hook_is_found_in_the_list(server: Live, tmp_path: Path) -> None:
    receiver = Receiver()
    with serving(receiver.app) as hook:
        async with behind(server) as partner:
            placed = time.time()
            prepared = await partner.prepare(
                job(tmp_path, prompt="Only once in “this” test.\n\n Two  lines.")
            )
            remote_id = await partner.submit(prepared, "hooked", hook)
            assert await partner.look_up(prepared, "hooked", placed) == (remote_id,)
            await ended(partner, remote_id)


async def test_numbers_are_found_as_they_are_shown(server: Live, tmp_path: Path) -> None:
    """With the profile of the hosted service: by their inputs alone."""
    values = {"prompt": "Numbers.", "seed": 3.0, "durationSeconds": "8", "negativePrompt": ""}
    async with behind(server) as partner:
        prepared = await partner.prepare(job(tmp_path, "google/veo3-1", **values))
        remote_id = await partner.submit(prepared, "numbers", "")
        assert await partner._listed(prepared.request, time.time() - 1) == (remote_id,)
        await ended(partner, remote_id)


@pytest.mark.parametrize("word", ["hang", "sleep 30"])
async def test_kill(server: Live, tmp_path: Path, word: str) -> None:
    async with behind(server) as partner:
        remote_id = await partner.submit(
            await partner.prepare(job(tmp_path, prompt=f"[{word}]")), word[:4], ""
        )
        await started(partner, remote_id)
        assert await partner.cancel(remote_id) == "stopped"
        assert await partner.cancel(remote_id) == "stopped"
        standing = await partner.check(remote_id)
    assert (standing.state, standing.charged) == ("failed", False)


async def test_a_failure_is_told_and_costs_nothing(server: Live, tmp_path: Path) -> None:
    async with behind(server) as partner:
        prepared = await partner.prepare(job(tmp_path, prompt="[complain noise] [badinput Too dark.]"))
        standing = await ended(partner, await partner.submit(prepared, "fails", ""))
    assert (standing.state, standing.charged) == ("failed", False)
    assert standing.reason == "The server behind this one says: Too dark."


async def test_what_it_refuses_was_not_taken(server: Live, tmp_path: Path) -> None:
    async with behind(server) as partner:
        prepared = await partner.prepare(job(tmp_path, seconds="5"))
        with pytest.raises(NotAccepted, match="must be one of 4, 8, 12"):
            await partner.submit(prepared, "refused", "")
        with pytest.raises(NotAccepted, match="must be one of 4, 8, 12"):
            await partner.look_up(prepared, "refused", time.time())
    async with behind(server, model="acme/unknown") as partner:
        with pytest.raises(NotAccepted, match="slug-owner-project-not-exist"):
            await partner.submit(await partner.prepare(job(tmp_path)), "unknown", "")


async def test_another_model_there(server: Live, tmp_path: Path) -> None:
    async with behind(server, model={"openai/sora-2-pro": "google/veo3-1"}) as partner:
        prepared = await partner.prepare(job(tmp_path, seconds="12"))
        assert prepared.notes == ("The clip has 8 seconds instead of 12.",)
        remote_id = await partner.submit(prepared, "veo", "")
        assert (await ended(partner, remote_id)).state == "done"
