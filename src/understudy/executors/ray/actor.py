"""A replica's actor: on a node of the cluster, in a process of Ray's, beside the replica's own.

It hosts the same `ReplicaProcess` that the local executor does, so that marks, heartbeats, the guard, cancel and force are the
same; all that it adds is to pass on what it hears. When its process ends, in whatever way, the replica's guard
notices.
"""

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import msgspec
import ray

from understudy import __version__
from understudy.engines.engine import LocalEngine, Output
from understudy.errors import ReplicaLost
from understudy.executors.artifact import Here
from understudy.executors.environment import ORDER
from understudy.executors.process import ReplicaProcess
from understudy.executors.protocol import Done, Load, Ready, Run
from understudy.executors.ray.node_folder import NodeFolder, measured, read_piece, write_piece
from understudy.executors.ray.node_protocol import (
    Batch,
    Born,
    End,
    Finished,
    LetGo,
    Look,
    Looked,
    Made,
    OnNode,
    Order,
    Stillborn,
    Store,
    Unfit,
    Unstored,
    to_birth,
    to_order,
    to_sight,
)
from understudy.executors.ray.node_storage import NodeStorage
from understudy.executors.ray.sight import inputs_of, seen
from understudy.executors.ray.telling import Telling
from understudy.executors.ray.tether import Tether

packed = msgspec.msgpack.encode

_LAST_WORDS = 0.2
"""Seconds that the driver has to fetch the reason, before an actor without a raylet ends."""


