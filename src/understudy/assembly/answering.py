"""What answers requests."""

import logging
import time
from collections.abc import Callable
from contextlib import AsyncExitStack

from starlette.types import ASGIApp, Receive, Scope, Send

from understudy import data_folder
from understudy.api.admin import create_admin_app
from understudy.api.app import create_app
from understudy.api.parts import Limits, Parts
from understudy.api.traced import TracedRequests
from understudy.assembly.ground import Ground, limits_of
from understudy.assembly.observing import metrics_of, reporter_of
from understudy.config import Settings
from understudy.config.shown import shown, text
from understudy.errors import StorageFailed, StoreUnavailable
from understudy.files.storage import signed_origin
from understudy.mcp import is_installed as mcp_is_installed
from understudy.mcp.http import create_mcp_app
from understudy.tasks.buckets import Valve
from understudy.tasks.bus import Called, Waits
from understudy.tasks.desk import Desk
from understudy.tasks.dispatcher import Dispatcher
from understudy.tasks.operations.reports import Reports
from understudy.tasks.operations.sampling import Sampler
from understudy.tasks.projects import Credentials
from understudy.tasks.rates import Rates
from understudy.tasks.records import Project
from understudy.web.front import Front
from understudy.web.parts import SettingShown, WebParts
from understudy.web.proof import Proof

_CALLS_PER_SECOND = 50.0

log = logging.getLogger(__name__)


async def answering(stack: AsyncExitStack, ground: Ground, dispatcher: Dispatcher | None) -> ASGIApp:
    """What answers requests; of a process that only runs tasks, those of its operator."""
    settings, store, url = ground.settings, ground.store, ground.url

    desk = _desk(ground)

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
    rates = Rates(store, time.time, limits_of(settings))
    reporter = reporter_of(ground, dispatcher) if dispatcher is not None else None
    if reporter is not None:
        await reporter.start()
        stack.push_async_callback(reporter.stop)
    reports = Reports(store, time.time, own=reporter.report if reporter else None)
    sampler = Sampler(store, reports, time.time, leads=lambda: ground.housekeeping.leads("housekeeping"))
    sampler.start()
    stack.push_async_callback(sampler.stop)
    web = None
    if settings.role != "dispatcher" and settings.dashboard:
        web = _dashboard(ground, desk, rates, reports, await _media_origins(ground))
    parts = Parts(
        catalogue=ground.catalogue,
        desk=desk,
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
        metrics=metrics_of(ground, dispatcher, rates),
        metrics_from=settings.metrics_from,
        signed_urls=settings.signed_url_seconds,
        mcp=mcp,
        web=Front(web) if web else None,
        signed_in=Proof(web) if web else None,
    )
    if settings.role == "dispatcher":
        return create_admin_app(parts)
    app = create_app(parts)
    if ground.tracer.on:
        app = TracedRequests(app, ground.tracer)
    return app


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
        limits=limits_of(settings),
        queued_of_model=settings.max_queued,
        about_money=ground.counter.about_money,
        tracer=ground.tracer,
    )


async def _media_origins(ground: Ground) -> tuple[str, ...]:
    """Where downloads lead beside this server itself."""
    if not ground.settings.signed_url_seconds:
        return ()
    try:
        origin = await signed_origin(ground.storage)
    except StorageFailed as error:
        log.warning(
            "The dashboard cannot show clips before a restart: no address was signed (%s).", error.message
        )
        return ()
    return (origin,) if origin else ()


def _dashboard(
    ground: Ground, desk: Desk, rates: Rates, reports: Reports, media_origins: tuple[str, ...]
) -> WebParts:
    settings = ground.settings

    def first_sign_in() -> None:
        data_folder.remove_sign_in(settings.data)

    def keys_changed(before: Project, made: Credentials) -> None:
        data_folder.renew_keys(
            settings.data,
            lambda known: ground.projects.has_key(before, known),
            api_key=made.api_key,
            api_secret=made.api_secret,
        )

    return WebParts(
        accounts=ground.accounts,
        catalogue=ground.catalogue,
        cast=ground.cast,
        desk=desk,
        store=ground.store,
        projects=ground.projects,
        decisions=ground.decisions,
        reports=reports,
        rates=rates,
        settings=settings_shown(settings),
        wake_webhooks=lambda: ground.wakers.over(0),
        clock=time.time,
        base_url=ground.url,
        trusted_proxies=settings.trusted_proxies,
        media_origins=media_origins,
        largest_upload=settings.max_upload_bytes,
        first_sign_in=first_sign_in,
        keys_changed=keys_changed,
    )


def settings_shown(settings: Settings) -> tuple[SettingShown, ...]:
    """What the dashboard shows of the settings."""
    return tuple(
        SettingShown(
            section=row.section,
            key=row.key,
            value=text(value),
            origin=origin,
            help=row.help,
            environment=row.environment,
        )
        for row, value, origin in shown(settings)
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
