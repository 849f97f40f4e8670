"""Who has room in the cluster: one book for all pools of an executor. Ray finds the room; this makes some, if it must."""

import asyncio
import secrets
from typing import Any

from understudy.engines.engine import LocalEngine
from understudy.executors.pool import Replica, Slot
from understudy.executors.ray.demand import Demand
from understudy.executors.ray.link import Link, NoRay
from understudy.executors.ray.protocol import Watch
from understudy.executors.ray.reach import Reach
from understudy.executors.ray.replica import RayReplica
from understudy.executors.ray.storing import Storing
from understudy.executors.ray.timings import RayTimings


class Room:
    """Room for one replica."""

    def __init__(self, link: Link, name: str, demand: Demand) -> None:
        self.link = link
        self.name = name
        self.demand = demand
        self.idle = 0
        """When its replica became idle, counted in such events; 0 while it is not."""


class Rooms:
    """Where room is short, idle replicas are unloaded, one after the other, the one used longest ago before others.

    An idle replica of the very kind that is waited for is handed on as it is.
    """

    def __init__(self, address: str, timings: RayTimings, storage: str = "") -> None:
        """`address` of the cluster; `storage`: the installation's, which nodes can use themselves if it is a bucket."""
        self._storing = Storing(storage)
        self.reach = Reach(address, self._crowded)
        self._timings = timings
        self._rooms: dict[Slot, Room] = {}
        self._waiting: dict[Slot, asyncio.Future[None]] = {}
        self._events = 0

    async def take(self, slot: Slot, engine: LocalEngine, demand: Demand) -> None:
        """See `Host`. Raises `EngineUnavailable` if there is no such room, or no cluster, for too long."""
        handed = self._waiting[slot] = asyncio.get_running_loop().create_future()
        finding = asyncio.create_task(self._find(engine, demand))
        room: Room | None = None
        try:
            room = await self._found(demand, finding, handed)
        finally:
            del self._waiting[slot]
            if finding.done():
                _release_unless(room, finding)
            finding.cancel()
        if room is not None:
            self._rooms[slot] = room

    async def start(self, slot: Slot, engine: LocalEngine) -> Replica:
        """See `Host`."""
        room = self._rooms[slot]
        return await RayReplica.start(room.link, room.name, engine, self._timings, self._storing)

    def busy(self, slot: Slot) -> None:
        """See `Host`."""
        if room := self._rooms.get(slot):
            room.idle = 0
            self._watch()

    def idle(self, slot: Slot) -> None:
        """See `Host`."""
        for waiter, handed in self._waiting.items():
            if waiter.kind is slot.kind and not handed.done():
                self._rooms[waiter] = self._rooms.pop(slot)
                waiter.take_over(slot)
                handed.set_result(None)
                return
        self._events += 1
        self._rooms[slot].idle = self._events
        self._watch()

    def leaving(self, slot: Slot) -> None:
        """See `Host`."""
        if room := self._rooms.get(slot):
            room.idle = 0

    def give_back(self, slot: Slot) -> None:
        """See `Host`."""
        if room := self._rooms.pop(slot, None):
            room.link.release(room.name)
            self._watch()

    async def close(self) -> None:
        """Disconnect from the cluster; nothing that was ours is left there."""
        await self.reach.close()

    async def _find(self, engine: LocalEngine, demand: Demand) -> Room:
        while True:
            link = await self.reach.within(self._timings.absence)
            name = secrets.token_hex(8)
            try:
                await link.place(name, engine.name, demand, self._timings.absence)
            except NoRay:  # it was lost meanwhile
                continue
            return Room(link, name, demand)

    async def _found(
        self, demand: Demand, finding: asyncio.Task[Room], handed: asyncio.Future[None]
    ) -> Room | None:
        """The room that was found; None if one was handed on."""
        ends: tuple[asyncio.Future[Any], ...] = (finding, handed)
        while True:
            await asyncio.wait(ends, timeout=self._timings.crowded, return_when=asyncio.FIRST_COMPLETED)
            if handed.done():
                return None
            if finding.done():
                return finding.result()
            self._make_room(bool(demand.gpus or demand.gpu_memory_gb))

    def _make_room(self, gpus: bool) -> None:
        """Unload an idle replica; for a card, one that has cards."""
        idle = {
            room.idle: slot
            for slot, room in self._rooms.items()
            if room.idle and (not gpus or room.demand.gpus or room.demand.gpu_memory_gb)
        }
        if idle:
            idle[min(idle)].unload()

    def _crowded(self, gpus: bool) -> None:
        self._make_room(gpus)

    def _watch(self) -> None:
        """Have the driver look for others who wait, as long as we have something that we could do without."""
        link = self.reach.link
        if link is not None:
            link.send(Watch(any(room.idle for room in self._rooms.values())))


def _release_unless(taken: Room | None, finding: asyncio.Task[Room]) -> None:
    """Give back what was found in the very moment in which it was no longer wanted."""
    if not finding.cancelled() and finding.exception() is None and (room := finding.result()) is not taken:
        room.link.release(room.name)
