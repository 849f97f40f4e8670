"""A house whose engine is a partner's: the real adapter in front of a fake on a real socket, both in virtual time."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from tests.tasks.house import SORA, House, house
from understudy.catalogue.checked import Checked
from understudy.tasks.purchases.verdicts import Failover
from understudy.tasks.records import Purchase, Task
from understudy.testing.partners.clock import VirtualClock
from understudy.testing.partners.faults import Fault, FaultPlan
from understudy.testing.partners.openai_videos import OpenAIVideos
from understudy.testing.partners.serving import serving

ENGINE = "openai_videos"
PRICE = "1.2"
"""4 seconds of sora-2-pro at 720p, US dollars, by OpenAI's price list."""


class Partner(msgspec.Struct, frozen=True, kw_only=True):
    """A fake, where it answers, and the time that it shares with the house."""

    fake: OpenAIVideos
    url: str
    clock: VirtualClock


@contextmanager
def partner(*faults: Fault, profile: Any = "openai", seconds: float = 20.0) -> Iterator[Partner]:
    clock = VirtualClock()
    fake = OpenAIVideos(FaultPlan(faults), clock=clock, profile=profile, seconds=seconds)
    with serving(fake.app) as url:
        yield Partner(fake=fake, url=url, clock=clock)


@asynccontextmanager
async def shop(
    folder: Path,
    partner: Partner,
    *,
    cast: tuple[str, ...] = (ENGINE,),
    failover: Failover = "unpaid",
    options: dict[str, object] | None = None,
    virtual: bool = True,
    **given: Any,
) -> AsyncIterator[House]:
    """`virtual`: waiting for the partner takes no real time."""
    own: dict[str, object] = {
        "base_url": f"{partner.url}/v1",
        "api_key": "test-key",
        "model": "sora-2-pro",
        "profile": partner.fake.profile,
        **(options or {}),
    }
    async with house(
        folder,
        more_engines=("understudy.engines.openai_videos:engine",),
        casting={"*": cast},
        all_options={ENGINE: own},
        failover={"*": failover},
        clock=partner.clock if virtual else None,
        **given,
    ) as opened:
        yield opened


async def order(house: House, prompt: str = "A quiet road.") -> Task:
    values: dict[str, Any] = {"prompt": prompt, "seconds": "4", "resolution": "720p", "ratio": "auto"}
    return await house.desk.submit(house.project, SORA, Checked(values=values, sources={}))


async def end_of(house: House, task: Task) -> Task:
    return await asyncio.wait_for(house.end_of(task), 30)


async def settled(house: House, task: Task) -> Purchase:
    """The task's only purchase, once it has ended."""
    async with asyncio.timeout(30):
        while True:
            found = await house.store.purchases(task=task.id)
            if found and found[0].state == "settled":
                (purchase,) = found
                return purchase
            await asyncio.sleep(0.01)


async def reached(house: House, task: Task, state: str) -> Purchase:
    """The task's only purchase, once it is in that state."""
    async with asyncio.timeout(30):
        while True:
            found = await house.store.purchases(task=task.id)
            if found and found[0].state == state:
                return found[0]
            await asyncio.sleep(0.005)
