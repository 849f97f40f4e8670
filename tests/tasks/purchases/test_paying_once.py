"""Whatever goes wrong, whenever a task is stopped or the server dies: a task never pays twice, and no money is forgotten.

Slow for a unit test, since every example is a whole server with a partner on a socket; in virtual time, so that none of
them waits.
"""

import asyncio
import tempfile
from collections.abc import Callable, Collection, Mapping
from contextlib import AsyncExitStack, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.tasks.house import House, house
from tests.tasks.purchases.shop import order
from understudy.errors import NotAllowed
from understudy.tasks.lifecycle import is_terminal
from understudy.tasks.records import Purchase, Task
from understudy.testing.partners.clock import VirtualClock
from understudy.testing.partners.faults import Fault, FaultPlan
from understudy.testing.partners.google_omni import GoogleOmni
from understudy.testing.partners.google_veo import GoogleVeo
from understudy.testing.partners.openai_videos import OpenAIVideos
from understudy.testing.partners.serving import serving
from understudy.testing.partners.wiro import Wiro

Deed = Literal["kill", "restart", "crash"]


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One engine and the fake behind it."""

    engine: str
    fake: Callable[[FaultPlan, VirtualClock], Any]
    options: Callable[[str], Mapping[str, object]]
    jobs: Callable[[Any], Collection[str]] = lambda fake: fake.jobs
    """The remote ids of all jobs that were bought."""


KINDS = {
    "openai_videos": Kind(
        engine="openai_videos",
        fake=lambda plan, clock: OpenAIVideos(plan, clock=clock),
        options=lambda url: {"base_url": f"{url}/v1", "api_key": "test-key", "model": "sora-2-pro"},
    ),
    "vllm-omni": Kind(
        engine="openai_videos",
        fake=lambda plan, clock: OpenAIVideos(plan, clock=clock, profile="vllm-omni"),
        options=lambda url: {"base_url": f"{url}/v1", "profile": "vllm-omni", "model": "Wan-AI/Wan2.2"},
    ),
    "google_veo": Kind(
        engine="google_veo",
        fake=lambda plan, clock: GoogleVeo(plan, clock=clock),
        options=lambda url: {"base_url": url, "api_key": "test-key"},
    ),
    "google_omni": Kind(
        engine="google_omni",
        fake=lambda plan, clock: GoogleOmni(plan, clock=clock),
        options=lambda url: {"base_url": url, "api_key": "test-key"},
    ),
    "wiro, a hosted service": Kind(
        engine="wiro",
        fake=lambda plan, clock: Wiro(plan, clock=clock, idempotent=False),
        options=lambda url: {"base_url": url, "api_key": "test-key", "profile": "hosted"},
        jobs=lambda fake: [str(job.id) for job in fake.jobs],
    ),
    "wiro, an Understudy": Kind(
        engine="wiro",
        fake=lambda plan, clock: Wiro(plan, clock=clock, idempotent=True),
        options=lambda url: {"base_url": url, "api_key": "test-key", "profile": "understudy"},
        jobs=lambda fake: [str(job.id) for job in fake.jobs],
    ),
}

CREATE = st.sampled_from(
    [
        "drop before",
        "drop after",
        "busy",
        "error before",
        "error after",
        "hang after",
        "wrong type",
        "refused",
        "refused content",
        "no account",
        "fails",
        "filtered",
        "forgotten",
    ]
)
READ = st.sampled_from(["drop before", "busy", "error before", "wrong type"])
CONTENT = st.sampled_from(["drop after", "truncated", "damaged", "expired", "slow", "busy"])
TIMES = st.integers(1, 3)
FAULTS = st.lists(
    st.one_of(
        st.builds(Fault, st.just("create"), CREATE, TIMES, st.integers(0, 1)),
        st.builds(
            Fault, st.sampled_from(["check", "list", "cancel", "delete"]), READ, TIMES, st.integers(0, 2)
        ),
        st.builds(Fault, st.just("content"), CONTENT, TIMES),
    ),
    max_size=3,
)
DEEDS = st.lists(st.tuples(st.sampled_from(["kill", "restart", "crash"]), st.integers(0, 8)), max_size=3)


@pytest.mark.parametrize("kind", KINDS)
def test_a_task_pays_once_and_no_money_is_forgotten(kind: str) -> None:
    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(faults=FAULTS, deeds=DEEDS)
    @example(faults=[Fault("create", "drop after")], deeds=[("crash", 1)])
    @example(faults=[], deeds=[("crash", 1), ("crash", 2), ("kill", 3)])
    @example(faults=[Fault("content", "truncated", 2)], deeds=[("crash", 4)])
    @example(faults=[Fault("create", "hang after")], deeds=[("kill", 1), ("crash", 1)])
    def run(faults: list[Fault], deeds: list[tuple[Deed, int]]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(asyncio.wait_for(live_through(KINDS[kind], faults, deeds, Path(folder)), 60))

    run()


async def live_through(kind: Kind, faults: list[Fault], deeds: list[tuple[Deed, int]], folder: Path) -> None:
    clock = VirtualClock()
    fake = kind.fake(FaultPlan(faults), clock)
    with serving(fake.app) as url:
        given = {kind.engine: dict(kind.options(url))}

        def opened() -> Any:
            return house(
                folder / "house",
                more_engines=(f"understudy.engines.{kind.engine}:engine",),
                casting={"*": (kind.engine,)},
                all_options=given,
                clock=clock,
            )

        async with AsyncExitStack() as stack:
            here: House = await stack.enter_async_context(opened())
            task = await order(here)
            for deed, requests in deeds:
                await until(lambda count=requests: len(fake.requests) >= count, here, task)  # type: ignore[misc]
                if deed == "kill":
                    with suppress(NotAllowed):  # it may be over already
                        await here.desk.kill(here.project, id=str(task.id))
                else:
                    here.crashed = deed == "crash"
                    await stack.aclose()
                    here = await stack.enter_async_context(opened())
            now = await at_rest(here, task)
            await check(here, now, await here.store.purchases(task=task.id), fake, kind.jobs(fake), folder)


async def until(condition: Callable[[], bool], here: House, task: Task) -> None:
    while not condition():
        now = await here.store.task(task.id)
        if now is None or is_terminal(now.status):
            return
        await asyncio.sleep(0.002)


async def at_rest(here: House, task: Task) -> Task:
    """The task when nothing is going on any more: neither of itself nor of what was bought for it."""
    while True:
        here.crew.counter.over.set()
        now = await here.store.task(task.id)
        assert now is not None
        is_open = await here.store.purchases(task=task.id, only_open=True)
        if is_terminal(now.status) and not is_open and not await here.store.leftovers():
            return now
        await asyncio.sleep(0.005)


async def check(
    here: House, task: Task, purchases: list[Purchase], fake: Any, jobs: Collection[str], folder: Path
) -> None:
    # Never twice.
    assert fake.paid <= 1
    # What was paid is delivered, or the operator sees it.
    if fake.paid:
        (paid,) = [each for each in purchases if each.outcome != "refused"]
        assert paid.remote_id in jobs or paid.outcome == "unknown"
    delivered = [each for each in purchases if each.outcome == "delivered"]
    assert (task.pexit == "0") == bool(delivered)
    if delivered:
        assert fake.paid == 1
        assert len(await here.store.outputs(task.id)) == 1
    # The ledgers agree: the operator's with the purchases, the project's with the task.
    charged = sum((each.charged or Decimal(0) for each in purchases), Decimal(0))
    assert sum((line.amount for line in await here.store.operator_ledger()), Decimal(0)) == -charged
    lines = await here.store.ledger(task.project)
    assert (len(lines) == 1) == (task.pexit == "0")
    # How they ended is counted.
    counts = await here.store.purchase_counts()
    assert sum(counts.values()) == len(purchases)
    # Nothing is left lying about.
    async with asyncio.timeout(5):
        # A run that was stopped while it stored a file takes that down in the background.
        while kept(folder / "house" / "files") != ([".jpg", ".mp4"] if delivered else []):
            await asyncio.sleep(0.01)


def kept(folder: Path) -> list[str]:
    return sorted(path.suffix for path in folder.rglob("*") if path.is_file())
