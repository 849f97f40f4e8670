"""The server, assembled: every part is made here, once, and handed to those who work with it."""

import asyncio
import gc
import logging
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import date
from pathlib import Path
from secrets import token_hex

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from understudy import data_folder
from understudy.api.answers import encode
from understudy.api.app import create_app
from understudy.api.openai_videos.naming import DOOR as OPENAI
from understudy.api.openai_videos.rendering import event
from understudy.api.parts import Limits, Parts
from understudy.api.wiro.render import detail
from understudy.catalogue.catalogue import Catalogue
from understudy.catalogue.loader import load_catalogue
from understudy.config import Settings
from understudy.engines import retirement
from understudy.engines.cast import Cast
from understudy.engines.engine import LocalEngine
from understudy.engines.kinds import instances
from understudy.engines.registry import load_engines
from understudy.engines.retirement import Ending
from understudy.errors import ConfigurationError, StoreUnavailable
from understudy.executors.local import LocalExecutor
from understudy.executors.timings import Timings
from understudy.files.address import AddressGuard
from understudy.files.intake import Intake
from understudy.files.outbound import Outbound
from understudy.files.storage import open_storage
from understudy.http_protocol import BoundedHttpProtocol
from understudy.mcp import is_installed as mcp_is_installed
from understudy.mcp.http import create_mcp_app
from understudy.metrics import reader
from understudy.tasks.desk import Desk
from understudy.tasks.dispatcher import Dispatcher
from understudy.tasks.events import Events
from understudy.tasks.postprocess import Postprocess
from understudy.tasks.preprocess import Preprocess
from understudy.tasks.projects import Projects
from understudy.tasks.purchases.aftercare import Aftercare, remaker
from understudy.tasks.purchases.counter import Counter
from understudy.tasks.purchases.partners import Partners
from understudy.tasks.purchases.tools import lender
from understudy.tasks.records import Task
from understudy.tasks.runner import Crew
from understudy.tasks.shelf import Shelf
from understudy.tasks.store.sqlite.store import open_sqlite
from understudy.tasks.store.store import Store
from understudy.tasks.vault import open_vault
from understudy.tasks.webhooks import Webhooks

log = logging.getLogger(__name__)

_FIRST_PROJECT = "default"
_DAY = 24 * 3600.0
_REQUESTS_END_SECONDS = 5
"""How long requests under way may take to end once the server stops."""


