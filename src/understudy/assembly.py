"""The server, assembled: every part is made here, once, and handed to those who work with it.

`ground` is what every process stands on, `dispatching` what runs tasks, `answering` what answers requests; a server
that is alone has all three, the processes of a larger installation the first and one of the others.
"""

import asyncio
import logging
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date
from pathlib import Path
from secrets import token_hex

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from understudy import data_folder
from understudy.api.admin import create_admin_app
from understudy.api.answers import encode
from understudy.api.app import create_app
from understudy.api.openai_videos.naming import DOOR as OPENAI
from understudy.api.openai_videos.rendering import event
from understudy.api.parts import Limits, Parts
from understudy.api.traced import TracedRequests
from understudy.api.wiro.render import detail
from understudy.casting import cast_of
from understudy.catalogue.catalogue import Catalogue
from understudy.catalogue.loader import load_catalogue
from understudy.config import Settings
from understudy.engines import retirement
from understudy.engines.cast import Cast
from understudy.engines.engine import LocalEngine
from understudy.engines.retirement import Ending
from understudy.errors import StorageFailed, StoreUnavailable
from understudy.executors.card_memory import CardMemory
from understudy.executors.executor import Executor
from understudy.executors.local import LocalExecutor
from understudy.executors.timings import Timings
from understudy.files.address import AddressGuard
from understudy.files.intake import Intake
from understudy.files.outbound import Outbound
from understudy.files.storage import Storage, open_storage
from understudy.mcp import is_installed as mcp_is_installed
from understudy.mcp.http import create_mcp_app
from understudy.metrics.loop import LoopLag
from understudy.metrics.meter import Meter
from understudy.metrics.sight import Sight
from understudy.stores import bus_of, notes_of, store_of, vault_of
from understudy.tasks.buckets import Valve
from understudy.tasks.bus import Bus, Called, Waits
from understudy.tasks.desk import Desk
from understudy.tasks.dispatcher import Dispatcher
from understudy.tasks.events import Events
from understudy.tasks.housekeeping import Housekeeping
from understudy.tasks.newsroom import Newsroom
from understudy.tasks.postprocess import Postprocess
from understudy.tasks.preprocess import Preprocess
from understudy.tasks.projects import Projects
from understudy.tasks.purchases.aftercare import Aftercare, remaker
from understudy.tasks.purchases.counter import Counter
from understudy.tasks.purchases.partners import Partners
from understudy.tasks.purchases.tools import lender
from understudy.tasks.rates import Rates
from understudy.tasks.records import ProjectLimits, RunningLimits, Task
from understudy.tasks.runner import Crew
from understudy.tasks.shelf import Shelf
from understudy.tasks.store.store import Store
from understudy.tasks.webhooks import Webhooks
from understudy.tracing.choice import tracer_for
from understudy.tracing.traced import traced
from understudy.tracing.tracer import Tracer

log = logging.getLogger(__name__)

_FIRST_PROJECT = "default"
_DAY = 24 * 3600.0
_CALLS_PER_SECOND = 50.0
_TRACED_CALLS = {
    name: f"store {name}"
    for name in ("submit", "apply", "begin_purchase", "step_purchase", "settle_purchase")
}
_TRACED_FILES = {name: f"storage {name}" for name in ("put", "fetch")}


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """What serves."""

    app: ASGIApp
    dispatcher: Dispatcher | None
    """What runs tasks here, if anything does."""


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What every process of an installation stands on."""

    settings: Settings
    url: str
    place: Path
    """This process's own folder."""
    owner: str
    """The name of this process, in leases."""
    catalogue: Catalogue
    cast: Cast
    guard: AddressGuard
    outbound: Outbound
    store: Store
    storage: Storage
    shelf: Shelf
    projects: Projects
    bus: Bus
    events: Events
    counter: Counter
    housekeeping: Housekeeping
    wakers: "Wakers"
    tracer: Tracer
    meter: Meter
    loop: LoopLag


class Wakers(msgspec.Struct, kw_only=True):
    """Who is woken by what happens: set by those who are there."""

    waits: Callable[[str], None] = lambda _: None
    """A task of that model waits."""
    over: Callable[[int], None] = lambda _: None
    """That task has ended."""
    stopped: Callable[[int], None] = lambda _: None
    """That task was ended from outside: its run is to stop."""


