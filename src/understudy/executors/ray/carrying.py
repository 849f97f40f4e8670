"""A job's files to a node that does not see them, and its outputs back: in pieces, through Ray's object store."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from understudy.engines.engine import Job
from understudy.executors.ray.node_folder import read_piece, write_piece
from understudy.executors.ray.node_protocol import OnNode
from understudy.executors.ray.sight import inputs_of

PIECE = 8 * 2**20
"""Bytes. Two pieces are under way at a time, whatever a file's size: that is all the memory it takes."""
_AT_ONCE = 2


async def bring(actor: Any, job: Job, paths: list[str]) -> None:
    """Copy the job's inputs to the node, to `paths`, in their order. Raises `OSError` or `RayError`."""
    for here, there in zip(inputs_of(job), paths, strict=True):
        size = (await asyncio.to_thread(Path(here).stat)).st_size

        async def one(offset: int, length: int, here: str = here, there: str = there) -> None:
            piece = await asyncio.to_thread(read_piece, here, offset, length)
            await actor.write.remote(there, offset, piece)

        await _in_pieces(size, one)


async def fetch(actor: Any, file: OnNode, to: str) -> None:
    """Copy a file of the node to the path `to` here. Raises `OSError` or `RayError`."""
    await asyncio.to_thread(Path(to).parent.mkdir, parents=True, exist_ok=True)

    async def one(offset: int, length: int) -> None:
        piece = await actor.read.remote(file.path, offset, length)
        await asyncio.to_thread(write_piece, to, offset, piece)

    await _in_pieces(file.size, one)


async def _in_pieces(size: int, one: Callable[[int, int], Awaitable[None]]) -> None:
    """Call `one` with offset and length of each piece; of an empty file, too."""
    pieces = _pieces(size)

    async def some() -> None:
        for offset, length in pieces:
            await one(offset, length)

    tasks = [asyncio.create_task(some()) for _ in range(_AT_ONCE)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def _pieces(size: int) -> Iterator[tuple[int, int]]:
    for offset in range(0, max(size, 1), PIECE):
        yield offset, min(PIECE, size - offset)