async def serve(settings: Settings, *, on_ready: Callable[[str], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; `on_ready` hears the base address once requests are answered.

    After the signal nothing more is claimed; running tasks may end for `drain_seconds`, the rest go back to the
    queue. A second signal ends the wait. Raises `ConfigurationError` if it cannot start.
    """
    folder = data_folder.make(settings.data)
    with data_folder.locked(folder), _listening(settings) as listener:
        url = settings.url.rstrip("/") or _address(listener)
        async with _assembled(settings, folder, url) as (app, dispatcher):
            http = _Http(http_config(app))
            stop = _Signals()
            serving = asyncio.create_task(http.serve(sockets=[listener]))
            try:
                await http.answers(serving)
                data_folder.note_url(folder, url)
                _collect_less_often()
                if on_ready is not None:
                    on_ready(url)
                await stop.first.wait()
                await _drain(dispatcher, settings.drain_seconds, stop)
            finally:
                http.should_exit = True
                await serving


def _collect_less_often() -> None:
    """What was assembled stays, so the garbage collector need not look through it again and again.

    Requests leave hardly any cycles behind; with the default thresholds looking for them takes 6% of a Run.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def http_config(app: ASGIApp) -> uvicorn.Config:
    """How uvicorn serves the API."""
    return uvicorn.Config(
        app,
        http=BoundedHttpProtocol,
        ws="websockets-sansio",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_REQUESTS_END_SECONDS,
    )


@asynccontextmanager
async def open_projects(settings: Settings, *, make: bool = False) -> AsyncIterator[Projects]:
    """The projects of a data folder, whether a server runs on it or not; `make`: made if missing.

    Raises `ConfigurationError`.
    """
    folder = (data_folder.make if make else data_folder.existing)(settings.data)
    async with _store_in(folder) as store:
        yield Projects(store, open_vault(folder, settings.secret_key), time.time)


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Store]:
    """What a data folder remembers, whether a server runs on it or not. Raises `ConfigurationError`."""
    async with _store_in(data_folder.existing(settings.data)) as store:
        yield store


@asynccontextmanager
async def _store_in(folder: Path) -> AsyncIterator[Store]:
    store = await open_sqlite(folder / data_folder.DATABASE)
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def _assembled(settings: Settings, folder: Path, url: str) -> AsyncIterator[tuple[ASGIApp, Dispatcher]]:
    catalogue = load_catalogue(settings.manifests)
    cast = _cast(settings, catalogue)
    guard = AddressGuard(settings.allow_addresses)
    outbound = Outbound(guard)
    vault = open_vault(folder, settings.secret_key)
    storage = open_storage(folder / "files", sole=True)
    prepaid = settings.billing == "prepaid"
    async with AsyncExitStack() as stack:
        store = await open_sqlite(folder / data_folder.DATABASE)
        stack.push_async_callback(store.close)
        notes = folder / "shelving"
        notes.mkdir(exist_ok=True)
        shelf = Shelf(store=store, storage=storage, notes=notes)
        if swept := await shelf.sweep():
            log.info("%d files that belong to nothing were deleted", swept)
        projects = Projects(store, vault, time.time)
        await _first_project(projects, folder, url)

        async def secret_of(project: int) -> str:
            return projects.webhook_secret_of(await projects.get(project))

        async def render(task: Task) -> bytes:
            if task.door == OPENAI:
                return encode(event(task))
            model = catalogue.find(*task.model.split("/", 1))
            return encode(detail(task, await store.outputs(task.id), model, url))

        webhooks = Webhooks(
            store=store,
            outbound=outbound,
            render=render,
            secret_of=secret_of,
            clock=time.time,
            hours=settings.webhook_hours,
        )
        events = Events(kept=settings.events_kept, ended=webhooks.wake)
        executor = LocalExecutor(
            Timings(
                idle=settings.idle_unload_seconds,
                cancel_grace=settings.kill_grace_seconds,
                silence=settings.heartbeat_timeout_seconds,
            )
        )
        for engine in cast.engines:
            if isinstance(engine, LocalEngine):
                executor.capacity(engine, cast.options(engine))
        stack.push_async_callback(executor.close)
        partners = Partners(cast, lender(settings.allow_addresses, time.time))
        stack.push_async_callback(partners.close)
        counter = Counter(
            store=store, shelf=shelf, storage=storage, partners=partners, clock=time.time, base_url=url
        )
        intake = Intake(
            outbound,
            max_bytes=settings.max_upload_bytes,
            max_pixels=settings.max_image_pixels,
            deadline=settings.fetch_timeout_seconds,
        )
        crew = Crew(
            store=store,
            events=events,
            catalogue=catalogue,
            cast=cast,
            executor=executor,
            preprocess=Preprocess(catalogue=catalogue, storage=storage, intake=intake, clock=time.time),
            shelf=shelf,
            counter=counter,
            failover=settings.failover,
            postprocess=Postprocess(clock=time.time, prepaid=prepaid),
            folder=data_folder.emptied(folder / "runs"),
            clock=time.time,
            max_attempts=settings.max_attempts,
        )
        aftercare = Aftercare(
            counter, remaker(crew.store, crew.preprocess), data_folder.emptied(folder / "aftercare")
        )
        owner = f"{socket.gethostname()}:{os.getpid()}:{token_hex(4)}"
        dispatcher = Dispatcher(crew, owner=owner, lease_seconds=settings.lease_seconds)

        def stop(task: int) -> None:
            dispatcher.stop_run(task)
            counter.over.set()

        desk = Desk(
            store=store,
            storage=storage,
            shelf=shelf,
            events=events,
            vet=guard.vet,
            wake=dispatcher.wake,
            stop=stop,
            clock=time.time,
            prepaid=prepaid,
            base_url=url,
            priorities=settings.priority,
            about_money=counter.about_money,
        )

        def endings(today: date) -> tuple[Ending, ...]:
            return retirement.endings(today, cast.ends, catalogue.models)

        async def ready() -> None:
            if dispatcher.stopping:
                raise StoreUnavailable("The server is stopping; it takes up no more tasks.")
            if not dispatcher.alive:
                raise StoreUnavailable("The dispatcher has stopped; restart the server.")

        async def itself(scope: Scope, receive: Receive, send: Send) -> None:
            await app(scope, receive, send)

        mcp = create_mcp_app(itself, url) if mcp_is_installed() else None
        if mcp is not None:
            await stack.enter_async_context(mcp.lifespan())
        app = create_app(
            Parts(
                catalogue=catalogue,
                desk=desk,
                store=store,
                storage=storage,
                projects=projects,
                events=events,
                clock=time.time,
                base_url=url,
                incoming=data_folder.emptied(folder / "incoming"),
                ready=ready,
                limits=Limits(
                    json_bytes=settings.max_json_bytes,
                    upload_bytes=settings.max_upload_bytes,
                    request_bytes=settings.max_request_bytes,
                    image_pixels=settings.max_image_pixels,
                ),
                nonce_window=settings.nonce_window,
                trusted_proxies=settings.trusted_proxies,
                called=counter.called,
                metrics=reader(store, endings, date.today),
                metrics_from=settings.metrics_from,
                mcp=mcp,
            )
        )
        aftercare.start()
        stack.push_async_callback(aftercare.stop)
        warning = asyncio.create_task(_warn_of_ends(endings))
        stack.callback(warning.cancel)
        await dispatcher.start()
        stack.push_async_callback(dispatcher.stop, 0.0)
        webhooks.start()
        stack.push_async_callback(webhooks.stop)
        yield app, dispatcher


def _cast(settings: Settings, catalogue: Catalogue) -> Cast:
    """The operator's cast; an engine stays loaded if one of its models is persistent, unless it only stands in."""
    engines = instances(load_engines(settings.engines), settings.engine)
    cast = Cast(engines, settings.cast, settings.engine, data=settings.data)
    persistent = {
        engine.name
        for model in catalogue.models
        if model.persistent
        for engine in cast.of(model)
        if isinstance(engine, LocalEngine) and not engine.preview
    }
    if not persistent:
        return cast
    options = {name: {"persistent": True, **settings.engine.get(name, {})} for name in persistent}
    return Cast(engines, settings.cast, {**settings.engine, **options}, data=settings.data)


async def _warn_of_ends(endings: Callable[[date], tuple[Ending, ...]]) -> None:
    """Once a day."""
    while True:
        for each in endings(date.today()):  # noqa: DTZ011 - the operator's own day
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


class _Http(uvicorn.Server):
    """uvicorn, with the signals left to us: running tasks come before sockets when the server stops."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def answers(self, serving: "asyncio.Task[None]") -> None:
        """Returns once requests are answered; raises what kept it from starting."""
        while not self.started:
            if serving.done():
                await serving
                raise ConfigurationError("The HTTP server stopped before it began.")
            await asyncio.sleep(0.005)


class _Signals:
    """SIGINT and SIGTERM, counted."""

    def __init__(self) -> None:
        self.first = asyncio.Event()
        self.second = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._heard)

    def _heard(self) -> None:
        (self.second if self.first.is_set() else self.first).set()


async def _drain(dispatcher: Dispatcher, seconds: float, stop: _Signals) -> None:
    stopping = asyncio.create_task(dispatcher.stop(seconds))
    hurried = asyncio.create_task(stop.second.wait())
    await asyncio.wait({stopping, hurried}, return_when=asyncio.FIRST_COMPLETED)
    if not stopping.done():
        dispatcher.hurry()
    hurried.cancel()
    await stopping


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # With the protocol named, asyncio sets TCP_NODELAY on what it accepts; without, every answer may wait for 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"Cannot listen on {settings.host} port {settings.port} ({error.strerror or error})."
            " Choose another with --port; 0 takes a free one."
        ) from error
    with listener:
        yield listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - to be replaced by an address that a client can use
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
