"""The tasks that were read last, with the version that was read: the server sends only what has changed since.

Every read still asks the server, so it is as fresh as one without this; an unchanged row costs neither its bytes nor
its decoding, and whoever keeps something by a record finds the same record again.
"""

from understudy.tasks.records import Task

MOST = 2000
LARGEST = 16 * 1024
"""Characters of prompt and log above which a task is not kept: memory stays below 32 MB."""


class KnownTasks:
    """Tasks and their versions by id."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._tasks: dict[int, tuple[int, Task]] = {}

    def version(self, id: int) -> int | None:
        """Of the task, if it is here."""
        known = self._tasks.get(id)
        return known[0] if known else None

    def task(self, id: int) -> Task | None:
        """The task, if it is here."""
        known = self._tasks.get(id)
        return known[1] if known else None

    def keep(self, version: int, task: Task) -> None:
        """The task as it was read; the one that was kept longest without a change gives way."""
        self._tasks.pop(task.id, None)
        if _size(task) > LARGEST:
            return
        if len(self._tasks) >= self._most:
            del self._tasks[next(iter(self._tasks))]
        self._tasks[task.id] = (version, task)


def _size(task: Task) -> int:
    texts = (value for value in task.values.values() if isinstance(value, str))
    return len(task.stdout) + len(task.stderr) + sum(map(len, texts))
