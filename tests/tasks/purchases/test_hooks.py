"""A partner that calls is asked at once; who else calls changes nothing."""

import asyncio
import time
from pathlib import Path

from tests.tasks.purchases.shop import ENGINE, end_of, order, partner, reached, settled, shop


async def test_a_call_ends_the_pause(tmp_path: Path) -> None:
    with partner(seconds=300) as there:
        async with shop(tmp_path / "house", there, virtual=False, options={"webhooks": True}) as house:
            task = await order(house)
            purchase = await reached(house, task, "submitted")
            counter = house.crew.counter
            assert counter.hook_url(purchase).endswith(f"/v1/hooks/{purchase.hook}")
            began = time.monotonic()
            pausing = asyncio.create_task(counter.pause(purchase, 60))
            await asyncio.sleep(0.01)
            assert counter.called(purchase.hook)
            await asyncio.wait_for(pausing, 5)
            assert time.monotonic() - began < 5
            there.clock.advance(300)
            counter.called(purchase.hook)
            assert (await settled(house, task)).outcome == "delivered"
            # Nobody waits for it any more.
            assert not counter.called(purchase.hook)


async def test_nobody_is_given_an_address_unless_the_operator_wants_that(tmp_path: Path) -> None:
    with partner() as there:
        async with shop(tmp_path / "house", there) as house:
            task = await order(house)
            await end_of(house, task)
            purchase = await settled(house, task)
            assert purchase.engine == ENGINE
            assert house.crew.counter.hook_url(purchase) == ""
            assert not house.crew.counter.called("somebody else's")
