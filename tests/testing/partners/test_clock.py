import time

import pytest

from understudy.testing.partners.clock import VirtualClock


def test_it_stands_still_until_it_is_moved() -> None:
    clock = VirtualClock(speed=0, start=1000)
    time.sleep(0.01)
    assert clock() == 1000
    clock.advance(30)
    assert clock() == 1030


def test_it_passes_faster_than_real_time() -> None:
    clock = VirtualClock(speed=1000)
    assert clock() == pytest.approx(time.time(), abs=5)
    before = clock()
    time.sleep(0.02)
    assert clock() - before >= 20


async def test_sleeping_takes_no_time() -> None:
    clock = VirtualClock(speed=0, start=0)
    began = time.monotonic()
    await clock.sleep(3600)
    assert clock() == 3600
    assert time.monotonic() - began < 5
