"""Replicas as actors of a Ray cluster."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

from understudy.engines.engine import Job, LocalEngine, Output
from understudy.errors import ConfigurationError
from understudy.executors.artifact import Artifact
from understudy.executors.executor import Listener, ReplicaState
from understudy.executors.pool import Pool, Replica, Sleep, Slot
from understudy.executors.pools import Pools, least_of, most_of
from understudy.executors.ray.demand import Demand, demand_of
from understudy.executors.ray.fit import most_at_once
from understudy.executors.ray.rooms import Rooms
from understudy.executors.ray.timings import RayTimings


class RayExecutor:
    """An `Executor` whose replicas live where Ray finds room for them.

    Options that are read here, and handed to the pipeline like the others: `replicas` and `replicas_min`, how many there may
    be, and how many stay loaded when idle; `persistent`, whether all do; `cpus`, `gpus`, `memory_gb` and `gpu_memory_gb`,
    what each of them gets of its node (see `demand_of`).

    Ray itself is in a process of its own, the driver: started when it is first needed, and again when it was lost.
    """

    def __init__(
        self,
        address: str = "auto",
        timings: RayTimings = RayTimings(),  # noqa: B008 - frozen
        *,
        storage: str = "",
        rooms: Rooms | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`address`: `host:port` of the cluster's head, or "auto" for the cluster that this machine is a node of.

        `storage`: the address of the installation's; nodes put their files there themselves if it is a bucket.
        `rooms`: a way to the cluster that is there already; closed with the executor. `clock` measures durations, `now`
        dates states for operators, `sleep` waits for idling and backoff. Raises `ConfigurationError` for an address that
        has another meaning to Ray.
        """
        if "://" in address:
            raise ConfigurationError(
                f"The address of Ray must be HOST:PORT of its head, or auto, not {address}. The server's machine has to be"
                " a node of the cluster: ray start --address=HOST:PORT --num-cpus=0 --num-gpus=0"
            )
        self._timings = timings
        self._clock = clock
        self._sleep = sleep
        self._now = now
        self._rooms = rooms or Rooms(address, timings, storage)
        self._pools = Pools(self._new_pool)

    def connect(self) -> None:
        """Begin to connect now, and not when a first job comes."""
        self._rooms.reach.begin()

    @property
    def away(self) -> str:
        """See `Executor`."""
        return self._rooms.reach.away

    async def run(
        self, engine: LocalEngine, options: Mapping[str, object], job: Job, listen: Listener
    ) -> tuple[Output, ...]:
        """See `Executor`."""
        return await self._pools.run(engine, options, job, listen)

    def playing(
        self, engine: LocalEngine, options: Mapping[str, object], job: Job, listen: Listener
    ) -> AbstractAsyncContextManager[tuple[Artifact, ...]]:
        """See `Executor`."""
        return self._pools.playing(engine, options, job, listen)

    def capacity(self, engine: LocalEngine, options: Mapping[str, object]) -> int:
        """See `Executor`. What finds room in the cluster counts from the first connection on."""
        least_of(engine, options)
        number, demand = most_of(engine, options), demand_of(engine, options)
        link = self._rooms.reach.link
        return number if link is None or link.lost else min(number, max(1, most_at_once(demand, link.nodes)))

    async def warm(self, engine: LocalEngine, options: Mapping[str, object]) -> None:
        """See `Executor`."""
        await self._pools.warm(engine, options)

    def replicas(self) -> tuple[ReplicaState, ...]:
        """See `Executor`."""
        return self._pools.replicas()

    def unload(self, engine: str) -> int:
        """See `Executor`."""
        return self._pools.unload(engine)

    async def close(self) -> None:
        """See `Executor`."""
        await self._pools.close()
        await self._rooms.close()

    def _new_pool(self, engine: LocalEngine, options: Mapping[str, object]) -> Pool:
        return Pool(
            engine,
            options,
            most_of(engine, options),
            self._timings,
            host=Nodes(engine, demand_of(engine, options), self._rooms),
            persistent=engine.persistent or options.get("persistent") is True,
            clock=self._clock,
            sleep=self._sleep,
            now=self._now,
            least=least_of(engine, options),
            patience=self._timings.patience,
        )


class Nodes:
    """The cluster, as the `Host` of one engine's replicas."""

    def __init__(self, engine: LocalEngine, demand: Demand, rooms: Rooms) -> None:
        self._engine = engine
        self._demand = demand
        self._rooms = rooms

    @property
    def short(self) -> bool:
        """See `Host`."""
        return True

    async def take(self, slot: Slot) -> None:
        """See `Host`."""
        await self._rooms.take(slot, self._engine, self._demand)

    async def start(self, slot: Slot) -> Replica:
        """See `Host`."""
        return await self._rooms.start(slot, self._engine)

    def busy(self, slot: Slot) -> None:
        """See `Host`."""
        self._rooms.busy(slot)

    def idle(self, slot: Slot) -> None:
        """See `Host`."""
        self._rooms.idle(slot)

    def leaving(self, slot: Slot) -> None:
        """See `Host`."""
        self._rooms.leaving(slot)

    def give_back(self, slot: Slot) -> None:
        """See `Host`."""
        self._rooms.give_back(slot)
