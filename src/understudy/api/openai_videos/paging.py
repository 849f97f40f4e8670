"""One page of a project's videos, from a cursor on."""

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

import msgspec

from understudy.api.openai_videos.naming import is_gone, task_id
from understudy.api.openai_videos.refusals import Refused
from understudy.tasks.records import Task

MOST = 100
"""Videos on one page."""
MOST_LOOKED_AT = 1000
"""Tasks that one request looks at, deleted ones among them."""

Fetch = Callable[[int, int], Awaitable[list[Task]]]
"""So many tasks from a place on, in the order of the list."""


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """Which page."""

    after: int = 0
    """The task behind which it begins; 0 for the first page."""
    limit: int = 20
    ascending: bool = False


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Some videos."""

    tasks: list[Task]
    last: int
    """The task up to which was looked; 0 for none."""
    more: bool


def read_query(text: bytes) -> Query:
    """The query of an address. Raises `Refused`."""
    given = dict(parse_qsl(text.decode("latin-1"), keep_blank_values=True))
    limit, order, after = given.get("limit", "20"), given.get("order", "desc"), given.get("after", "")
    if not (limit.isascii() and limit.isdigit() and len(limit) < 4 and 1 <= int(limit) <= MOST):
        raise Refused(400, f"limit takes a whole number from 1 to {MOST}.", param="limit")
    if order not in ("asc", "desc"):
        raise Refused(400, "order takes asc or desc.", param="order")
    if after and not task_id(after):
        raise Refused(400, "after takes the id of a video.", param="after")
    return Query(after=int(task_id(after) or 0), limit=int(limit), ascending=order == "asc")


async def read_page(query: Query, fetch: Fetch) -> Page:
    """The page. One with many deleted videos in it may be short, or even empty, and yet not the last."""
    start = await _place_after(query, fetch)
    found: list[Task] = []
    last = 0
    step = query.limit + 1
    for place in range(start, start + MOST_LOOKED_AT, step):
        tasks = await fetch(place, step)
        for task in tasks:
            if is_gone(task):
                last = task.id
            elif len(found) < query.limit:
                found.append(task)
                last = task.id
            else:
                return Page(tasks=found, last=found[-1].id, more=True)
        if len(tasks) < step:
            return Page(tasks=found, last=found[-1].id if found else 0, more=False)
    return Page(tasks=found, last=last, more=True)


async def _place_after(query: Query, fetch: Fetch) -> int:
    """How many tasks of the list come before the page: ids rise, so steps that double, then halve, find it."""
    if not query.after:
        return 0

    async def is_behind(place: int) -> bool:
        tasks = await fetch(place, 1)
        return not tasks or (tasks[0].id > query.after if query.ascending else tasks[0].id < query.after)

    low, high = 0, 1
    while not await is_behind(high - 1):
        low, high = high, 2 * high
    # Everything up to `low` is not behind the cursor, the one at `high - 1` is.
    high -= 1
    while low < high:
        middle = (low + high) // 2
        if await is_behind(middle):
            high = middle
        else:
            low = middle + 1
    return low
