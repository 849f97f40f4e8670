"""The adapter in front of a fake on a real socket."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from understudy.engines.engine import Job
from understudy.engines.google_veo.adapter import partner
from understudy.engines.partner import Partner, Prepared, Tools
from understudy.testing.partners.clock import VirtualClock
from understudy.testing.partners.faults import Fault, FaultPlan
from understudy.testing.partners.google_veo import GoogleVeo
from understudy.testing.partners.serving import serving


class Setting(msgspec.Struct):
    """A partner, the fake behind it, and the fake's time."""

    partner: Partner
    fake: GoogleVeo
    clock: VirtualClock

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


def job(model: str = "google/veo3-1", picture: Path | None = None, **values: object) -> Job:
    """What a run of a model with its defaults looks like."""
    usual: Mapping[str, object] = {
        "google/veo3-1": {
            "prompt": "A fox says hello.",
            "generateAudio": "true",
            "aspectRatio": "16:9",
            "resolution": "720p",
            "negativePrompt": "",
            "enhancePrompt": "true",
            "personGeneration": "allow_adult",
            "seed": 0,
            "durationSeconds": "8",
        },
        "openai/sora-2-pro": {
            "prompt": "A fox says hello.",
            "seconds": "4",
            "resolution": "720p",
            "ratio": "auto",
        },
    }[model]
    return Job(
        id="1",
        model=model,
        values={**usual, **values},  # type: ignore[dict-item]
        files={"inputImage": (str(picture),)} if picture else {},
        seed=77,
        folder="",
    )


async def no_fetch(url: str, to: Path, headers: Mapping[str, str]) -> None:
    raise AssertionError(f"nothing lies at an address: {url}")


@asynccontextmanager
async def setting(*faults: Fault, **options: object) -> AsyncIterator[Setting]:
    """A fake that meets these faults, and a partner with these options."""
    clock = VirtualClock(speed=0)
    fake = GoogleVeo(FaultPlan(faults), clock=clock)
    with serving(fake.app) as url:
        given = {"base_url": url, "api_key": "test-key", "timeout_seconds": 10, **options}
        made = partner(given, Tools(fetch=no_fetch, clock=clock))
        try:
            yield Setting(made, fake, clock)
        finally:
            await made.close()
