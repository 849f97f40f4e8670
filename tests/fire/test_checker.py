"""The checker finds each kind of fault, planted once in a sound database, and nothing where there is none."""

import asyncio
import shutil
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from tests import postgres
from tests.fire.checker import RULES, Job, Witness, faults
from tests.tasks.examples import claimed_by_an_engine, new_task, project
from understudy.files.folder import FolderStorage
from understudy.tasks import lifecycle
from understudy.tasks.file_records import new_address, new_file
from understudy.tasks.lifecycle import Status
from understudy.tasks.records import Charge, File, Purchase, Settlement, Task
from understudy.tasks.store.postgres.store import PostgresStore, open_postgres

LOCAL, BOUGHT = "fire/instant", "fire/bought"


class Sound(msgspec.Struct, frozen=True):
    """A database and files in which all is well, and what the outside has seen of it."""

    database: str
    files: Path
    seen: Witness


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Sound:
    """One task that was delivered, one that was bought, one cancelled, one failed, one upload."""
    return asyncio.run(_make(tmp_path_factory.mktemp("sound") / "files"))


async def _make(files: Path) -> Sound:
    url = await postgres.server().new_database()
    store, storage = await open_postgres(url), FolderStorage(files)
    tenant = await store.add_project(project())
    await store.deposit(tenant.id, Decimal(10), "paid in", 1.0)
    made = [
        (
            await store.submit(
                new_task(
                    tenant.id,
                    model=model,
                    values={"prompt": prompt},
                    callback_url="http://127.0.0.1/hook",
                    new={"idempotency_key": prompt, "body_hash": b"x"},
                )
            )
        )[0]
        for model, prompt in (
            (LOCAL, "one"),
            (BOUGHT, "two"),
            ("fire/other", "three"),
            ("fire/failing", "four"),
        )
    ]
    await _deliver(store, storage, LOCAL)
    await _buy(store, storage)
    await store.apply(made[2].id, lifecycle.cancel(5.0))
    failing = await claimed_by_an_engine(store, "fire/failing", 2.0)
    await store.apply(failing.id, lifecycle.fail(failing, 3.0, "It broke."))
    upload = new_file("upload", project=tenant.id, name="a.png", content_type="image/png", size=4, at=1.0)
    await storage.put_bytes(upload.key, b"clip")
    await store.add_file(upload)
    heard = []
    for task in made:
        (delivery,) = await store.deliveries(task.id)
        await store.settle_delivery(msgspec.structs.replace(delivery, state="delivered", status=204))
        heard.append((delivery.message_id, str(task.id)))
    ends = {str(task.id): {now.status} for task in made if (now := await store.task(task.id))}
    await store.close()
    return Sound(
        database=url,
        files=files,
        seen=Witness(
            accepted={str(task.values["prompt"]): str(task.id) for task in made},
            ends=ends,
            heard=heard,
            jobs=[Job("job-1", "two")],
        ),
    )


async def _deliver(store: PostgresStore, storage: FolderStorage, model: str, **settled: Settlement) -> None:
    task = await claimed_by_an_engine(store, model, 2.0)
    started = await store.apply(task.id, lifecycle.advance(task, Status.OUTPUT, 3.0))
    assert started is not None
    made = _outputs(task)
    for file in made:
        await storage.put_bytes(file.key, b"clip")
    end = lifecycle.finish(
        started,
        4.0,
        pexit="0",
        files=made,
        charge=Charge(amount=Decimal("0.5"), prepaid=True),
        cost="0.500000000000",
        **settled,
    )
    assert await store.apply(task.id, end)


async def _buy(store: PostgresStore, storage: FolderStorage) -> None:
    task = await claimed_by_an_engine(store, BOUGHT, 2.0)
    held = (task.lease_owner, task.attempts)
    intention = Purchase(
        id=0, task=task.id, project=task.project, engine="openai_videos", key="k", hook="h", placed=2.0
    )
    purchase = await store.begin_purchase(intention, held)
    assert purchase is not None
    await store.step_purchase(purchase.id, ("intended",), state="submitted", remote_id="job-1", submitted=2.0)
    await store.step_purchase(purchase.id, ("submitted",), state="fetched")
    assert await store.apply(task.id, lifecycle.give_back(task))
    settlement = Settlement(purchase=purchase.id, outcome="delivered", at=4.0, charged=Decimal("0.3"))
    await _deliver(store, storage, BOUGHT, settlement=settlement)


def _outputs(task: Task) -> tuple[File, ...]:
    address = new_address()
    clip = new_file(
        "output",
        project=task.project,
        task=task.id,
        name="0.mp4",
        content_type="video/mp4",
        size=4,
        at=4.0,
        address=address,
    )
    picture = new_file(
        "thumbnail",
        project=task.project,
        task=task.id,
        name="0.jpg",
        content_type="image/jpeg",
        size=4,
        at=4.0,
        parent=clip.id,
        address=address,
    )
    return clip, picture


async def test_where_all_is_well_nothing_is_found(sound: Sound) -> None:
    async with postgres.connected(sound.database) as connection:
        assert await faults(connection, FolderStorage(sound.files), sound.seen) == []


