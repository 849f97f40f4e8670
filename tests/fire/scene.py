"""One whole scene: the installation, its people, its misfortunes, and the silence after which everything is checked."""

import asyncio
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg
import msgspec
import pytest

from tests.executors.ray.cluster import Cluster
from tests.fire.checker import Job, Witness, faults
from tests.fire.misfortunes import Misfortunes
from tests.fire.objects import environment
from tests.fire.people import Plan, crowd
from tests.fire.site import Site, site
from tests.postgres import connected
from understudy.files.storage import open_storage
from understudy.testing.partners.clock import VirtualClock
from understudy.testing.partners.faults import Fault, FaultPlan
from understudy.testing.partners.openai_videos import OpenAIVideos
from understudy.testing.partners.receiver import Receiver
from understudy.testing.partners.serving import serving

MOST_OPEN = 250
"""Tasks that wait or run while more are submitted."""
MOST_BYTES = 400_000_000
"""Of memory, that one process may ever have taken."""

# What is still to come, by name: all of it has to be nothing before anything is checked.
LEFT = """
SELECT 'tasks', count(*) FROM tasks WHERE phase IN ('queued', 'running')
UNION ALL SELECT 'webhooks', count(*) FROM webhooks WHERE state = 'waiting'
UNION ALL SELECT 'purchases', count(*) FROM purchases WHERE state <> 'settled'
UNION ALL SELECT 'fetched files', count(*) FROM files WHERE role = 'fetched'
UNION ALL SELECT 'notes', count(*) FROM shelvings
UNION ALL SELECT 'changes', count(*) FROM changes
"""
_NAMED = {
    "tasks": "phase IN ('queued', 'running')",
    "webhooks": "state = 'waiting'",
    "purchases": "state <> 'settled'",
    "shelvings": "true",
    "leases": "until > extract(epoch FROM statement_timestamp())",
}


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """How long and how hot."""

    tasks: int
    """At most; a machine that is too slow for them in that time plays fewer."""
    least: int
    """Of them; with fewer nothing is proven."""
    seconds: float
    """Of submissions, and of misfortunes."""
    pause: float
    """Between two misfortunes of one stream, on the average; seconds."""
    streams: int
    """Misfortunes at the same time."""
    projects: int = 20
    models: dict[str, int]
    longest: float = 5.0
    """Seconds that something stays unreachable."""
    quiet_seconds: float
    """How long it may take until all is done."""
    small_disks: int = 0
    config: str = ""


def seed_of_today() -> int:
    """Given by the environment, or by chance; printed."""
    seed = int(os.environ.get("UNDERSTUDY_FIRE_SEED", random.randrange(10**6)))
    print(f"UNDERSTUDY_FIRE_SEED={seed}")
    return seed


async def play(scene: Scene, folder: Path, seed: int, cluster: Cluster | None = None) -> None:
    """Play it, and prove that all is as it should be."""
    partner = OpenAIVideos(_faults_of_partner(scene, seed), clock=VirtualClock(speed=20), seconds=20)
    receivers = [Receiver(_faults_of_receiver(scene, seed + number)) for number in range(2)]
    with serving(partner.app) as shop, serving(receivers[0].app) as one, serving(receivers[1].app) as two:
        async with site(
            folder,
            partner=shop,
            config=scene.config,
            cluster=cluster,
            small_disks=scene.small_disks,
        ) as made:
            plan = Plan(
                tasks=scene.tasks,
                seconds=scene.seconds,
                models=scene.models,
                hooks=[f"{one}/hook", f"{two}/hook"],
            )
            keys = await made.projects(scene.projects)
            storms = [
                Misfortunes(made, seed + number, longest=scene.longest) for number in range(scene.streams)
            ]
            began = time.monotonic()
            weather = asyncio.gather(*(storm.rain(scene.seconds, scene.pause) for storm in storms))
            urls = [each.url for each in made.named("api")]
            room = asyncio.Event()
            watching = asyncio.create_task(_keep_room(made, room))
            people = asyncio.create_task(crowd(keys, urls, plan, seed, room))
            try:
                await weather
                await made.mend()
                seen = await people
                print(f"{len(seen.accepted)} tasks accepted after {time.monotonic() - began:.1f} s")
                await _quiet(made, scene.quiet_seconds)
                print(f"quiet after {time.monotonic() - began:.1f} s")
                ends = await asyncio.gather(*(each.stop() for each in made.processes.values()))
            except BaseException:
                people.cancel()
                weather.cancel()
                raise
            finally:
                watching.cancel()
                _tell(made, storms)
            witness = Witness(
                accepted=seen.accepted,
                ends=seen.ends,
                heard=[
                    (each.id, each.payload["tasklist"][0]["id"])
                    for receiver in receivers
                    for each in receiver.deliveries
                    if each.accepted
                ],
                jobs=[Job(job.id, job.fields["prompt"]) for job in partner.jobs.values()],
            )
            with reaching(made.objects.port):
                storage = open_storage(made.objects.storage)
            async with connected(made.database) as database:
                wrong = await faults(database, storage, witness)
            print(f"{len(witness.heard)} webhooks, {len(witness.jobs)} jobs bought, {seen.attempts} requests")
            assert wrong + seen.contradictions == []
            assert [end for end in ends if end] == []
            assert made.left == {}, "processes were left behind"
            assert made.actors == {}, "replicas were left behind in the cluster"
            assert {str(path) for each in made.processes.values() for path in left_over(each.data)} == set()
            assert {n: p.peak for n, p in made.processes.items() if p.peak > MOST_BYTES} == {}
            assert len(seen.accepted) >= scene.least