@asynccontextmanager
async def assembled(settings: Settings, folder: Path, url: str) -> AsyncIterator[Server]:
    """A server at `url` with its data in `folder`. Raises `ConfigurationError`."""
    async with AsyncExitStack() as stack:
        ground = await _ground(stack, settings, folder, url)
        dispatcher: Dispatcher | None = None
        if settings.role != "api":
            dispatcher = await _dispatching(stack, ground)
        app = await _answering(stack, ground, dispatcher)
        await stack.enter_async_context(_listening(ground))
        if dispatcher is not None:
            await dispatcher.start()
            stack.push_async_callback(dispatcher.stop, 0.0)
        yield Server(app=app, dispatcher=dispatcher)


async def _ground(stack: AsyncExitStack, settings: Settings, folder: Path, url: str) -> Ground:
    catalogue = load_catalogue(settings.manifests)
    cast = cast_of(settings, catalogue)
    owner = f"{socket.gethostname()}:{os.getpid()}:{token_hex(4)}"
    tracer, meter = await stack.enter_async_context(tracer_for(settings.tracing, owner)), Meter()
    opened = await stack.enter_async_context(store_of(settings, folder))
    vault = await vault_of(settings, folder, opened)
    store = meter.metered(traced(opened, tracer, _TRACED_CALLS, kind="client"))
    place = stack.enter_context(data_folder.workplace(folder)) if store.shared else folder
    storage = open_storage(settings.storage or folder / "files", sole=not store.shared)
    storage = traced(storage, tracer, _TRACED_FILES, kind="client")
    try:
        await storage.check()
    except StorageFailed as error:
        log.warning("the storage does not work now: %s", error.message)
    shelf = Shelf(store=store, storage=storage, notes=notes_of(opened, place), owner=owner)
    stack.push_async_callback(shelf.close)
    projects = Projects(store, vault, time.time)
    await projects.check_key()
    bus = bus_of(opened, owner)
    wakers = Wakers()

    def over(task: int) -> None:
        wakers.over(task)

    partners = Partners(cast, lender(settings.allow_addresses, time.time), tracer)
    stack.push_async_callback(partners.close)
    guard = AddressGuard(settings.allow_addresses)
    housekeeping = Housekeeping(
        store=store, shelf=shelf, clock=time.time, owner=owner, limits=_limits(settings)
    )
    if not store.shared and (swept := await shelf.sweep(time.time())):
        log.info("%d files that belong to nothing were deleted", swept)
    await housekeeping.start()
    stack.push_async_callback(housekeeping.stop)
    if await housekeeping.leads("first project"):
        await _first_project(projects, folder, url)
    loop = LoopLag()
    loop.start()
    stack.callback(loop.stop)
    return Ground(
        settings=settings,
        url=url,
        place=place,
        owner=owner,
        catalogue=catalogue,
        cast=cast,
        guard=guard,
        outbound=Outbound(guard),
        store=store,
        storage=storage,
        shelf=shelf,
        projects=projects,
        bus=bus,
        events=Events(kept=settings.events_kept, ended=over, tell=bus.send),
        counter=Counter(
            store=store, shelf=shelf, storage=storage, partners=partners, clock=time.time, base_url=url
        ),
        housekeeping=housekeeping,
        wakers=wakers,
        tracer=tracer,
        meter=meter,
        loop=loop,
    )


