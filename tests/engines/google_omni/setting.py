"""The adapter in front of a fake on a real socket."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec

from tests.engines.google_veo.setting import job
from understudy.engines.google_omni.adapter import partner
from understudy.engines.partner import Partner, Prepared, Tools
from understudy.errors import FetchFailed, MediaRefused
from understudy.testing.partners.clock import VirtualClock
from understudy.testing.partners.faults import Fault, FaultPlan
from understudy.testing.partners.google_omni import GoogleOmni
from understudy.testing.partners.serving import serving


class Setting(msgspec.Struct):
    """A partner, the fake behind it, the fake's time, and what was fetched by address."""

    partner: Partner
    fake: GoogleOmni
    clock: VirtualClock
    url: str
    fetched: list[tuple[str, Mapping[str, str]]]
    tools: Tools

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
async def setting(*faults: Fault, ends: str = "completed", **options: object) -> AsyncIterator[Setting]:
    """A fake that meets these faults, and a partner with these options."""
    clock = VirtualClock(speed=0)
    fake = GoogleOmni(FaultPlan(faults), clock=clock, ends=ends)
    fetched: list[tuple[str, Mapping[str, str]]] = []

    async def fetch(url: str, to: Path, headers: Mapping[str, str]) -> None:
        """As the server's own: the type is told by the first bytes, a file that is there already is an error."""
        fetched.append((url, headers))
        try:
            async with httpx.AsyncClient() as client:
                answer = await client.get(url, headers=headers)
        except httpx.HTTPError as error:
            raise FetchFailed("The address could not be reached.") from error
        if answer.status_code != 200:
            raise FetchFailed(f"The address answered with HTTP status {answer.status_code}.")
        if answer.content[4:8] != b"ftyp":
            raise MediaRefused("The file is no video.")
        with to.open("xb") as file:
            file.write(answer.content)

    with serving(fake.app) as url:
        given = {"base_url": url, "api_key": "test-key", "timeout_seconds": 10, **options}
        tools = Tools(fetch=fetch, clock=clock)
        made = partner(given, tools)
        try:
            yield Setting(made, fake, clock, url, fetched, tools)
        finally:
            await made.close()
