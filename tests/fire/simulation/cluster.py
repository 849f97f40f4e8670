"""The cluster, put together and run for as long as its plan says."""

import asyncio
import random
import time
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from tests.fire.simulation.counting import Counted
from tests.fire.simulation.executor import SECONDS, Cards
from tests.fire.simulation.gauge import Gauge
from tests.fire.simulation.load import Load
from tests.fire.simulation.loop import VirtualLoop
from tests.fire.simulation.places import AtAServer, InAFolder, Place
from tests.fire.simulation.plan import CARDS_EACH, ENGINE_OF, PRIORITIES, RARE, Plan
from tests.fire.simulation.report import Report, reported
from tests.fire.simulation.wire import Wire
from tests.tasks.examples import project
from tests.tasks.house import break_off
from understudy.catalogue.catalogue import Catalogue
from understudy.catalogue.manifest import Input, Model
from understudy.engines.cast import Cast
from understudy.engines.engine import LocalEngine
from understudy.executors.artifact import Artifact
from understudy.files.address import AddressGuard
from understudy.files.intake import Intake
from understudy.files.outbound import Outbound
from understudy.files.storage import open_storage
from understudy.tasks.bus import Waits
from understudy.tasks.desk import Desk
from understudy.tasks.dispatcher import Dispatcher
from understudy.tasks.events import Events
from understudy.tasks.newsroom import Newsroom
from understudy.tasks.postprocess import Result
from understudy.tasks.preprocess import Preprocess
from understudy.tasks.purchases.counter import Counter
from understudy.tasks.purchases.partners import Partners
from understudy.tasks.purchases.tools import lender
from understudy.tasks.records import Charge, ProjectLimits, RunningLimits, Task
from understudy.tasks.runner import Crew
from understudy.tasks.shelf import FolderNotes, Shelf
from understudy.tasks.store.store import Store

EPOCH = 1_800_000_000.0
REPLACED_SECONDS = 60.0
"""After its death a dispatcher's cards are taken over by a new one."""
PRICE = Decimal("0.25")


class Priced:
    """What stands in for `Postprocess`: no file is looked at."""

    async def process(self, task: Task, model: Model, outputs: tuple[Artifact, ...], folder: Path) -> Result:
        """Every clip costs the same."""
        return Result(files={}, charge=Charge(amount=PRICE, note=task.model), cost="0.250000000000")


class Process(NamedTuple):
    """One dispatcher, with what is its own."""

    dispatcher: Dispatcher
    newsroom: Newsroom
    counter: Counter
    number: int


