"""The adapter in front of a fake server on a real socket."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from understudy.engines.engine import Job
from understudy.engines.openai_videos.partner import OpenAIVideosPartner, load
from understudy.engines.partner import Prepared, Tools
from understudy.errors import FetchFailed
from understudy.testing.partners.clock import VirtualClock
from understudy.testing.partners.faults import Fault, FaultPlan
from understudy.testing.partners.openai_videos import OpenAIVideos, Profile
from understudy.testing.partners.serving import serving

FREE = ("vllm-omni", "sglang", "fastvideo")
"""Profiles of servers that want no key."""


class Fetched(msgspec.Struct):
    """What was asked of the server's own way to fetch, and what it gives."""

    clip: bytes | None = None
    asked: list[tuple[str, Mapping[str, str]]] = []

    async def __call__(self, url: str, to: Path, headers: Mapping[str, str]) -> None:
        self.asked.append((url, headers))
        if self.clip is None:
            raise FetchFailed("The address did not answer.")
        to.write_bytes(self.clip)


class Setting(msgspec.Struct):
    """A partner, the fake behind it, and what they share."""

    partner: OpenAIVideosPartner
    fake: OpenAIVideos
    clock: VirtualClock
    fetched: Fetched
    url: str

    async def prepared(self, **changes: object) -> Prepared:
        return await self.partner.prepare(job(**changes))

    async def bought(self, **changes: object) -> str:
        """The remote id of one job."""
        return await self.partner.submit(await self.prepared(**changes), "key-1", "")

    async def done(self, **changes: object) -> str:
        """The remote id of a job that is over."""
        id = await self.bought(**changes)
        self.clock.advance(self.fake.seconds)
        return id


@asynccontextmanager
async def setting(
    *faults: Fault, profile: Profile = "openai", link: str = "", **options: object
) -> AsyncIterator[Setting]:
    """Time stands still but for `clock.advance`."""
    clock = VirtualClock(speed=0)
    fake = OpenAIVideos(FaultPlan(faults), clock=clock, profile=profile, link=link)
    fetched = Fetched(asked=[])
    with serving(fake.app) as url:
        wanted = {"profile": profile, "base_url": f"{url}/v1", "model": "sora-2-pro", "timeout_seconds": 5}
        if profile not in FREE:
            wanted["api_key"] = fake.key
        partner = load({**wanted, **options}, Tools(fetch=fetched, clock=clock))
        try:
            yield Setting(partner, fake, clock, fetched, url)
        finally:
            await partner.close()


def job(**changes: object) -> Job:
    """A job for Sora 2 Pro: a fox in 4 seconds, 720p."""
    fields = {
        "id": "1",
        "model": "openai/sora-2-pro",
        "values": {"prompt": "A fox.", "seconds": "4", "resolution": "720p", "ratio": "16:9"},
        "files": {},
        "seed": 7,
        "folder": "/nowhere",
    }
    return Job(**{**fields, **changes})