def left_over(data: Path) -> list[Path]:
    """Of runs and requests, in a data folder whose process has stopped."""
    return [path for path in (data / "processes").glob("*/*/*") if path.parent.name != "lock"]


@contextmanager
def reaching(port: int) -> Iterator[None]:
    """Meanwhile S3 is to be found at that port."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(port).items():
            patch.setenv(name, value)
        yield


async def _keep_room(made: Site, room: asyncio.Event) -> None:
    """Let nobody submit more than can be done soon: how long the silence takes to come is then known."""
    while True:
        with suppress(OSError, TimeoutError, asyncpg.PostgresError):
            async with connected(made.database) as connection:
                (left,) = await connection.fetchrow(
                    "SELECT count(*) FROM tasks WHERE phase IN ('queued', 'running')"
                )
                if left < MOST_OPEN:
                    room.set()
                else:
                    room.clear()
        await asyncio.sleep(0.5)


async def _quiet(made: Site, seconds: float) -> None:
    give_up = time.monotonic() + seconds
    async with connected(made.database) as connection:
        while True:
            left = {name: number for name, number in await connection.fetch(LEFT) if number}
            if not left:
                return
            if time.monotonic() > give_up:
                for table, what in _NAMED.items():
                    for row in await connection.fetch(f"SELECT * FROM {table} WHERE {what} LIMIT 5"):
                        print(table, dict(row))
                raise AssertionError(f"not quiet after {seconds:.0f} s: {left}")
            await asyncio.sleep(0.25)


def _tell(made: Site, storms: list[Misfortunes]) -> None:
    for storm in storms:
        print("\n".join(storm.happened))
    for name, process in made.processes.items():
        process.look()
        print(f"{name}: started {process.starts} times, at most {process.peak / 1e6:.0f} MB")
        print("\n".join(_unexpected(process.log)))


def _unexpected(log: str) -> list[str]:
    """What it logged as an error, or as coming from somewhere that nobody thought of."""
    lines = log.splitlines()
    return [
        "\n".join(lines[number : number + 60])[:4000]
        for number, line in enumerate(lines)
        if " error " in line[:60] or line.startswith("Traceback")
    ][:5]


def _faults_of_partner(scene: Scene, seed: int) -> FaultPlan:
    """One in five or so meets one, of the kinds that a program cannot tell from a network that fails."""
    chance = random.Random(seed)
    plan = FaultPlan()
    for _ in range(max(2, scene.tasks // 50)):
        step = chance.choice(["create", "check", "content"])
        kinds = ["drop before", "drop after", "busy", "error after", "hang after", "slow"]
        plan.add(Fault(step, chance.choice(kinds), skip=chance.randrange(6)))  # type: ignore[arg-type]
    return plan


def _faults_of_receiver(scene: Scene, seed: int) -> FaultPlan:
    chance = random.Random(seed)
    plan = FaultPlan()
    for _ in range(scene.tasks // 12):
        kind = chance.choice(
            ["drop before", "drop after", "busy", "error before", "hang after", "no account"]
        )
        plan.add(Fault("deliver", kind, skip=chance.randrange(6)))  # type: ignore[arg-type]
    return plan
