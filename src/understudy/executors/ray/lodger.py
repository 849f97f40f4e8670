"""One replica, as the driver sees it: its room, its actor, the turn that is being played."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import msgspec
from ray.exceptions import ActorDiedError, RayError, RayTaskError

from understudy import __version__
from understudy.executors.ray import cluster, words
from understudy.executors.ray.fit import Bundle, Node, bundle_of
from understudy.executors.ray.node_protocol import Birth, Born, Order, Unfit, to_born
from understudy.executors.ray.protocol import (
    Begin,
    Begun,
    Fetch,
    FromDriver,
    Gone,
    Heard,
    Place,
    Placed,
    Refused,
)
from understudy.executors.ray.relay import Relay

_LOOK = 0.5
"""Seconds between two looks whether the cluster has changed, while room is waited for."""

packed = msgspec.msgpack.encode


class Lodger:
    """What is asked of it goes on beside everything else; `tell` is how the server hears of it."""

    def __init__(self, order: Place, tell: Callable[[FromDriver], None]) -> None:
        self.name = order.replica
        self._order = order
        self._tell = tell
        self._node = ""
        self._room: asyncio.Task[cluster.Room] | None = None
        self._actor: Any = None
        self._relay: Relay | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def place(self, nodes: Callable[[], Sequence[Node]]) -> None:
        """Look for room; `nodes` are those that the cluster has at the moment."""
        self._go(self._place(nodes))

    def begin(self, order: Begin) -> None:
        """Make its actor."""
        self._go(self._begin(order))

    def play(self, order: Order | Fetch) -> None:
        """Have a turn played."""

        def tell(batch: bytes) -> None:
            self._tell(Heard(self.name, order.turn, msgspec.Raw(batch)))

        self._relay = Relay(self._actor, order, tell)
        self._go(self._relay.play())

    def cancel(self, turn: str) -> None:
        """Stop the turn, if it is being played."""
        if self._relay is not None and self._relay.turn == turn:
            self._relay.cancel()

    def stop(self) -> None:
        """Have it end in peace; that it is gone will be told."""
        if self._actor is not None:
            self._actor.stop.remote()

    async def release(self) -> None:
        """End it, and free its room."""
        for task in self._tasks:
            task.cancel()
        if self._actor is not None:
            await asyncio.to_thread(cluster.kill, self._actor)
        await self._leave()

    def _go(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._or_gone(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _or_gone(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except RayError as error:
            self._tell(Gone(self.name, words.lost(self._order.engine, self._node, error)))

    async def _place(self, nodes: Callable[[], Sequence[Node]]) -> None:
        demand, patience = self._order.demand, self._order.patience
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            bundle = bundle_of(demand, nodes())
            if bundle is None:
                await asyncio.sleep(_LOOK)
                continue
            room = await self._enter(bundle)
            while bundle_of(demand, nodes()) == bundle:
                if await asyncio.to_thread(room.found, _LOOK):
                    self._tell(Placed(self.name))
                    return
            await self._leave()
            deadline = time.monotonic() + patience
        self._tell(Refused(self.name, words.too_much(self._order.engine, demand, nodes())))

    async def _enter(self, bundle: Bundle) -> cluster.Room:
        # A task of its own: whoever cancels this must still be able to give back what Ray has been asked for.
        self._room = asyncio.create_task(asyncio.to_thread(cluster.Room, bundle, self.name))
        return await asyncio.shield(self._room)

    async def _leave(self) -> None:
        if self._room is not None:
            entering, self._room = self._room, None
            await asyncio.wait({entering})
            if entering.exception() is None:
                await asyncio.to_thread(entering.result().give_back)

    async def _begin(self, order: Begin) -> None:
        assert self._room is not None
        room = await self._room
        self._actor = await asyncio.to_thread(room.actor)
        birth = Birth(
            engine=order.engine, pipeline=order.pipeline, timings=order.timings, storage=order.storage
        )
        try:
            answer = to_born.decode(await self._actor.begin.remote(__version__, packed(birth)))
        except (ActorDiedError, RayTaskError) as error:
            self._tell(Gone(self.name, words.unfit(order.engine, error), unfit=True))
            return
        if isinstance(answer, Born):
            self._node = answer.node
            self._tell(Begun(self.name, answer.pid, answer.node))
            self._tell(Gone(self.name, await self._actor.life.remote()))
        else:
            self._tell(Gone(self.name, answer.reason, unfit=isinstance(answer, Unfit)))
