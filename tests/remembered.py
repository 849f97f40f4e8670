"""A store with something of everything, and all that a store can be asked about it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from tests.tasks.examples import project
from tests.tasks.store.contract import a_file, claimed, ended, started, submitted
from tests.tasks.store.purchase_contract import end, held, intention
from understudy.tasks import lifecycle
from understudy.tasks.accounts.records import User
from understudy.tasks.file_records import new_address
from understudy.tasks.records import Charge, File, ProjectLimits, Task
from understudy.tasks.store.store import Store

ODD = 'Straße ☂ "quoted" \\u0000 \0 \x1a001a 🎬'


async def fill(store: Store) -> None:
    """Two projects; tasks that wait, run, have ended well, ended badly, were killed; what follows from each."""
    limits = ProjectLimits(running=2, hourly=Decimal("12.5"), rate=0.5)
    rich = await store.add_project(project(name=ODD, allow=("10.0.0.0/8",), limits=limits))
    other = await store.add_project(project(auth="key", enabled=False, webhook_url="https://example.com/x"))
    for name, role, project_id in (("Ädä", "operator", 0), ("Max", "maker", rich.id)):
        kept = {
            "name": name,
            "role": role,
            "project": project_id,
            "password": ODD,
            "enabled": role == "maker",
        }
        await store.accounts.add_user(User(id=0, created=2.0, **kept))  # type: ignore[arg-type]
    await store.operating.decide("cast", "acme/clip", '["ovi"]', ODD, 2.5)
    await store.operating.decide("cast", "acme/clip", "", "Max", 3.0)
    await store.deposit(rich.id, Decimal(5_000_000), "paid in", 2.0)
    await store.deposit(other.id, Decimal(7_000_000), "paid in", 2.0)
    await store.add_file(a_file("folder", project=rich.id, key="", name="holiday"))
    await store.add_file(a_file("upload", project=rich.id, name="ein Bild.png"))
    for owner in (rich.id, rich.id, other.id):
        values = {"prompt": ODD, "seconds": 5, "strength": 0.5}
        hook = "https://example.com/hook" if owner == rich.id else ""
        task = await claimed(store, owner, values=values, callback_url=hook, notes=ODD)
        address = new_address()
        clip = a_file(task=task.id, project=task.project, address=address)
        await ended(
            store,
            task,
            files=(clip, replace(a_file("thumbnail", task=task.id, parent=clip.id), address=address)),
            charge=Charge(amount=Decimal("0.000000000001"), note="acme/clip", prepaid=owner == rich.id),
            cost="0.000000000001",
            stdout=ODD,
            engine={"name": "instant", "preview": True},
        )
    await _bought(store, rich.id)
    failed = await claimed(store, rich.id)
    await store.apply(failed.id, lifecycle.fail(failed, 15.0, ODD))
    killed = await claimed(store, other.id)
    await store.apply(killed.id, lifecycle.kill(17.0, "enough"))
    await store.delete_files(killed.id)
    await running(store, rich.id)
    key = {"idempotency_key": "once", "body_hash": b"\x00\xff", "files": (a_file("input"),)}
    await submitted(store, rich.id, priority=7, new=key)
    await submitted(store, other.id, model="acme/rare")


async def running(store: Store, project: int) -> Task:
    """A task that is running, with a job at a partner that is not settled."""
    task = await started(store, await claimed(store, project))
    purchase = await store.begin_purchase(intention(task), held(task))
    assert purchase is not None
    fetched = a_file("fetched", task=task.id, project=project)
    await store.step_purchase(
        purchase.id, ("intended",), state="submitted", remote_id="job-7", files=(fetched,)
    )
    return task


async def _bought(store: Store, project: int) -> None:
    for outcome, charged in (("delivered", "1.2"), ("unknown", None)):
        task = await started(store, await claimed(store, project))
        purchase = await store.begin_purchase(intention(task), held(task))
        assert purchase is not None
        await store.settle_purchase(end(purchase, outcome, charged))  # type: ignore[arg-type]
        await store.apply(task.id, lifecycle.finish(task, 16.0, pexit="1", reason="it broke"))


async def everything(store: Store) -> dict[str, Any]:
    """All that there is, in the words of the interface."""
    projects = await store.projects()
    tasks = [
        task for each in projects for task in (await store.tasks(each.id, ascending=True, limit=1000))[1]
    ]
    files: Sequence[File] = [file for task in tasks for file in await store.files_of(task.id)]
    return {
        "projects": projects,
        "users": await store.accounts.users(),
        "decisions": await store.operating.decisions(),
        "by name": await store.accounts.user_by_name("ÄDÄ"),
        "tasks": {task.id: task for task in tasks},
        "totals": [
            (await store.tasks(each.id, status=status))[0]
            for each in projects
            for status in ("", "task_queue")
        ],
        "files": files,
        "addresses": [await store.files_by_address(file.address) for file in files if file.address],
        "fetched": [await store.fetched(task.id) for task in tasks],
        "ledger": [await store.ledger(each.id) for each in projects],
        "spent": [await store.spent(each.id, 0.0) for each in projects],
        "purchases": [await store.purchases(task=task.id) for task in tasks],
        "purchase counts": await store.purchase_counts(),
        "operator's ledger": await store.operator_ledger(),
        "webhooks": [await store.deliveries(task.id) for task in tasks],
        "depth": await store.depth(),
        "queue": await store.queue(),
        "statistics": await store.statistics(),
    }


def as_if_stopped(known: dict[str, Any]) -> dict[str, Any]:
    """The same after every running task was given back, as by a server that stops."""
    tasks = {
        id: replace(task, **lifecycle.give_back(task).fields) if task.status in lifecycle.RUNNING else task
        for id, task in known["tasks"].items()
    }
    skipped = {"totals", "depth", "queue"}  # they follow from the tasks
    return {name: value for name, value in {**known, "tasks": tasks}.items() if name not in skipped}
