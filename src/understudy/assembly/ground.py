"""What every process of an installation stands on."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from secrets import token_hex

import msgspec

from understudy import data_folder
from understudy.casting import cast_of
from understudy.catalogue.catalogue import Catalogue
from understudy.catalogue.loader import load_catalogue
from understudy.config import Settings
from understudy.engines.cast import Cast
from understudy.errors import StorageFailed
from understudy.files.address import AddressGuard
from understudy.files.outbound import Outbound
from understudy.files.storage import Storage, open_storage
from understudy.metrics.loop import LoopLag
from understudy.metrics.meter import Meter
from understudy.stores import bus_of, notes_of, store_of, vault_of
from understudy.tasks.accounts.accounts import Accounts
from understudy.tasks.bus import Bus
from understudy.tasks.events import Events
from understudy.tasks.housekeeping import Housekeeping
from understudy.tasks.operations.decisions import Decisions
from understudy.tasks.projects import Projects
from understudy.tasks.purchases.counter import Counter
from understudy.tasks.purchases.partners import Partners
from understudy.tasks.purchases.tools import lender
from understudy.tasks.records import ProjectLimits
from understudy.tasks.shelf import Shelf
from understudy.tasks.store.store import Store
from understudy.tracing.choice import tracer_for
from understudy.tracing.traced import traced
from understudy.tracing.tracer import Tracer

log = logging.getLogger(__name__)


_FIRST_PROJECT = "default"
_FIRST_USER = "operator"
_LOOKS = 50
"""For the project that another process is making."""


_TRACED_CALLS = {
    name: f"store {name}"
    for name in ("submit", "apply", "begin_purchase", "step_purchase", "settle_purchase")
}


_TRACED_FILES = {name: f"storage {name}" for name in ("put", "fetch")}


class Wakers(msgspec.Struct, kw_only=True):
    """Who is woken by what happens: set by those who are there."""

    waits: Callable[[str], None] = lambda _: None
    """A task of that model waits."""
    over: Callable[[int], None] = lambda _: None
    """That task has ended."""
    stopped: Callable[[int], None] = lambda _: None
    """That task was ended from outside: its run is to stop."""


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
    accounts: Accounts
    decisions: Decisions
    bus: Bus
    events: Events
    counter: Counter
    housekeeping: Housekeeping
    wakers: Wakers
    tracer: Tracer
    meter: Meter
    loop: LoopLag


async def grounded(stack: AsyncExitStack, settings: Settings, folder: Path, url: str) -> Ground:
    """All of it, until the stack is closed. Raises `ConfigurationError`."""
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
    accounts = Accounts(store, vault, time.time)
    decisions = Decisions(store, catalogue, cast, time.time)
    await decisions.start()
    stack.push_async_callback(decisions.stop)
    bus = bus_of(opened, owner)
    wakers = Wakers()
    # In a process that only runs tasks nobody watches.
    kept = 0 if settings.role == "dispatcher" else settings.events_kept

    def over(task: int) -> None:
        wakers.over(task)

    partners = Partners(cast, lender(settings.allow_addresses, time.time), tracer)
    stack.push_async_callback(partners.close)
    guard = AddressGuard(settings.allow_addresses)
    housekeeping = Housekeeping(
        store=store, shelf=shelf, clock=time.time, owner=owner, limits=limits_of(settings)
    )
    if not store.shared and (swept := await shelf.sweep(time.time())):
        log.info("%d files that belong to nothing were deleted", swept)
    await housekeeping.start()
    stack.push_async_callback(housekeeping.stop)
    if await housekeeping.leads("first project"):
        await _first_project(projects, folder, url)
    else:
        await _first_project_elsewhere(projects)
    if settings.dashboard and settings.role != "dispatcher":
        await _first_user(accounts, folder, url, leads=lambda: housekeeping.leads("first user"))
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
        accounts=accounts,
        decisions=decisions,
        bus=bus,
        events=Events(kept=kept, ended=over, tell=bus.send),
        counter=Counter(
            store=store, shelf=shelf, storage=storage, partners=partners, clock=time.time, base_url=url
        ),
        housekeeping=housekeeping,
        wakers=wakers,
        tracer=tracer,
        meter=meter,
        loop=loop,
    )


def limits_of(settings: Settings) -> ProjectLimits:
    """Those of projects that have none of their own."""
    return ProjectLimits(
        running=settings.running_per_project,
        queued=settings.queued_per_project,
        rate=settings.requests_per_second,
        burst=settings.request_burst,
        keep_days=settings.keep_days,
    )


async def _first_user(
    accounts: Accounts, folder: Path, url: str, *, leads: Callable[[], Awaitable[bool]]
) -> None:
    """As long as nobody has an account, a link for an operator; the one that a former start made counts no more.

    `leads`: of several processes that start together, one makes it.
    """
    users = await accounts.list()
    if any(user.password or user.signed_in for user in users):
        data_folder.remove_sign_in(folder)  # it was used at another process
        return
    if not await leads():
        return
    first = next((user for user in users if user.name == _FIRST_USER), None)
    if first is None:
        first = await accounts.create(_FIRST_USER, "operator")
    data_folder.write_sign_in(folder, data_folder.sign_in_url(url, await accounts.invite(first)))


async def _first_project_elsewhere(projects: Projects) -> None:
    """Another process has just begun, perhaps with another secret key: one of the two must not serve."""
    for _ in range(_LOOKS):
        if await projects.list():
            break
        await asyncio.sleep(0.1)
    await projects.check_key()


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
