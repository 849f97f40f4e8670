"""Pages from a cursor on: complete, in order, without a double, however many were deleted in between."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tasks.examples import new_task
from understudy.api.openai_videos.naming import DOOR, video_id
from understudy.api.openai_videos.paging import MOST_LOOKED_AT, Page, Query, read_page, read_query
from understudy.api.openai_videos.refusals import Refused
from understudy.tasks.records import Task

TASK = new_task(1).task


def task(id: int, gone: bool = False) -> Task:
    return msgspec.structs.replace(TASK, id=id, door=DOOR, files_deleted=gone)


class Tasks:
    """A project's tasks, as the store pages them."""

    def __init__(self, tasks: list[Task]) -> None:
        self.tasks = tasks
        self.asked = 0

    async def page(self, query: Query) -> Page:
        ordered = sorted(self.tasks, key=lambda each: each.id, reverse=not query.ascending)

        async def fetch(start: int, limit: int) -> list[Task]:
            self.asked += 1
            return ordered[start : start + limit]

        return await read_page(query, fetch)


@given(
    ids=st.dictionaries(st.integers(1, 300), st.booleans(), max_size=80),
    limit=st.integers(1, 20),
    ascending=st.booleans(),
)
async def test_following_the_pages_gives_every_video_once(
    ids: dict[int, bool], limit: int, ascending: bool
) -> None:
    tasks = Tasks([task(id, gone) for id, gone in ids.items()])
    found: list[int] = []
    after = 0
    while True:
        page = await tasks.page(Query(after=after, limit=limit, ascending=ascending))
        assert len(page.tasks) <= limit
        found += [each.id for each in page.tasks]
        if not page.more:
            break
        assert len(page.tasks) == limit
        after = page.last
    assert found == sorted((id for id, gone in ids.items() if not gone), reverse=not ascending)


@given(after=st.integers(1, 400), ascending=st.booleans())
async def test_any_number_may_be_the_cursor(after: int, ascending: bool) -> None:
    ids = [*range(3, 60, 3), 100, 200]
    page = await Tasks([task(id) for id in ids]).page(Query(after=after, limit=100, ascending=ascending))
    assert {each.id for each in page.tasks} == {id for id in ids if (id > after if ascending else id < after)}


async def test_the_place_of_a_cursor_is_found_in_few_steps() -> None:
    tasks = Tasks([task(id) for id in range(1, 5001)])
    page = await tasks.page(Query(after=2500, limit=1))
    assert page.tasks[0].id == 2499
    assert tasks.asked < 30


async def test_what_one_request_looks_at_is_bounded() -> None:
    tasks = Tasks([task(id, gone=id > 50) for id in range(1, 3001)])
    page = await tasks.page(Query(limit=99))
    assert (page.tasks, page.more, page.last) == ([], True, 3001 - MOST_LOOKED_AT)
    assert tasks.asked == MOST_LOOKED_AT // 100


def test_reading_the_query() -> None:
    assert read_query(b"") == Query(after=0, limit=20, ascending=False)
    assert read_query(f"after={video_id(7)}&limit=100&order=asc".encode()) == Query(
        after=7, limit=100, ascending=True
    )


@pytest.mark.parametrize(
    "text",
    [b"limit=%ff", b"limit=\xb2", b"after=video_%F0", b"after=video_" + b"9" * 5000, b"order=" + b"a" * 5000],
)
def test_a_query_that_makes_no_sense(text: bytes) -> None:
    with pytest.raises(Refused):
        read_query(text)


def test_what_is_no_part_of_the_protocol_is_passed_over() -> None:
    assert read_query(b"\xff&x=1") == Query()
