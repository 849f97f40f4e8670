"""The server, assembled: every part is made here, once, and handed to those who work with it."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date
from pathlib import Path
from secrets import token_hex

from starlette.types import ASGIApp, Receive, Scope, Send

from understudy import data_folder
from understudy.api.answers import encode
from understudy.api.app import create_app
from understudy.api.openai_videos.naming import DOOR as OPENAI
from understudy.api.openai_videos.rendering import event
from understudy.api.parts import Limits, Parts
from understudy.api.wiro.render import detail
from understudy.casting import cast_of
from understudy.catalogue.loader import load_catalogue
from understudy.config import Settings
from understudy.engines import retirement
from understudy.engines.engine import LocalEngine
from understudy.engines.retirement import Ending
from understudy.errors import StoreUnavailable
from understudy.executors.local import LocalExecutor
from understudy.executors.timings import Timings
from understudy.files.address import AddressGuard
from understudy.files.intake import Intake
from understudy.files.outbound import Outbound
from understudy.files.storage import open_storage
from understudy.mcp import is_installed as mcp_is_installed
from understudy.mcp.http import create_mcp_app
from understudy.stores import store_in
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
from understudy.tasks.vault import open_vault
from understudy.tasks.webhooks import Webhooks

log = logging.getLogger(__name__)

_FIRST_PROJECT = "default"
_DAY = 24 * 3600.0


@asynccontextmanager
async def assembled(settings: Settings, folder: Path, url: str) -> AsyncIterator[tuple[ASGIApp, Dispatcher]]:
    """The application of a server at `url` with its data in `folder`, and what stops its work. Raises `ConfigurationError`."""
    catalogue = load_catalogue(settings.manifests)
    cast = cast_of(settings, catalogue)
    guard = AddressGuard(settings.allow_addresses)
    outbound = Outbound(guard)
    vault = open_vault(folder, settings.secret_key)
    storage = open_storage(folder / "files", sole=True)
    prepaid = settings.billing == "prepaid"
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(store_in(folder))
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

        def endings() -> tuple[Ending, ...]:
            today = date.today()  # noqa: DTZ011 - the operator's own day
            return retirement.endings(today, cast.ends, catalogue.models)

        async def metrics() -> bytes:
            # Late: who runs no Prometheus does not pay for its library.
            from understudy.metrics import figures

            return await figures(store, endings())

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
                metrics=metrics,
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
