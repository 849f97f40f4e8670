"""Going through all pages of the list of tasks. No I/O happens here."""

from understudy.client.records import Task

PAGE = 100
"""Tasks on a page: as many as the server gives at once."""


class Pages:
    """Where the pages have come to. Tasks that are made meanwhile move others to a later page; none is told twice."""

    def __init__(self, *, newest_first: bool) -> None:
        self.start = 0
        self.more = True
        self._newest_first = newest_first
        self._last: int | None = None

    def news(self, page: tuple[Task, ...]) -> list[Task]:
        """What is new on the next page. Ids rise, so it is what lies behind the last one."""
        self.start += len(page)
        self.more = len(page) == PAGE
        fresh = [task for task in page if self._lies_behind(int(task.id))]
        if fresh:
            self._last = int(fresh[-1].id)
        return fresh

    def _lies_behind(self, id: int) -> bool:
        if self._last is None:
            return True
        return id < self._last if self._newest_first else id > self._last
