"""The driver's library, stood in for by an object: what is behind its pointers is filled in as the driver does."""

import asyncio
import threading
from typing import Any

import pytest

from understudy.executors.card_memory import CardMemory, Memory

GIB = 1024**3


class Driver:
    """NVML as it answers: 0 for success, else a code."""

    def __init__(self, cards: list[Memory | None], starts: int = 0) -> None:
        self.cards = cards
        self.starts = starts
        self.asked = 0

    def nvmlInit_v2(self) -> int:  # noqa: N802 - the driver\'s own name
        return self.starts

    def nvmlDeviceGetCount_v2(self, number: Any) -> int:  # noqa: N802 - the driver\'s own name
        self.asked += 1
        number._obj.value = len(self.cards)
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, card: Any, handle: Any) -> int:  # noqa: N802 - the driver\'s own name
        handle._obj.value = 1000 + card.value
        return 0

    def nvmlDeviceGetMemoryInfo(self, handle: Any, info: Any) -> int:  # noqa: N802 - the driver\'s own name
        memory = self.cards[handle.value - 1000]
        if memory is None:
            return 3  # not supported
        info._obj.total, info._obj.used, info._obj.free = (
            memory.total,
            memory.used,
            memory.total - memory.used,
        )
        return 0


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_cards_of_this_machine() -> None:
    driver = Driver([Memory(used=3 * GIB, total=80 * GIB), None, Memory(used=0, total=24 * GIB)])
    cards = CardMemory(lambda _: driver)
    assert asyncio.run(cards.read()) == {
        "0": Memory(used=3 * GIB, total=80 * GIB),
        "2": Memory(used=0, total=24 * GIB),
    }


async def test_it_is_asked_every_few_seconds_at_most() -> None:
    driver, clock = Driver([Memory(used=1, total=2)]), Clock()
    cards = CardMemory(lambda _: driver, clock)
    await asyncio.gather(*(cards.read() for _ in range(5)))
    driver.cards = [Memory(used=2, total=2)]
    assert await cards.read() == {"0": Memory(used=1, total=2)}
    assert driver.asked == 1
    clock.now += 6
    assert await cards.read() == {"0": Memory(used=2, total=2)}


@pytest.mark.parametrize("starts", [None, 9], ids=["no library", "no driver"])
async def test_a_machine_without_cards_is_asked_once(starts: int | None) -> None:
    opened, clock = [], Clock()

    def load(name: str) -> Driver:
        opened.append(name)
        if starts is None:
            raise OSError("cannot open shared object file")
        return Driver([], starts)

    cards = CardMemory(load, clock)
    for _ in range(3):
        assert await cards.read() == {}
        clock.now += 60
    assert opened == ["libnvidia-ml.so.1"]


async def test_a_driver_that_hangs_keeps_one_thread_and_nobody_waits_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("understudy.executors.card_memory._PATIENCE_SECONDS", 0.05)
    freed, asked = threading.Event(), []

    class Hanging(Driver):
        def nvmlInit_v2(self) -> int:  # noqa: N802 - the driver\'s own name
            asked.append(1)
            freed.wait(20)
            return 0

    cards = CardMemory(lambda _: Hanging([Memory(used=1, total=2)]))
    for _ in range(3):
        assert await cards.read() == {}
    assert len(asked) == 1
    freed.set()
    monkeypatch.setattr("understudy.executors.card_memory._PATIENCE_SECONDS", 5.0)
    assert await cards.read() == {"0": Memory(used=1, total=2)}
