"""What the shared store does without a database: gathering, and texts that PostgreSQL cannot hold."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.tasks.store.postgres.cells import from_text, to_text
from understudy.tasks.store.postgres.gathering import Gatherer


class Work:
    """Doubles numbers, slowly."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    async def __call__(self, items: list[int]) -> Sequence[int | Exception]:
        self.batches.append(items)
        await asyncio.sleep(0.01)
        if -1 in items:
            raise RuntimeError("all of it")
        return [ValueError("this one") if item == 0 else 2 * item for item in items]


async def test_what_is_asked_for_meanwhile_is_done_next_and_together() -> None:
    work = Work()
    gatherer = Gatherer(work)
    first = gatherer.ask(1)
    await asyncio.sleep(0.002)
    rest = [gatherer.ask(number) for number in (2, 3, 2)]
    assert await asyncio.gather(first, *rest) == [2, 4, 6, 4]
    assert work.batches == [[1], [2, 3, 2]]
    assert await gatherer.ask(5) == 10, "it begins again after it was done"


async def test_each_has_its_own_result_and_all_share_a_failure() -> None:
    gatherer = Gatherer(Work())
    results = await asyncio.gather(*map(gatherer.ask, (1, 0, 3)), return_exceptions=True)
    assert [type(result) for result in results] == [int, ValueError, int]
    results = await asyncio.gather(*map(gatherer.ask, (1, -1)), return_exceptions=True)
    assert [str(result) for result in results] == ["all of it"] * 2


async def test_what_clashes_is_done_one_after_the_other() -> None:
    work = Work()
    gatherer = Gatherer(work)
    asked = [
        gatherer.ask(number, clash) for number, clash in ((1, "a"), (2, "a"), (3, None), (4, None), (5, "a"))
    ]
    assert await asyncio.gather(*asked) == [2, 4, 6, 8, 10]
    assert work.batches == [[1, 3, 4], [2], [5]]


async def test_no_more_in_one_piece_and_at_a_time_than_allowed() -> None:
    work = Work()
    gatherer = Gatherer(work, flights=2, most=3)
    await asyncio.gather(*map(gatherer.ask, range(1, 9)))
    assert [len(batch) for batch in work.batches] == [3, 3, 2]


async def test_who_stops_waiting_is_passed_over() -> None:
    work = Work()
    gatherer = Gatherer(work)
    impatient = asyncio.create_task(asyncio.wait_for(gatherer.ask(1), 0.001))
    other = gatherer.ask(2)
    with pytest.raises(TimeoutError):
        await impatient
    assert await other == 4


@given(st.text(st.characters(exclude_categories=()) | st.sampled_from("\0\x1a0"), max_size=30))
def test_any_text_comes_back(text: str) -> None:
    written = to_text(text)
    assert "\0" not in written
    written.encode()
    assert from_text(written) == text