class ReplicaActor:
    """Its methods are called by the driver, through Ray: arguments and answers are those of `node_protocol`."""

    def __init__(self) -> None:
        self._process: ReplicaProcess | None = None
        self._tether: Tether | None = None
        self._tellings: dict[str, Telling] = {}
        self._folder: NodeFolder | None = None
        self._moved: Run | None = None
        self._storage: NodeStorage | None = None

    async def begin(self, version: str, birth: bytes) -> bytes:
        """Start the replica's process, unless this node has another version: a `Born`, an `Unfit` or a `Stillborn`."""
        if version != __version__:
            return packed(
                Unfit(
                    f"it has Understudy {__version__}, and this server is {version}: install the same on both"
                )
            )
        wanted = to_birth.decode(birth)
        if wanted.storage:
            self._storage = NodeStorage(wanted.storage)
        engine = LocalEngine(name=wanted.engine, version="", pipeline=wanted.pipeline)
        # Ray's numbers are those of nvidia-smi; CUDA by itself would put the fastest card first.
        os.environ.setdefault(ORDER, "PCI_BUS_ID")
        try:
            self._tether = await Tether.to(_raylet())
            self._process = await ReplicaProcess.start(engine, wanted.timings, time.monotonic, _cards())
        except (OSError, ReplicaLost) as error:
            return packed(Stillborn(str(error)))
        return packed(Born(self._process.pid, ray.util.get_node_ip_address()))

    async def life(self) -> str:
        """Wait until the replica can no longer be used, and say why. Without its raylet this process ends, too."""
        process, tether = self._replica(), self._tether
        assert tether is not None
        gone = asyncio.create_task(process.gone())
        ends: tuple[asyncio.Future[Any], ...] = (gone, tether.cut)
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            return gone.result()
        await process.kill("was lost: Ray on its node ended")
        asyncio.get_running_loop().call_later(_LAST_WORDS, os._exit, 1)
        return await gone

    async def play(self, turn: str, order: bytes, sight: bytes) -> bytes:
        """Begin the turn; its first `Batch`, or an empty one that says that the job's files cannot be seen from here."""
        decoded = to_order.decode(order)
        if isinstance(decoded, Run) and not await asyncio.to_thread(seen, to_sight.decode(sight)):
            return packed(Batch(apart=True))
        telling = self._telling(turn)
        telling.begin(self._play(decoded, telling))
        return await self.hear(turn)

    async def play_moved(self, turn: str) -> bytes:
        """Begin the turn for which room was made; its first `Batch`."""
        assert self._moved is not None
        telling = self._telling(turn)
        telling.begin(self._play_moved(self._moved, telling))
        return await self.hear(turn)

    async def hear(self, turn: str) -> bytes:
        """The next `Batch`."""
        batch = await self._tellings[turn].batch()
        if batch.end is not None:
            del self._tellings[turn]
        return packed(batch)

    async def cancel(self, turn: str) -> None:
        """Stop the turn, if it is not over."""
        if turn in self._tellings:
            self._tellings[turn].cancel()

    async def stop(self) -> None:
        """Let the replica give its memory back, and end it; and leave nothing on this node's disk."""
        if self._folder is not None:
            await asyncio.to_thread(self._folder.close)
        if self._process is not None:
            await self._process.stop()

    async def make_room(self, order: bytes) -> list[str]:
        """Prepare for the files of a `Run`, for `play_moved`: the paths that its inputs get here, in their order."""
        if self._storage is not None:
            self._storage.begin()
        run = to_order.decode(order)
        assert isinstance(run, Run)
        if self._folder is None:
            self._folder = await asyncio.to_thread(NodeFolder)
        self._moved = Run(run.turn, await asyncio.to_thread(self._folder.moved, run.job))
        return list(inputs_of(self._moved.job))

    async def write(self, path: str, offset: int, piece: bytes) -> None:
        """Write a piece of an input."""
        await asyncio.to_thread(write_piece, path, offset, piece)

    async def read(self, path: str, offset: int, size: int) -> bytes:
        """A piece of an output."""
        return await asyncio.to_thread(read_piece, path, offset, size)

    async def clear(self) -> None:
        """Take away the files that were copied for the last job."""
        self._moved = None
        if self._folder is not None:
            await asyncio.to_thread(self._folder.clear)

    async def _play(self, order: Order, telling: Telling) -> End:
        match order:
            case Load():
                await self._replica().load(order.options, telling.hear)
                return Ready(order.turn)
            case Run():
                made = await self._replica().run(order.job, telling.hear)
                return Done(order.turn, tuple(Output(str(each.path)) for each in made))
            case Look():
                return await self._look(order)
            case Store():
                return await self._store(order)
            case LetGo():
                await self.clear()
                return Finished(order.turn)

    async def _play_moved(self, order: Run, telling: Telling) -> End:
        made = await self._replica().run(order.job, telling.hear)
        return Made(order.turn, await asyncio.to_thread(measured, order.job, made))

    async def _look(self, order: Look) -> Looked:
        assert self._folder is not None
        seen, picture = await Here(Path(order.file.path)).look(self._folder.new_picture())
        thumbnail = OnNode(name=picture.path.name, path=str(picture.path), size=seen.thumbnail_size)
        return Looked(order.turn, seen, thumbnail)

    async def _store(self, order: Store) -> Finished | Unstored:
        assert self._storage is not None
        reason = await self._storage.put(Path(order.file.path), order.key)
        return Unstored(order.turn, reason) if reason else Finished(order.turn)

    def _telling(self, turn: str) -> Telling:
        process = self._replica()
        telling = self._tellings[turn] = Telling(turn, lambda: process.alive)
        return telling

    def _replica(self) -> ReplicaProcess:
        if self._process is None:
            raise RuntimeError("an order before begin")
        return self._process


def _raylet() -> str:
    """The socket of this node's raylet. Raises `OSError`."""
    here = ray.get_runtime_context().get_node_id()
    for node in ray.nodes():
        if node["NodeID"] == here:
            return str(node["RayletSocketName"])
    raise OSError("Ray does not know this node.")


def _cards() -> tuple[str, ...]:
    """The cards that Ray gave to this actor, as CUDA_VISIBLE_DEVICES names them."""
    return tuple(str(each) for each in ray.get_runtime_context().get_accelerator_ids().get("GPU", ()))
