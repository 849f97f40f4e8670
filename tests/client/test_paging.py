"""Pages of tasks that shift while they are read."""

import pytest

from understudy.client.paging import PAGE, Pages
from understudy.client.records import Task


def page(*ids: int) -> tuple[Task, ...]:
    return tuple(Task(id=str(id), token="", status="", model="") for id in ids)


@pytest.mark.parametrize("newest_first", [True, False])
def test_what_stands_on_two_pages_is_told_once(newest_first: bool) -> None:
    order = range(200, 200 - PAGE, -1) if newest_first else range(1, PAGE + 1)
    pages = Pages(newest_first=newest_first)
    assert len(pages.news(page(*order))) == PAGE
    assert (pages.start, pages.more) == (PAGE, True)
    # Two tasks were made meanwhile, so the last two of the first page come once more.
    fresh = order[-1] - 1 if newest_first else order[-1] + 1
    assert [task.id for task in pages.news(page(*order[-2:], fresh))] == [str(fresh)]
    assert not pages.more


def test_a_page_that_is_not_full_is_the_last() -> None:
    pages = Pages(newest_first=True)
    assert pages.news(()) == []
    assert not pages.more