async def _dispatching(stack: AsyncExitStack, ground: Ground) -> Dispatcher:
    """What runs tasks, not started yet."""
    settings, store, counter = ground.settings, ground.store, ground.counter
    webhooks = _webhooks(ground)
    executor = _executor(settings)
    stack.push_async_callback(executor.close)
    for engine in ground.cast.engines:
        if isinstance(engine, LocalEngine):
            executor.capacity(engine, ground.cast.options(engine))
    intake = Intake(
        ground.outbound,
        max_bytes=settings.max_upload_bytes,
        max_pixels=settings.max_image_pixels,
        deadline=settings.fetch_timeout_seconds,
    )
    crew = Crew(
        store=store,
        events=ground.events,
        catalogue=ground.catalogue,
        cast=ground.cast,
        executor=executor,
        preprocess=Preprocess(
            catalogue=ground.catalogue, storage=ground.storage, intake=intake, clock=time.time
        ),
        shelf=ground.shelf,
        counter=counter,
        failover=settings.failover,
        postprocess=Postprocess(clock=time.time, prepaid=settings.billing == "prepaid"),
        folder=data_folder.emptied(ground.place / "runs"),
        clock=time.time,
        max_attempts=settings.max_attempts,
        tracer=ground.tracer,
    )
    dispatcher = Dispatcher(
        crew,
        owner=ground.owner,
        lease_seconds=settings.lease_seconds,
        sole=not store.shared,
        limits=RunningLimits(of_project=settings.running_per_project, of_model=settings.max_running),
    )
    aftercare = Aftercare(
        counter,
        remaker(store, crew.preprocess),
        data_folder.emptied(ground.place / "aftercare"),
        leads=(lambda: ground.housekeeping.leads("aftercare")) if store.shared else None,
    )

    def over(_: int) -> None:
        webhooks.wake()
        counter.over.set()

    ground.wakers.waits = dispatcher.wake
    ground.wakers.over = over
    ground.wakers.stopped = dispatcher.stop_run
    aftercare.start()
    stack.push_async_callback(aftercare.stop)
    webhooks.start()
    stack.push_async_callback(webhooks.stop)
    warning = asyncio.create_task(_warn_of_ends(lambda: _endings(ground)))
    stack.callback(warning.cancel)
    return dispatcher


async def _answering(stack: AsyncExitStack, ground: Ground, dispatcher: Dispatcher | None) -> ASGIApp:
    """What answers requests; of a process that only runs tasks, those of its operator."""
    settings, store, url = ground.settings, ground.store, ground.url

    async def ready() -> None:
        if dispatcher is None:
            return
        if dispatcher.stopping:
            raise StoreUnavailable("The server is stopping; it takes up no more tasks.")
        if not dispatcher.alive:
            raise StoreUnavailable("The dispatcher has stopped; restart the server.")

    async def itself(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)

    mcp = create_mcp_app(itself, url) if settings.role != "dispatcher" and mcp_is_installed() else None
    if mcp is not None:
        await stack.enter_async_context(mcp.lifespan())
    rates = Rates(store, time.time, _limits(settings))
    parts = Parts(
        catalogue=ground.catalogue,
        desk=_desk(ground),
        store=store,
        storage=ground.storage,
        projects=ground.projects,
        events=ground.events,
        clock=time.time,
        base_url=url,
        incoming=data_folder.emptied(ground.place / "incoming"),
        ready=ready,
        rates=rates,
        limits=Limits(
            json_bytes=settings.max_json_bytes,
            upload_bytes=settings.max_upload_bytes,
            request_bytes=settings.max_request_bytes,
            image_pixels=settings.max_image_pixels,
        ),
        nonce_window=settings.nonce_window,
        trusted_proxies=settings.trusted_proxies,
        called=_called(ground),
        metrics=_metrics(ground, dispatcher, rates),
        metrics_from=settings.metrics_from,
        signed_urls=settings.signed_url_seconds,
        mcp=mcp,
    )
    if settings.role == "dispatcher":
        return create_admin_app(parts)
    app = create_app(parts)
    if ground.tracer.on:
        app = TracedRequests(app, ground.tracer)
    return app


def _metrics(ground: Ground, dispatcher: Dispatcher | None, rates: Rates) -> Callable[[], Awaitable[bytes]]:
    here = ground.settings.executor == "local"
    sight = Sight(
        store=ground.store,
        meter=ground.meter,
        loop=ground.loop,
        owner=ground.owner,
        clock=time.time,
        models=tuple(model.address for model in ground.catalogue.models),
        endings=lambda: _endings(ground),
        limited=lambda: rates.refused,
        running=(lambda: dispatcher.running_by_engine) if dispatcher else None,
        replicas=dispatcher.replicas if dispatcher else None,
        cards=CardMemory() if dispatcher and here else None,
        news=ground.bus.behind if ground.store.shared else None,
    )

    async def metrics() -> bytes:
        # Late: who runs no Prometheus does not pay for its library.
        from understudy.metrics.figures import figures

        return await figures(sight)

    return metrics


