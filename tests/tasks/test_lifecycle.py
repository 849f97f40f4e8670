"""Random interleavings of everything that can happen to a task, against a model of it, on a real store."""

import asyncio
import tempfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.tasks.examples import new_task, project
from understudy.tasks import lifecycle
from understudy.tasks.lifecycle import PATH, RUNNING, TERMINAL, Status
from understudy.tasks.records import Charge, Room, RunningLimits, Task
from understudy.tasks.store.sqlite.store import open_sqlite

WORKERS = ("one", "two")
MAX_ATTEMPTS = 3


class Life(RuleBasedStateMachine):
    """Two workers, a caller who cancels and kills, and leases that run out.

    A worker may go on with what it believes it holds long after it was taken away from it: only its writes tell it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.now = 1000.0
        self.beliefs: dict[str, Task] = {}
        self.attempts = 0
        self.ends: list[str] = []
        self.charged = 0
        self.store = self.wait(open_sqlite(Path(self.folder.name) / "life.db"))
        owner = self.wait(self.store.add_project(project()))
        task, _ = self.wait(self.store.submit(new_task(owner.id, callback_url="https://example.com/hook")))
        self.id = task.id
        self.status = Status.QUEUE.value
        self.holder = ""

    def teardown(self) -> None:
        self.wait(self.store.close())
        self.loop.close()
        self.folder.cleanup()

    def wait(self, coroutine):  # type: ignore[no-untyped-def]
        return self.loop.run_until_complete(coroutine)

    def apply(self, change: lifecycle.Change) -> Task | None:
        after = self.wait(self.store.apply(self.id, change))
        if after is not None and change.ends:
            self.ends.append(after.status)
        return after

    @rule(worker=st.sampled_from(WORKERS))
    def claim(self, worker: str) -> None:
        self.now += 1
        room = Room(models=("acme/clip",), places=1)
        tasks = self.wait(self.store.claim(worker, [room], RunningLimits(), at=self.now, until=self.now + 10))
        assert len(tasks) == (self.status == Status.QUEUE)
        for task in tasks:
            self.attempts += 1
            assert task.attempts == self.attempts
            assert (task.accepted, task.lease_owner, task.status) == (self.now, worker, Status.ACCEPT)
            self.beliefs[worker] = task
            self.status, self.holder = task.status, worker

    def holds(self, worker: str) -> bool:
        believed = self.beliefs[worker]
        return self.holder == worker and believed.attempts == self.attempts and self.status == believed.status

    @precondition(lambda self: self.beliefs)
    @rule(data=st.data(), forward=st.integers(1, 5))
    def advance(self, data: st.DataObject, forward: int) -> None:
        worker = data.draw(st.sampled_from(sorted(self.beliefs)))
        believed = self.beliefs[worker]
        to = PATH[min(PATH.index(Status(believed.status)) + forward, len(PATH) - 2)]
        if to.value == believed.status:
            return
        held = self.holds(worker)
        self.now += 1
        after = self.apply(lifecycle.advance(believed, to, self.now))
        assert (after is not None) == held
        if after is None:
            del self.beliefs[worker]
        else:
            self.beliefs[worker] = after
            self.status = after.status

    @precondition(lambda self: self.beliefs)
    @rule(data=st.data(), success=st.booleans())
    def complete(self, data: st.DataObject, success: bool) -> None:
        worker = data.draw(st.sampled_from(sorted(self.beliefs)))
        believed = self.beliefs.pop(worker)
        held = self.holds_popped(worker, believed)
        self.now += 1
        if success and PATH.index(Status(believed.status)) >= PATH.index(Status.START):
            charge = Charge(amount=Decimal("0.25"))
            change = lifecycle.finish(believed, self.now, pexit="0", charge=charge, cost="0.25")
        else:
            change = lifecycle.fail(believed, self.now, "broken")
        after = self.apply(change)
        assert (after is not None) == held
        if after is not None:
            self.charged += change.charge is not None
            self.status, self.holder = after.status, ""

    def holds_popped(self, worker: str, believed: Task) -> bool:
        self.beliefs[worker] = believed
        held = self.holds(worker)
        del self.beliefs[worker]
        return held

    @precondition(lambda self: self.beliefs)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        worker = data.draw(st.sampled_from(sorted(self.beliefs)))
        believed = self.beliefs.pop(worker)
        held = self.holder == worker and believed.attempts == self.attempts and self.status in RUNNING
        after = self.apply(lifecycle.give_back(believed))
        assert (after is not None) == held
        if after is not None:
            self.attempts -= 1
            self.status, self.holder = Status.QUEUE.value, ""
            assert after.accepted == after.started == 0.0

    @rule()
    def lose_lease(self) -> None:
        self.now += 11
        for task in self.wait(self.store.expired(self.now)):
            after = self.apply(lifecycle.recover(task, self.now, MAX_ATTEMPTS, "lost"))
            assert after is not None
            assert (after.status == Status.QUEUE) == (self.attempts < MAX_ATTEMPTS)
            self.status, self.holder = after.status, ""

    @rule()
    def cancel(self) -> None:
        self.now += 1
        after = self.apply(lifecycle.cancel(self.now))
        assert (after is not None) == (self.status == Status.QUEUE)
        if after is not None:
            self.status = Status.CANCEL.value

    @rule()
    def kill(self) -> None:
        self.now += 1
        after = self.apply(lifecycle.kill(self.now))
        assert (after is not None) == (self.status not in TERMINAL)
        if after is not None:
            assert after.cancelled == self.now
            self.status, self.holder = Status.CANCEL.value, ""

    @invariant()
    def as_modelled(self) -> None:
        task = self.wait(self.store.task(self.id))
        assert task.status == self.status
        assert bool(task.lease_owner) == (self.status in RUNNING)
        assert task.attempts == self.attempts <= MAX_ATTEMPTS
        assert len(self.ends) == (self.status in TERMINAL)
        assert len(self.wait(self.store.deliveries(self.id))) == len(self.ends)
        assert len([line for line in self.wait(self.store.ledger(task.project)) if line.task]) == self.charged
        assert self.wait(self.store.depth()) == {self.status: 1}


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def test_times_of_every_status_passed_are_set() -> None:
    task = new_task(1).task
    change = lifecycle.advance(task, Status.ASSIGN, 5.0)
    assert change.fields == {
        "status": "task_assign",
        "accepted": 5.0,
        "preprocess_started": 5.0,
        "preprocess_ended": 5.0,
        "assigned": 5.0,
    }
    assert change.expect == ("task_queue",)


@pytest.mark.parametrize("status", [Status.QUEUE, Status.START, Status.END])
def test_nothing_goes_backwards(status: Status) -> None:
    task = new_task(1, status=Status.END.value).task
    with pytest.raises(ValueError, match="does not go"):
        lifecycle.advance(task, status, 1.0)


def test_a_task_that_never_started_ends_as_an_error() -> None:
    task = new_task(1, status=Status.PREPROCESS_START.value).task
    assert lifecycle.fail(task, 1.0, "no picture").to == Status.ERROR
    with pytest.raises(ValueError, match="refuse"):
        lifecycle.finish(task, 1.0, pexit="0")


def test_elapsed_is_from_accept_to_end() -> None:
    assert lifecycle.elapsed(new_task(1, accepted=10.0, ended=16.0).task) == 6.0
    assert lifecycle.elapsed(new_task(1, accepted=10.0).task) == 0.0
    assert lifecycle.elapsed(new_task(1, accepted=10.0, cancelled=12.5).task) == 2.5
    assert lifecycle.elapsed(new_task(1, cancelled=12.5).task) == 0.0