# By the rule that finds it: what was done behind everybody's back.
PLANTED = {
    "a task is not over": "UPDATE tasks SET status = 'task_output' WHERE model = 'fire/other'",
    "a task is held by somebody although it is over": "UPDATE tasks SET lease_owner = 'me' WHERE model = 'fire/other'",
    "a delivered task has not exactly one output, or another one has any": """
        UPDATE files SET task = (SELECT id FROM tasks WHERE model = 'fire/other') WHERE role = 'output'
    """,
    "an output has not exactly one thumbnail": "UPDATE files SET parent = '' WHERE role = 'thumbnail'",
    "a file belongs to a task that does not exist": "UPDATE files SET task = 999 WHERE role = 'upload'",
    "what was fetched from a partner is still there": "UPDATE files SET role = 'fetched' WHERE role = 'upload'",
    "a delivered task has not exactly one ledger line of its cost, or another one has any": """
        UPDATE ledger SET amount = amount - 1 WHERE task = (SELECT id FROM tasks WHERE model = 'fire/instant')
    """,
    "a balance is not the sum of its ledger": "UPDATE projects SET balance = balance + 1",
    "what was spent in an hour is not what the ledger says": """
        INSERT INTO changes (project, model, hour, spent) SELECT id, '', 7, 1 FROM projects
    """,
    "a count of tasks is not their number": """
        INSERT INTO changes (project, model, delivered) SELECT id, 'fire/instant', 1 FROM projects
    """,
    "the seconds of a model's work are not the sum of its tasks'": """
        INSERT INTO changes (project, model, elapsed) SELECT id, 'fire/instant', 1 FROM projects
    """,
    "a task has not exactly the webhook that it asked for": """
        UPDATE tasks SET callback_url = 'http://127.0.0.1/other' WHERE model = 'fire/instant'
    """,
    "a webhook was not delivered": "UPDATE webhooks SET state = 'given-up' WHERE id = (SELECT min(id) FROM webhooks)",
    "a purchase is open": "UPDATE purchases SET state = 'fetched'",
    "two purchases of a task may have cost something": """
        INSERT INTO purchases (
            task, project, engine, "key", hook, state, outcome, remote_id, placed, submitted, settled, note, preview
        )
        SELECT task, project, engine, 'other', 'other', 'settled', 'unknown', '', 1, 1, 1, '', 0 FROM purchases
    """,
    "a purchase was delivered and its task was not": "UPDATE tasks SET pexit = '1' WHERE model = 'fire/bought'",
    "a task was delivered by a partner without a purchase": "UPDATE purchases SET outcome = 'lost'",
    "a purchase has not exactly the line in the operator's ledger that it cost": "DELETE FROM operator_ledger",
    "a count of purchases is not their number": "UPDATE purchase_counts SET n = n + 1",
    "a note of the shelf was left behind": "INSERT INTO shelvings (note, owner, put) VALUES ('n', 'me', '{}')",
    "a lease is held": """
        INSERT INTO leases (what, owner, until) VALUES ('x', 'me', extract(epoch FROM statement_timestamp()) + 60)
    """,
    "two idempotency keys have the same task": """
        INSERT INTO idempotency_keys (project, "key", body_hash, task, at) SELECT project, 'x', '', task, at
        FROM idempotency_keys LIMIT 1
    """,
    "a request was answered otherwise than it is remembered": "DELETE FROM idempotency_keys",
    "a task was accepted and is gone": "DELETE FROM tasks WHERE model = 'fire/other'",
    "a task is there that nobody asked for": "UPDATE tasks SET id = 999 WHERE model = 'fire/other'",
    "another end was told than there was": "UPDATE tasks SET status = 'task_error' WHERE model = 'fire/other'",
    "a webhook never arrived": "UPDATE webhooks SET message_id = 'msg_other' WHERE id = (SELECT min(id) FROM webhooks)",
    "a webhook arrived that was never written": "DELETE FROM webhooks WHERE id = (SELECT min(id) FROM webhooks)",
    "a partner was paid for what nobody knows of": "UPDATE purchases SET remote_id = ''",
    "a job was known of that was never bought": "UPDATE purchases SET remote_id = 'job-2'",
    "a file has no record": "DELETE FROM files WHERE role = 'upload'",
    "a record has no file": "UPDATE files SET \"key\" = 'a/b' WHERE role = 'upload'",
    "a file has another size": "UPDATE files SET size = 5 WHERE role = 'upload'",
}


@pytest.mark.parametrize("wrong", PLANTED)
async def test_a_planted_fault_is_found(sound: Sound, wrong: str) -> None:
    async with postgres.connected(sound.database) as connection:
        # What is not committed ends with the connection.
        await connection.execute(f"BEGIN; {PLANTED[wrong]}")
        found = await faults(connection, FolderStorage(sound.files), sound.seen)
    assert [each for each in found if each.startswith(f"{wrong} (")], found


def test_there_is_a_planted_fault_for_every_rule() -> None:
    assert RULES.keys() <= PLANTED.keys()


async def test_a_partner_that_was_paid_twice_is_found(sound: Sound) -> None:
    seen = msgspec.structs.replace(sound.seen, jobs=[*sound.seen.jobs, Job("job-2", "two")])
    async with postgres.connected(sound.database) as connection:
        found = " ".join(await faults(connection, FolderStorage(sound.files), seen))
    assert "a partner was paid twice for the same task (1 times): two" in found
    assert "a partner was paid for what nobody knows of" in found


async def test_files_behind_everybodys_back_are_found(sound: Sound, tmp_path: Path) -> None:
    files = tmp_path / "files"
    shutil.copytree(sound.files, files)
    (files / "outputs" / "stray.mp4").write_bytes(b"clip")
    lost = next(files.glob("thumbnails/*/*.jpg"))
    lost.unlink()
    async with postgres.connected(sound.database) as connection:
        found = " ".join(await faults(connection, FolderStorage(files), sound.seen))
    assert "a file has no record (1 times): outputs/stray.mp4" in found
    assert f"a record has no file (1 times): {lost.relative_to(files)}" in found
