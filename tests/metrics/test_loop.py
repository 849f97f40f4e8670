import asyncio
import time

from understudy.metrics.loop import LoopLag


async def test_the_worst_delay_since_the_last_look() -> None:
    lag = LoopLag()
    lag.start()
    await asyncio.sleep(0.15)
    lag.worst()
    time.sleep(0.4)  # noqa: ASYNC251 - what nobody should do
    await asyncio.sleep(0.15)
    assert 0.29 < lag.worst() < 5.0
    assert lag.worst() == 0.0
    lag.stop()


async def test_looking_ends() -> None:
    lag = LoopLag()
    lag.start()
    lag.stop()
    time.sleep(0.2)  # noqa: ASYNC251
    await asyncio.sleep(0.05)
    assert lag.worst() == 0.0