@asynccontextmanager
async def _listening(ground: Ground) -> AsyncIterator[None]:
    """Meanwhile the news of other processes are heard."""
    newsroom = Newsroom(
        ground.bus,
        ground.store,
        ground.events,
        waits=lambda model: ground.wakers.waits(model),
        over=lambda task: ground.wakers.stopped(task),
        called=ground.counter.called,
    )
    await newsroom.start()
    try:
        yield
    finally:
        await newsroom.stop()


def _desk(ground: Ground) -> Desk:
    settings = ground.settings

    def wake(model: str) -> None:
        ground.wakers.waits(model)
        ground.bus.send(Waits(model))

    def stop(task: int) -> None:
        ground.wakers.stopped(task)
        ground.counter.over.set()

    return Desk(
        store=ground.store,
        shelf=ground.shelf,
        events=ground.events,
        vet=ground.guard.vet,
        wake=wake,
        stop=stop,
        clock=time.time,
        prepaid=settings.billing == "prepaid",
        base_url=ground.url,
        priorities=settings.priority,
        limits=_limits(settings),
        queued_of_model=settings.max_queued,
        about_money=ground.counter.about_money,
        tracer=ground.tracer,
    )


def _webhooks(ground: Ground) -> Webhooks:
    async def secret_of(project: int) -> str:
        return ground.projects.webhook_secret_of(await ground.projects.get(project))

    async def render(task: Task) -> bytes:
        if task.door == OPENAI:
            return encode(event(task))
        model = ground.catalogue.find(*task.model.split("/", 1))
        return encode(detail(task, await ground.store.outputs(task.id), model, ground.url))

    return Webhooks(
        store=ground.store,
        outbound=ground.outbound,
        render=render,
        secret_of=secret_of,
        clock=time.time,
        hours=ground.settings.webhook_hours,
        tracer=ground.tracer,
    )


def _called(ground: Ground) -> Callable[[str], bool]:
    """Who waits for a partner's call may be another process; a flood of calls is not passed on."""
    valve = Valve(_CALLS_PER_SECOND, time.monotonic)

    def called(hook: str) -> bool:
        if ground.counter.called(hook):
            return True
        if valve.opens():
            ground.bus.send(Called(hook))
        return False

    return called


def _executor(settings: Settings) -> Executor:
    timings = Timings(
        idle=settings.idle_unload_seconds,
        cancel_grace=settings.kill_grace_seconds,
        silence=settings.heartbeat_timeout_seconds,
    )
    if settings.executor == "local":
        return LocalExecutor(timings)
    # Late: Ray is an extra.
    from understudy.executors.ray.executor import RayExecutor
    from understudy.executors.ray.timings import RayTimings

    return RayExecutor(settings.ray_address, RayTimings(**msgspec.structs.asdict(timings)))


def _limits(settings: Settings) -> ProjectLimits:
    return ProjectLimits(
        running=settings.running_per_project,
        queued=settings.queued_per_project,
        rate=settings.requests_per_second,
        burst=settings.request_burst,
        keep_days=settings.keep_days,
    )


def _endings(ground: Ground) -> tuple[Ending, ...]:
    today = date.today()  # noqa: DTZ011 - the operator's own day
    return retirement.endings(today, ground.cast.ends, ground.catalogue.models)


async def _warn_of_ends(endings: Callable[[], tuple[Ending, ...]]) -> None:
    """Once a day."""
    while True:
        for each in endings():
            if each.due:
                log.warning("%s %s: %s", each.what, each.name, each.sentence)
        await asyncio.sleep(_DAY)


async def _first_project(projects: Projects, folder: Path, url: str) -> None:
    """Keys for the clients of this machine; who has made and removed them already does not get them again."""
    if (folder / data_folder.CREDENTIALS).exists() or any(
        project.name == _FIRST_PROJECT for project in await projects.list()
    ):
        return
    made = await projects.create(_FIRST_PROJECT)
    data_folder.write_credentials(
        folder, url=url, api_key=made.api_key, api_secret=made.api_secret, auth=made.project.auth
    )
