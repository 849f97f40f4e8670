"""Records to begin a test with."""

import itertools
from typing import Any

from understudy.tasks.records import NewTask, Project, Room, RunningLimits, Task
from understudy.tasks.store.store import Store

_numbers = itertools.count(1)


def project(**fields: Any) -> Project:
    number = next(_numbers)
    given: dict[str, Any] = {
        "id": 0,
        "name": f"project {number}",
        "auth": "signature",
        "key_hash": f"hash {number}".encode(),
        "api_key": b"k",
        "api_secret": b"s",
        "webhook_secret": b"w",
        "created": 1.0,
    }
    return Project(**{**given, **fields})


def new_task(project: int, *, new: dict[str, Any] | None = None, **fields: Any) -> NewTask:
    number = next(_numbers)
    given: dict[str, Any] = {
        "id": 0,
        "uuid": f"uuid-{number}",
        "token": f"token{number}",
        "project": project,
        "model": "acme/clip",
        "status": "task_queue",
        "values": {"prompt": "A quiet road."},
        "created": 1.0,
    }
    return NewTask(task=Task(**{**given, **fields}), **(new or {}))


async def claimed_by_an_engine(store: Store, model: str, at: float) -> Task:
    """The task of a model that is next, taken as a dispatcher takes it."""
    room = Room(models=(model,), places=1)
    (task,) = await store.claim("engine", [room], RunningLimits(), at=at, until=at + 60)
    return task
