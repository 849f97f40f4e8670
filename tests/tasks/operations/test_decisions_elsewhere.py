"""Decisions that another process of the installation has made, on a real PostgreSQL."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from tests.postgres import connected, server, stores
from tests.tasks.operations.deciding import ROAD, Process, cpr, started
from understudy.tasks.operations import decisions as decisions_module
from understudy.tasks.store.postgres.store import PostgresStore
from understudy.testing.proxy import Proxy


@asynccontextmanager
async def both(url: str = "", second: PostgresStore | None = None) -> AsyncIterator[tuple[Process, Process]]:
    """Two processes on one database."""
    async with stores(2, url) as (here, there):
        one, two = await started(Process(here)), await started(Process(second or there))
        try:
            yield one, two
        finally:
            await one.decisions.stop()
            await two.decisions.stop()


class TestTwoProcesses:
    async def test_carry_out_what_one_of_them_decides(self) -> None:
        async with both() as (one, two):
            heard = asyncio.Event()
            two.decisions.on_change(heard.set)
            began = time.monotonic()
            await one.decisions.offer("acme/road", False, "Ada")
            await one.decisions.price("acme/road", cpr("0.5"), "Ada")
            await one.decisions.cast("acme/road", ["two"], "Ada")
            await one.decisions.hold("one", "drained", "Ada")
            while two.decisions.held != {"one": "drained"}:
                await asyncio.wait_for(heard.wait(), 10)
                heard.clear()
            assert time.monotonic() - began < 5.0, "a second, and what a busy machine needs"
            assert two.road == one.road != ROAD
            assert two.players() == ["two"]
            assert two.decisions.made == one.decisions.made
            await two.decisions.hold("one", None, "Bob")
            assert two.decisions.held == {}
            await until(lambda: not one.decisions.held)

    async def test_a_price_that_was_set_this_moment_elsewhere_is_charged(self) -> None:
        async with both() as (one, two):
            await one.decisions.price("acme/road", cpr("0.5"), "Ada")
            charged = await two.decisions.announced(ROAD, 1000.0)
            assert charged.prices == cpr("0.5").prices

    async def test_of_two_decisions_in_one_moment_none_is_overlooked(self) -> None:
        url = await server().new_database()
        async with both(url) as (one, two):
            await two.decisions.offer("acme/sea", False, "Ada")
            async with connected(url) as slow:
                transaction = slow.transaction()
                await transaction.start()
                await slow.execute(
                    'INSERT INTO decisions (kind, name, value, "by", at) VALUES ($1, $2, $3, $4, $5)',
                    "enabled",
                    "acme/road",
                    "false",
                    "Bob",
                    1.0,
                )
                await one.decisions.hold("one", "paused", "Ada")
                await two.decisions.refresh()
                assert two.decisions.held == {"one": "paused"}
                assert two.road.enabled
                await transaction.commit()
            await two.decisions.refresh()
            assert not two.road.enabled
            assert [each.by for each in two.decisions.made] == ["Ada", "Bob", "Ada"]

    async def test_while_the_store_is_away_that_is_said_once_and_then_it_goes_on(
        self, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(decisions_module, "LOOK_SECONDS", 0.05)
        caplog.set_level(logging.INFO, "understudy.tasks.outage")
        url = await server().new_database()
        through = url.replace(f":{server().port}/", ":{}/")
        async with (
            Proxy("127.0.0.1", server().port) as proxy,
            stores(1, through.format(proxy.port)) as (far,),
            both(url, far) as (one, two),
        ):
            await proxy.refuse()
            await one.decisions.offer("acme/road", False, "Ada")
            await until(lambda: bool(caplog.messages))
            await asyncio.sleep(0.5)
            assert two.road.enabled
            await proxy.forward()
            await until(lambda: not two.road.enabled)
            away, back = caplog.messages
            assert away.startswith(
                "the store is away, and what operators decide elsewhere is not carried out: "
            )
            assert back == "the store answers again"


async def until(there: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not there():
            await asyncio.sleep(0.02)
