"""All that the driver has in the cluster: its lodgers, and what it knows of the nodes."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from ray.exceptions import RayError

from understudy.executors.ray import cluster
from understudy.executors.ray.fit import Node
from understudy.executors.ray.lodger import Lodger
from understudy.executors.ray.protocol import (
    Begin,
    Cancel,
    Connected,
    Crowded,
    FromDriver,
    Nodes,
    Place,
    Play,
    Release,
    Stop,
    ToDriver,
    Watch,
)
from understudy.executors.ray.tether import Tether

_SURVEY = 1.0
"""Seconds between two looks at the cluster."""


class House:
    """Carries out what the server orders; `tell` is how it hears of it."""

    def __init__(self, tell: Callable[[FromDriver], None]) -> None:
        self._tell = tell
        self._lodgers: dict[str, Lodger] = {}
        self._nodes: tuple[Node, ...] = ()
        self._card_gb: dict[str, float] = {}
        self._measures = False
        self._watches = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def keep(self, orders: asyncio.Queue[ToDriver], closed: asyncio.Future[None]) -> str:
        """Go on until the server has hung up, or Ray can no longer be asked: why."""
        tether = await Tether.to(cluster.raylet())
        await self._look()
        self._tell(Connected())
        work = [asyncio.create_task(each) for each in (self._obey(orders), self._survey())]
        await asyncio.wait([*work, closed, tether.cut], return_when=asyncio.FIRST_COMPLETED)
        for task in work:
            task.cancel()
            if task.done() and not task.cancelled():
                task.result()
        return (
            "Ray's process on this machine, the raylet, ended. Start it again: ray start --address=HOST:PORT"
            if tether.cut.done()
            else ""
        )

    async def _obey(self, orders: asyncio.Queue[ToDriver]) -> None:
        while True:
            self._do(await orders.get())

    def _do(self, order: ToDriver) -> None:
        if isinstance(order, Watch):
            self._watches = order.on
        elif isinstance(order, Place):
            lodger = self._lodgers[order.replica] = Lodger(order, self._tell)
            self._measures = self._measures or bool(order.demand.gpu_memory_gb)
            lodger.place(lambda: self._nodes)
        elif known := self._lodgers.get(order.replica):
            self._have_it_do(known, order)

    def _have_it_do(self, lodger: Lodger, order: Begin | Play | Cancel | Stop | Release) -> None:
        if isinstance(order, Begin):
            lodger.begin(order)
        elif isinstance(order, Play):
            lodger.play(order.order)
        elif isinstance(order, Cancel):
            lodger.cancel(order.turn)
        elif isinstance(order, Stop):
            lodger.stop()
        else:
            self._aside(self._let_go(lodger))

    async def _let_go(self, lodger: Lodger) -> None:
        await lodger.release()
        self._lodgers.pop(lodger.name, None)

    async def _survey(self) -> None:
        while True:
            await asyncio.sleep(_SURVEY)
            try:
                await self._look()
                if self._watches:
                    ours = frozenset(self._lodgers)
                    gpus = await asyncio.to_thread(cluster.others_wait, ours)
                    if gpus is not None:
                        self._tell(Crowded(gpus))
            except (
                RayError
            ):  # its head is away, perhaps for a moment; Ray itself ends this process if it stays so
                continue

    async def _look(self) -> None:
        nodes = await asyncio.to_thread(cluster.nodes, self._card_gb.get)
        if nodes != self._nodes:
            self._nodes = nodes
            self._tell(Nodes(nodes))
        for node in nodes:
            if self._measures and node.gpus and not node.card_gb and node.id not in self._card_gb:
                self._card_gb[node.id] = 0.0
                self._aside(self._measure(node.id))

    async def _measure(self, node: str) -> None:
        self._card_gb[node] = await asyncio.to_thread(cluster.measure_cards, node)

    def _aside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
