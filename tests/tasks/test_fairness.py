"""Whose turn it is: the rule as properties, against a reference that says the rule as plainly as it can be said."""

import time
from collections import Counter
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from understudy.tasks.fairness import Head, Waiting, next_tasks
from understudy.tasks.records import Room, RunningLimits

MODELS = tuple(f"acme/m{number}" for number in range(4))


class Case(NamedTuple):
    waiting: list[Waiting]
    rooms: list[Room]
    limits: RunningLimits
    of_project: Counter[int]
    of_model: Counter[str]

    def chosen(self) -> list[int]:
        return next_tasks(
            self.waiting,
            self.rooms,
            self.limits,
            running_of_project=self.of_project,
            running_of_model=self.of_model,
        )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A few projects, models, rooms and limits; small numbers, so that ties and limits are met all the time."""
    pairs = draw(st.sets(st.tuples(st.integers(1, 5), st.sampled_from(MODELS)), max_size=12))
    own = {project: draw(st.integers(0, 4)) for project in range(1, 6)}
    ids = iter(draw(st.permutations(range(100))))
    waiting = []
    for project, model in draw(st.permutations(sorted(pairs))):
        heads = [Head(next(ids), draw(st.integers(-1, 1))) for _ in range(draw(st.integers(0, 6)))]
        heads.sort(key=lambda head: (-head.priority, head.id))
        waiting.append(Waiting(project=project, model=model, limit=own[project], heads=tuple(heads)))
    room_of = {model: draw(st.integers(0, 3)) for model in MODELS}  # 3: no engine has room for it
    rooms = [
        Room(models=tuple(model for model in MODELS if room_of[model] == number), places=draw(places))
        for number, places in enumerate([st.integers(-1, 6), st.integers(0, 3), st.integers(1, 1)])
    ]
    limits = RunningLimits(
        of_project=draw(st.integers(0, 5)),
        of_model={model: draw(st.integers(0, 4)) for model in draw(st.sets(st.sampled_from(MODELS)))},
    )
    of_project = Counter({project: draw(st.integers(0, 4)) for project in range(1, 6)})
    of_model = Counter({model: draw(st.integers(0, 4)) for model in MODELS})
    return Case(waiting, rooms, limits, of_project, of_model)


def reference(case: Case) -> list[int]:
    """One at a time, by looking at everything that waits."""
    left = [(each, head) for each in case.waiting for head in each.heads]
    room_of = {model: number for number, room in enumerate(case.rooms) for model in room.models}
    places = [room.places for room in case.rooms]
    of_project, of_model = Counter(case.of_project), Counter(case.of_model)
    chosen: list[int] = []

    def may_run(each: Waiting) -> bool:
        if each.model not in room_of or places[room_of[each.model]] <= 0:
            return False
        of_this_project = each.limit or case.limits.of_project
        if of_this_project and of_project[each.project] >= of_this_project:
            return False
        of_this_model = case.limits.of_model.get(each.model, 0)
        return not of_this_model or of_model[each.model] < of_this_model

    while able := [(each, head) for each, head in left if may_run(each)]:
        each, head = min(able, key=lambda pair: (of_project[pair[0].project], -pair[1].priority, pair[1].id))
        chosen.append(head.id)
        left.remove((each, head))
        places[room_of[each.model]] -= 1
        of_project[each.project] += 1
        of_model[each.model] += 1
    return chosen


@given(cases())
def test_it_is_the_rule(case: Case) -> None:
    assert case.chosen() == reference(case)


@given(cases())
def test_places_and_limits_hold(case: Case) -> None:
    queue_of = {head.id: each for each in case.waiting for head in each.heads}
    chosen = [queue_of[id] for id in case.chosen()]
    for room in case.rooms:
        assert sum(queue.model in room.models for queue in chosen) <= max(0, room.places)
    of_project = Counter(queue.project for queue in chosen)
    of_model = Counter(queue.model for queue in chosen)
    for queue in chosen:
        if most := queue.limit or case.limits.of_project:
            assert case.of_project[queue.project] + of_project[queue.project] <= most
        if most := case.limits.of_model.get(queue.model, 0):
            assert case.of_model[queue.model] + of_model[queue.model] <= most


@given(cases())
def test_no_place_stays_empty_while_something_may_run(case: Case) -> None:
    chosen = set(case.chosen())
    queue_of = {head.id: each for each in case.waiting for head in each.heads}
    of_project = case.of_project + Counter(queue_of[id].project for id in chosen)
    of_model = case.of_model + Counter(queue_of[id].model for id in chosen)
    for room in case.rooms:
        if sum(queue_of[id].model in room.models for id in chosen) >= room.places:
            continue
        for id in queue_of.keys() - chosen:
            queue = queue_of[id]
            own = queue.limit or case.limits.of_project
            model = case.limits.of_model.get(queue.model, 0)
            assert (
                queue.model not in room.models
                or (own and of_project[queue.project] >= own)
                or (model and of_model[queue.model] >= model)
            )


@given(cases())
def test_nothing_is_changed_and_the_order_of_what_waits_means_nothing(case: Case) -> None:
    of_project, of_model = case.of_project.copy(), case.of_model.copy()
    first = case.chosen()
    assert case._replace(waiting=case.waiting[::-1]).chosen() == first
    assert (case.of_project, case.of_model) == (of_project, of_model)


def test_a_project_with_fewer_running_comes_before_an_urgent_task_of_a_busy_one() -> None:
    busy = Waiting(project=1, model="acme/clip", heads=(Head(1, 9), Head(2, 9)))
    idle = Waiting(project=2, model="acme/clip", heads=(Head(3, 0), Head(4, 0)))
    room = Room(models=("acme/clip",), places=3)
    case = Case([busy, idle], [room], RunningLimits(), Counter({1: 1}), Counter({"acme/clip": 1}))
    assert case.chosen() == [3, 1, 4]


def test_ten_thousand_projects_may_wait() -> None:
    waiting = [
        Waiting(
            project=number,
            model=MODELS[number % len(MODELS)],
            heads=tuple(Head(number + 10_000 * place, place % 3) for place in range(3, 0, -1)),
        )
        for number in range(10_000)
    ]
    running = Counter({number: number % 7 for number in range(10_000)})
    case = Case(waiting, [Room(models=MODELS, places=32)], RunningLimits(of_project=5), running, Counter())
    began = time.process_time()
    chosen = case.chosen()
    took = time.process_time() - began
    assert len(chosen) == 32
    assert {running[id % 10_000] for id in chosen} == {0}
    assert took < 0.3, "10 to 20 ms; a pass over all of them for each place would take seconds"
