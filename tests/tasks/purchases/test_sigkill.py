"""A real server, ended by SIGKILL at the worst moments and started again: paid once, and delivered or accounted for."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from tests.tasks.purchases.shop import ENGINE, PRICE
from understudy import data_folder
from understudy.client import Client
from understudy.tasks.records import OperatorLine, Purchase
from understudy.tasks.store.sqlite.store import open_sqlite
from understudy.testing.live import Live, start
from understudy.testing.partners.faults import Fault, FaultPlan
from understudy.testing.partners.openai_videos import OpenAIVideos
from understudy.testing.partners.serving import serving

SORA = "openai/sora-2-pro"
INPUTS = {"prompt": "A quiet road.", "seconds": "4", "resolution": "720p"}


def test_killed_three_times_paid_once_and_delivered(tmp_path: Path) -> None:
    """Slow, because the server starts four times."""
    # Each answer that a kill is to come before is long in coming.
    plan = FaultPlan([Fault("create", "slow", seconds=5), Fault("content", "slow", seconds=5)])
    fake = OpenAIVideos(plan, seconds=6)
    with serving(fake.app) as partner:
        with running(tmp_path, partner) as server, Client(data=server.data) as client:
            task = client.submit(SORA, INPUTS)
            until(lambda: fake.paid == 1)
        with running(tmp_path, partner):
            until(lambda: asked(fake, "check") > 0)
        with running(tmp_path, partner):
            until(lambda: asked(fake, "content") > 0)
        with running(tmp_path, partner) as server, Client(data=server.data) as client:
            over = client.wait(task, timeout=30)
            assert over.succeeded
            assert over.clip is not None
            clip = client.download(over.clip, tmp_path / "clip.mp4")
            assert clip.read_bytes() == fake.clip
            server.stop()
    assert (fake.paid, asked(fake, "create")) == (1, 1)
    (purchase,), (line,) = remembered(tmp_path)
    assert (purchase.outcome, purchase.remote_id) == ("delivered", next(iter(fake.jobs)))
    assert line.amount == -Decimal(PRICE)


def test_stopped_by_its_caller_and_killed_before_the_answer(tmp_path: Path) -> None:
    fake = OpenAIVideos(FaultPlan([Fault("create", "slow", seconds=5)]), seconds=0.5)
    with serving(fake.app) as partner:
        with running(tmp_path, partner) as server, Client(data=server.data) as client:
            task = client.submit(SORA, INPUTS)
            until(lambda: fake.paid == 1)
            assert "is being looked up" in client.kill(task).reason
        with running(tmp_path, partner) as server, Client(data=server.data) as client:
            until(lambda: "may charge the operator" in client.task(task).reason)
            server.stop()
    assert (fake.paid, asked(fake, "create")) == (1, 1)
    (purchase,), (line,) = remembered(tmp_path)
    assert (purchase.outcome, purchase.remote_id) == ("abandoned", next(iter(fake.jobs)))
    assert line.amount == -Decimal(PRICE)


@contextmanager
def running(folder: Path, partner: str) -> Iterator[Live]:
    """A server on the same data folder, killed at the end."""
    options = {"base_url": f"{partner}/v1", "api_key": "test-key", "model": "sora-2-pro", "profile": "openai"}
    config = "\n".join(f"engine.{ENGINE}.{name} = {json.dumps(value)}" for name, value in options.items())
    server = start(folder / "server", engine=ENGINE, config=config)
    try:
        yield server
    finally:
        server.sigkill()


def asked(fake: OpenAIVideos, step: str) -> int:
    return sum(each.step == step for each in fake.requests)


def until(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def remembered(folder: Path) -> tuple[list[Purchase], list[OperatorLine]]:
    async def read() -> tuple[list[Purchase], list[OperatorLine]]:
        store = await open_sqlite(folder / "server" / "data" / data_folder.DATABASE)
        try:
            return await store.purchases(), await store.operator_ledger()
        finally:
            await store.close()

    return asyncio.run(read())