class Cluster:
    """Some dispatchers, one API process, one store."""

    def __init__(self, plan: Plan, folder: Path, store: Store, loop: VirtualLoop) -> None:
        self.plan = plan
        self.folder = folder
        self.loop = loop
        self.asked = Counted(store, loop)
        self.chance = random.Random(plan.seed)
        self.wire = Wire(plan.lost_news, self.chance)
        inputs = (Input(id="prompt", type="textarea"), Input(id=SECONDS, type="number"))
        models = [Model(owner=a, slug=b, inputs=inputs) for a, b in (each.split("/") for each in ENGINE_OF)]
        self.catalogue = Catalogue(models, {})
        engines = {
            name: LocalEngine(name=name, version="1", pipeline="none:none", gpus=CARDS_EACH)
            for name in sorted(set(ENGINE_OF.values()))
        }
        self.cast = Cast(engines, {model: (name,) for model, name in ENGINE_OF.items()}, clock=loop.time)
        self.processes: list[Process] = []
        self.deaths = 0
        self._born = 0
        notes = folder / "shelving"
        notes.mkdir()
        self._storage = open_storage(folder / "files")
        self._shelf = Shelf(store=self.asked, storage=self._storage, notes=FolderNotes(notes))

    def clock(self) -> float:
        """Unix seconds."""
        return EPOCH + self.loop.time()

    def desk(self) -> tuple[Desk, Newsroom]:
        """The API process, as far as it is simulated."""
        end = self.wire.end()
        events = Events(tell=end.send)
        desk = Desk(
            store=self.asked,
            shelf=self._shelf,
            events=events,
            vet=AddressGuard().vet,
            wake=lambda model: end.send(Waits(model)),
            stop=lambda _: None,
            clock=self.clock,
            priorities=PRIORITIES,
            limits=ProjectLimits(queued=self.plan.queued),
            queued_of_model={RARE: self.plan.rare},
        )
        return desk, Newsroom(end, self.asked, events)

    async def begin(self, number: int) -> None:
        """Start the dispatcher that has the cards of that number."""
        self._born += 1
        end = self.wire.end()
        events = Events(tell=end.send)
        counter = Counter(
            store=self.asked,
            shelf=self._shelf,
            storage=self._storage,
            partners=Partners(self.cast, lender((), self.clock)),
            clock=self.clock,
        )
        intake = Intake(Outbound(AddressGuard()))
        crew = Crew(
            store=self.asked,
            events=events,
            catalogue=self.catalogue,
            cast=self.cast,
            executor=Cards(self.plan.replicas_of(number), self.plan.grid_seconds),
            preprocess=Preprocess(
                catalogue=self.catalogue, storage=self._storage, intake=intake, clock=self.clock
            ),
            postprocess=Priced(),  # type: ignore[arg-type]
            shelf=self._shelf,
            counter=counter,
            folder=self.folder / f"runs-{self._born}",
            clock=self.clock,
            max_attempts=1 + self.plan.deaths,
        )
        dispatcher = Dispatcher(
            crew,
            owner=f"dispatcher {self._born}",
            lease_seconds=self.plan.lease_seconds,
            sole=False,
            limits=RunningLimits(of_model={RARE: self.plan.rare}),
        )
        newsroom = Newsroom(end, self.asked, events, waits=dispatcher.wake, over=dispatcher.stop_run)
        await newsroom.start()
        await dispatcher.start()
        self.processes.append(Process(dispatcher, newsroom, counter, number))

    async def die_now_and_then(self) -> None:
        """As often as the plan says, until it is cancelled."""
        for _ in range(self.plan.deaths):
            await asyncio.sleep(self.plan.seconds / (self.plan.deaths + 1))
            process = self.chance.choice(self.processes)
            self.processes.remove(process)
            await process.newsroom.stop()
            await break_off(process.dispatcher, process.counter)
            self.deaths += 1
            await asyncio.sleep(REPLACED_SECONDS)
            await self.begin(process.number)


def simulated(plan: Plan, folder: Path, url: str = "") -> Report:
    """Run the plan in virtual time; its files are in `folder`, its tasks there, too, or in an empty database at `url`."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(_simulate(plan, folder, url))


async def _simulate(plan: Plan, folder: Path, url: str) -> Report:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    began = time.perf_counter(), time.process_time()
    place: Place = await AtAServer.open(url, loop) if url else InAFolder(folder)
    cluster = Cluster(plan, folder, place.store, loop)
    desk, newsroom = cluster.desk()
    await newsroom.start()
    add = cluster.asked.add_project
    equal = [await add(project()) for _ in range(plan.equal)]
    greedy = [await add(project()) for _ in range(plan.greedy)]
    limited = await add(project(limits=ProjectLimits(running=plan.limited)))
    gauge = Gauge(place, plan, {each.id for each in equal}, {each.id for each in greedy}, limited.id)
    loads = [
        Load(plan, desk, cluster.catalogue, each, times, random.Random(f"{plan.seed} {each.id}"))
        for each, times in [*((one, 1.0) for one in equal), *((one, 5.0) for one in (*greedy, limited))]
    ]
    for number in range(plan.dispatchers):
        await cluster.begin(number)
    going: list[asyncio.Task[Any]] = [
        asyncio.create_task(each)
        for each in (gauge.go(), cluster.die_now_and_then(), *(one.go() for one in loads))
    ]
    await asyncio.sleep(plan.seconds)
    for each in going:
        each.cancel()
    for load in loads:
        load.stop()
    outcomes = await asyncio.gather(*going, return_exceptions=True)
    for process in cluster.processes:
        await process.dispatcher.stop(0.0)
        await process.newsroom.stop()
    await newsroom.stop()
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
    report = await reported(
        cluster.asked,
        gauge,
        loads,
        deaths=cluster.deaths,
        place=place,
        began=began,
    )
    await place.close()
    return report
