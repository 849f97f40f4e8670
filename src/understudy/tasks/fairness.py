"""Which of the waiting tasks come next: those of the project with the fewest running ones, then by priority, then by age."""

import heapq
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from understudy.tasks.records import Room, RunningLimits


class Head(msgspec.Struct, frozen=True):
    """A task at the head of a queue."""

    id: int
    """Rises with the age: the lower, the older."""
    priority: int


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for one model in one project."""

    project: int
    model: str
    limit: int = 0
    """The project's own limit of running tasks; 0 if it has none."""
    heads: tuple[Head, ...]
    """By priority, then by age; no fewer than there are places, unless no more wait."""


def next_tasks(
    waiting: Iterable[Waiting],
    rooms: Sequence[Room],
    limits: RunningLimits,
    *,
    running_of_project: Counter[int],
    running_of_model: Counter[str],
) -> list[int]:
    """The ids of the tasks to claim, in order.

    Each of them counts as running for those after it. A model belongs to one room at most.
    """
    room_of = {model: place for place, room in enumerate(rooms) for model in room.models}
    places = [room.places for room in rooms]
    of_project, of_model = Counter(running_of_project), Counter(running_of_model)
    queues = [_Queue(each) for each in waiting if each.model in room_of and each.heads]

    def may_run(queue: _Queue) -> bool:
        own = queue.limit or limits.of_project
        model = limits.of_model.get(queue.model, 0)
        return (
            places[room_of[queue.model]] > 0
            and not (own and of_project[queue.project] >= own)
            and not (model and of_model[queue.model] >= model)
        )

    def rank(place: int) -> tuple[int, int, int, int]:
        queue = queues[place]
        return (of_project[queue.project], -queue.head.priority, queue.head.id, place)

    heap = [rank(place) for place in range(len(queues))]
    heapq.heapify(heap)
    chosen: list[int] = []
    while heap:
        was = heapq.heappop(heap)
        queue = queues[was[-1]]
        if not may_run(queue):  # places and limits only ever get tighter here
            continue
        if (now := rank(was[-1])) != was:  # its project got a task meanwhile
            heapq.heappush(heap, now)
            continue
        chosen.append(queue.head.id)
        places[room_of[queue.model]] -= 1
        of_project[queue.project] += 1
        of_model[queue.model] += 1
        if queue.step():
            heapq.heappush(heap, rank(was[-1]))
    return chosen


class _Queue:
    def __init__(self, waiting: Waiting) -> None:
        self.project = waiting.project
        self.model = waiting.model
        self.limit = waiting.limit
        self._heads = waiting.heads
        self._next = 0

    @property
    def head(self) -> Head:
        return self._heads[self._next]

    def step(self) -> bool:
        """On to the next one, if there is one."""
        self._next += 1
        return self._next < len(self._heads)
