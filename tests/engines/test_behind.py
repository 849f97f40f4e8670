"""Who played behind, by every protocol: read from hostile hands, and from a real Understudy."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.engines.openai_videos.setting import job as openai_job
from understudy.engines.behind import Behind, behind
from understudy.engines.partner import Partner, Standing, Tools
from understudy.testing.live import Live, live

ANIMATIC = {
    "name": "animatic",
    "version": "1",
    "preview": True,
    "tried": [{"engine": "ovi", "reason": "There is no card here."}],
}


@pytest.mark.parametrize(
    ("engine", "expected"),
    [
        (None, Behind()),
        ("animatic", Behind()),
        ({"preview": True}, Behind()),
        ({"name": "ovi", "version": "1", "preview": False}, Behind("Played there by ovi 1.", False)),
        ({"name": "x", "preview": "yes", "tried": "y"}, Behind("Played there by x.", False)),
        ({"name": "a\nb\x1b[31m", "tried": [7]}, Behind("Played there by a b [31m.", False)),
        (
            ANIMATIC,
            Behind("Played there by animatic 1 (a preview); not by ovi: There is no card here.", True),
        ),
    ],
)
def test_what_is_read(engine: object, expected: Behind) -> None:
    assert behind(engine) == expected


def test_a_key_is_not_repeated() -> None:
    assert "secret" not in behind({"name": "secret"}, hidden=("secret",)).sentence


async def nothing_to_fetch(*_: object) -> None:
    raise AssertionError("this protocol hands over no addresses")


def openai_videos(server: Live, key: str) -> Partner:
    from understudy.engines.openai_videos.partner import load

    options = {"base_url": f"{server.url}/v1", "api_key": key, "model": "sora-2-pro", "name": "behind"}
    return load(options, Tools(fetch=nothing_to_fetch, clock=lambda: 0.0))


def google_veo(server: Live, key: str) -> Partner:
    from understudy.engines.google_veo.adapter import partner

    options = {"base_url": server.url, "api_key": key, "name": "behind"}
    return partner(options, Tools(fetch=nothing_to_fetch, clock=lambda: 0.0))


@pytest.mark.parametrize("connect", [openai_videos, google_veo])
async def test_a_preview_of_an_understudy_behind_is_one_in_front(tmp_path: Path, connect: Any) -> None:
    with live(tmp_path) as server:
        known = server.credentials
        there: Partner = connect(server, f"{known['api_key']}:{known['api_secret']}")
        remote_id = await there.submit(await there.prepare(openai_job()), "key-1", "")
        standing = await over(there, remote_id)
        assert (standing.state, standing.preview) == ("done", True)
        assert standing.reason == "Played there by instant 1 (a preview)."
        await there.close()


async def over(there: Partner, remote_id: str) -> Standing:
    async with asyncio.timeout(30):
        while (standing := await there.check(remote_id)).state in ("queued", "running"):
            await asyncio.sleep(0.05)
    return standing
