"""What runs tasks."""

import asyncio
import logging
import time
from contextlib import AsyncExitStack

import msgspec

from understudy import data_folder
from understudy.api.answers import encode
from understudy.api.openai_videos.naming import DOOR as OPENAI
from understudy.api.openai_videos.rendering import event
from understudy.api.wiro.render import detail
from understudy.assembly.ground import Ground
from understudy.assembly.observing import endings_of, warn_of_ends
from understudy.config import Settings
from understudy.engines.cast import Cast
from understudy.engines.engine import LocalEngine
from understudy.errors import UnderstudyError
from understudy.executors.executor import Executor
from understudy.executors.local import LocalExecutor
from understudy.executors.timings import Timings
from understudy.files.intake import Intake
from understudy.tasks.dispatcher import Dispatcher
from understudy.tasks.operations.holds import Holds
from understudy.tasks.postprocess import Postprocess
from understudy.tasks.preprocess import Preprocess
from understudy.tasks.purchases.aftercare import Aftercare, remaker
from understudy.tasks.records import RunningLimits, Task
from understudy.tasks.runner import Crew
from understudy.tasks.webhooks import Webhooks

log = logging.getLogger(__name__)


async def dispatching(stack: AsyncExitStack, ground: Ground) -> Dispatcher:
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
        postprocess=Postprocess(
            clock=time.time,
            prepaid=settings.billing == "prepaid",
            announced=ground.decisions.announced,
        ),
        folder=data_folder.emptied(ground.place / "runs"),
        clock=time.time,
        max_attempts=settings.max_attempts,
        tracer=ground.tracer,
        held=lambda: ground.decisions.held,
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
    holds = Holds(ground.decisions, unload=executor.unload, wake=dispatcher.wake)
    holds.start()
    stack.push_async_callback(holds.stop)
    aftercare.start()
    stack.push_async_callback(aftercare.stop)
    webhooks.start()
    stack.push_async_callback(webhooks.stop)
    warming = asyncio.create_task(_warm(ground.cast, executor))
    stack.callback(warming.cancel)
    warning = asyncio.create_task(warn_of_ends(lambda: endings_of(ground)))
    stack.callback(warning.cancel)
    return dispatcher


async def _warm(cast: Cast, executor: Executor) -> None:
    """What is to stay loaded is loaded from the start; what keeps it from that, the first job will be told, too."""
    for engine in cast.engines:
        if isinstance(engine, LocalEngine) and cast.availability(engine).ok:
            try:
                await executor.warm(engine, cast.options(engine))
            except UnderstudyError as error:
                log.warning("engine %s cannot be loaded now: %s", engine.name, error.message)


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

    executor = RayExecutor(
        settings.ray_address, RayTimings(**msgspec.structs.asdict(timings)), storage=settings.storage
    )
    executor.connect()
    return executor
