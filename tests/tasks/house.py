"""Everything below the API, assembled of real parts: SQLite, a folder, replicas in processes of their own."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from tests.tasks.examples import project
from understudy.catalogue.catalogue import Catalogue
from understudy.catalogue.checked import Checked, Source
from understudy.catalogue.loader import load_catalogue
from understudy.catalogue.manifest import Input, Model, Price
from understudy.engines.cast import Cast
from understudy.engines.kinds import instances
from understudy.engines.registry import load_engines
from understudy.executors.executor import Executor
from understudy.executors.local import LocalExecutor
from understudy.executors.timings import Timings
from understudy.files.address import AddressGuard
from understudy.files.intake import Intake
from understudy.files.outbound import Outbound
from understudy.files.storage import Storage, open_storage
from understudy.tasks.desk import Desk
from understudy.tasks.dispatcher import Dispatcher
from understudy.tasks.events import Events
from understudy.tasks.lifecycle import is_terminal
from understudy.tasks.operations.decisions import Decisions
from understudy.tasks.operations.holds import Holds
from understudy.tasks.postprocess import Postprocess
from understudy.tasks.preprocess import Preprocess
from understudy.tasks.purchases.aftercare import Aftercare, remaker
from understudy.tasks.purchases.counter import Counter
from understudy.tasks.purchases.partners import Partners
from understudy.tasks.purchases.tools import lender
from understudy.tasks.purchases.verdicts import Failover
from understudy.tasks.records import Project, Task
from understudy.tasks.runner import Crew
from understudy.tasks.shelf import FolderNotes, Shelf
from understudy.tasks.store.sqlite.store import SqliteStore, open_sqlite
from understudy.testing.partners.clock import VirtualClock

SORA = load_catalogue().find("openai", "sora-2-pro")
assert SORA is not None
CLIP = Model(
    owner="acme",
    slug="clip",
    inputs=(Input(id="prompt", type="textarea", required=True), Input(id="image", type="combinefileinput")),
    prices=(Price(method="cpr", price=Decimal("0.25")),),
)
BY_TIME = Model(owner="acme", slug="by-time", inputs=CLIP.inputs)
UNPLAYABLE = Model(owner="acme", slug="unplayable", inputs=CLIP.inputs)
ENGINES = ("understudy.testing.instant:engine", "understudy.testing.trouble:engine")


class House(msgspec.Struct, kw_only=True):
    crashed: bool = False
    """Set by a test: when the house is left, nothing is tidied up, as after a crash."""
    store: SqliteStore
    storage: Storage
    events: Events
    executor: Executor
    dispatcher: Dispatcher
    desk: Desk
    project: Project
    crew: Crew
    decisions: Decisions

    async def submit(
        self,
        prompt: str = "A road.",
        model: Model = CLIP,
        sources: dict[str, tuple[Source, ...]] | None = None,
        **given: Any,
    ) -> Task:
        checked = Checked(values={"prompt": prompt}, sources=sources or {})
        return await self.desk.submit(self.project, model, checked, **given)

    async def end_of(self, task: Task) -> Task:
        """The task after its last status; heard of as everyone else hears of it."""
        subscription = self.events.subscribe(task.id)
        try:
            while not is_terminal((now := await self.desk.find(self.project, id=str(task.id))).status):
                await subscription.next()
            return now
        finally:
            self.events.unsubscribe(task.id, subscription)

    async def reached(self, task: Task, status: str) -> Task:
        subscription = self.events.subscribe(task.id)
        try:
            while (now := await self.desk.find(self.project, id=str(task.id))).status != status:
                assert not is_terminal(now.status), now
                await subscription.next()
            return now
        finally:
            self.events.unsubscribe(task.id, subscription)


@asynccontextmanager
async def house(
    folder: Path,
    *,
    engine: str = "trouble",
    options: dict[str, object] | None = None,
    started: bool = True,
    allow: tuple[str, ...] = (),
    prepaid: bool = False,
    lease_seconds: float = 15.0,
    drain_seconds: float = 0.0,
    sole: bool = True,
    max_attempts: int = 3,
    priorities: dict[str, int] | None = None,
    more_engines: tuple[str, ...] = (),
    casting: dict[str, tuple[str, ...]] | None = None,
    all_options: dict[str, dict[str, object]] | None = None,
    failover: dict[str, Failover] | None = None,
    clock: VirtualClock | None = None,
    storage: Storage | None = None,
    executor: Executor | None = None,
) -> AsyncIterator[House]:
    """`storage` and `executor`: others than this machine's; they stay as they are."""
    folder.mkdir(exist_ok=True)
    store = await open_sqlite(folder / "tasks.db")
    owners = await store.projects()
    owner = owners[0] if owners else await store.add_project(project())
    storage, events = storage or open_storage(folder / "files"), Events()
    notes = folder / "shelving"
    notes.mkdir(exist_ok=True)
    shelf = Shelf(store=store, storage=storage, notes=FolderNotes(notes))
    await shelf.sweep(time.time())
    catalogue = Catalogue((CLIP, BY_TIME, UNPLAYABLE, SORA), {})
    guard = AddressGuard(allow)
    own = LocalExecutor(Timings(cancel_grace=0.5, stop_grace=0.5, backoff_first=0.05, silence=5.0))
    executor = executor or own
    casting = casting or {"*": (engine,), "acme/unplayable": ()}
    given = all_options or {engine: options or {}}
    engines = instances(load_engines((*ENGINES, *more_engines), registered=()), given)
    cast = Cast(engines, casting, given)
    now = clock or time.time
    decisions = Decisions(store, catalogue, cast, time.time)
    await decisions.start()
    partners = Partners(cast, lender(allow, now))
    counter = Counter(
        store=store,
        shelf=shelf,
        storage=storage,
        partners=partners,
        clock=now,
        sleep=clock.sleep if clock else asyncio.sleep,
    )
    crew = Crew(
        store=store,
        events=events,
        catalogue=catalogue,
        cast=cast,
        counter=counter,
        failover=failover or {},
        executor=executor,
        preprocess=Preprocess(
            catalogue=catalogue, storage=storage, intake=Intake(Outbound(guard)), clock=time.time
        ),
        shelf=shelf,
        postprocess=Postprocess(clock=time.time, prepaid=prepaid, announced=decisions.announced),
        folder=folder / "runs",
        clock=time.time,
        max_attempts=max_attempts,
        held=lambda: decisions.held,
    )
    dispatcher = Dispatcher(crew, owner=f"{id(crew)}", lease_seconds=lease_seconds, sole=sole)
    holds = Holds(decisions, unload=executor.unload, wake=dispatcher.wake)
    (folder / "aftercare").mkdir(exist_ok=True)
    aftercare = Aftercare(counter, remaker(store, crew.preprocess), folder / "aftercare")

    def stop(task: int) -> None:
        dispatcher.stop_run(task)
        counter.over.set()

    desk = Desk(
        store=store,
        shelf=shelf,
        events=events,
        vet=guard.vet,
        wake=dispatcher.wake,
        stop=stop,
        about_money=counter.about_money,
        clock=time.time,
        prepaid=prepaid,
        priorities=priorities,
    )
    opened: House | None = None
    try:
        if started:
            aftercare.start()
            holds.start()
            await dispatcher.start()
        opened = House(
            store=store,
            storage=storage,
            events=events,
            executor=executor,
            dispatcher=dispatcher,
            desk=desk,
            project=owner,
            crew=crew,
            decisions=decisions,
        )
        yield opened
    finally:
        if opened is not None and opened.crashed:
            await break_off(dispatcher, counter)
        else:
            await dispatcher.stop(drain_seconds)
        await aftercare.stop()
        await holds.stop()
        await partners.close()
        await own.close()
        await store.close()


async def break_off(dispatcher: Dispatcher, counter: Counter) -> None:
    """Stop everything in the middle, as a crash does: nothing is given back, no request is waited for."""
    dispatcher._stopping = True
    going = [*dispatcher._loops, *(each.task for each in dispatcher._runs.values())]
    going += counter._submitting.values()
    for task in going:
        task.cancel()
    await asyncio.gather(*going, return_exceptions=True)
