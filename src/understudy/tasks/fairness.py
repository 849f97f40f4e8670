"""Which of the waiting tasks come next: those of the project with the fewest running ones, then by priority, then by age."""

import heapq
from collections.abc import Iterable, Mapping, Sequence

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
    heads: Iterable[Head]
    """By priority, then by age; no fewer than there are places, unless no more wait. Only as many are taken out of it
    as are needed."""


def next_tasks(
    waiting: Iterable[Waiting],
    rooms: Sequence[Room],
    limits: RunningLimits,
    *,
    running_of_project: Mapping[int, int],
    running_of_model: Mapping[str, int],
) -> list[int]:
    """The ids of the tasks to claim, in order.

    Each of them counts as running for those after it. A model belongs to one room at most.
    """
    room_of = {model: place for place, room in enumerate(rooms) for model in room.models}
    places = [max(0, room.places) for room in rooms]
    of_project, of_model = dict(running_of_project), dict(running_of_model)
    queues = [each for each in waiting if each.model in room_of]
    rests = [iter(each.heads) for each in queues]
    heap = [
        (of_project.get(queue.project, 0), -head.priority, head.id, place)
        for place, queue in enumerate(queues)
        if (head := next(rests[place], None)) is not None
    ]
    # Once all rooms that anything waits for are full, nobody has to be passed over one by one.
    to_fill = sum(places[room] for room in {room_of[queue.model] for queue in queues})

    def may_run(queue: Waiting) -> bool:
        own = queue.limit or limits.of_project
        model = limits.of_model.get(queue.model, 0)
        return (
            places[room_of[queue.model]] > 0
            and not (own and of_project.get(queue.project, 0) >= own)
            and not (model and of_model.get(queue.model, 0) >= model)
        )

    heapq.heapify(heap)
    chosen: list[int] = []
    while heap and to_fill:
        running, before, id, place = heap[0]
        queue = queues[place]
        now = of_project.get(queue.project, 0)
        if not may_run(queue):  # places and limits only ever get tighter here
            heapq.heappop(heap)
        elif now != running:  # its project got a task meanwhile
            heapq.heapreplace(heap, (now, before, id, place))
        else:
            chosen.append(id)
            to_fill -= 1
            places[room_of[queue.model]] -= 1
            of_project[queue.project] = now + 1
            of_model[queue.model] = of_model.get(queue.model, 0) + 1
            if (head := next(rests[place], None)) is not None:
                heapq.heapreplace(heap, (now + 1, -head.priority, head.id, place))
            else:
                heapq.heappop(heap)
    return chosen
