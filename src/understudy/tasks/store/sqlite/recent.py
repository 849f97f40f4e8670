"""The tasks that were changed or read last, in memory: who polls a task asks for the same one again and again.

They are right because one process writes the tasks of an embedded store (its data folder is locked): every change
passes through here in the order of its commit, whether its caller still waits or not.
"""

from understudy.tasks.records import Task

MOST = 2000
LARGEST = 16 * 1024
"""Characters of prompt and log above which a task is not kept: memory stays below 32 MB."""


class RecentTasks:
    """Tasks by id and by token."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._tasks: dict[int, Task] = {}
        self._ids: dict[str, int] = {}

    def by_id(self, id: int) -> Task | None:
        """The task, if it is here."""
        return self._tasks.get(id)

    def by_token(self, token: str) -> Task | None:
        """The task, if it is here."""
        return self._tasks.get(self._ids.get(token, 0))

    def keep(self, task: Task) -> None:
        """The task as it is now; the one that was kept longest without a change gives way."""
        self.drop(task.id)
        if _size(task) > LARGEST:
            return
        if len(self._tasks) >= self._most:
            self.drop(next(iter(self._tasks)))
        self._tasks[task.id] = task
        self._ids[task.token] = task.id

    def drop(self, id: int) -> None:
        """It is not known here any more how the task is."""
        task = self._tasks.pop(id, None)
        if task is not None:
            del self._ids[task.token]


def _size(task: Task) -> int:
    texts = (value for value in task.values.values() if isinstance(value, str))
    return len(task.stdout) + len(task.stderr) + sum(map(len, texts))
