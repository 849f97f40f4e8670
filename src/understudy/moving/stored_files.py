"""The files that records point at, copied from one storage to another."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from understudy.files.storage import Storage
from understudy.moving.refusals import NotWhole
from understudy.moving.tables import FILES, Reader
from understudy.tasks.records import File

_AT_ONCE = 8
"""Files on their way at the same time: a bucket answers each after some milliseconds."""
_NAMED = 100
"""Missing ones that are named, not only counted."""


class FilesCopied(msgspec.Struct, frozen=True, kw_only=True):
    """What was copied. Sizes in bytes."""

    files: int
    size: int
    missing: int
    """Records whose file the storage does not have, or not in its size."""
    keys: tuple[str, ...]
    """The places of the first of those."""


async def files_of(reader: Reader) -> AsyncIterator[File]:
    """Every record of a file, but not those of folders."""
    async for batch in reader.rows(FILES):
        for row in batch:
            file = File(**dict(zip(FILES.columns, row, strict=True)))
            if file.key:
                yield file


async def copy_files(reader: Reader, source: Storage, target: Storage) -> FilesCopied:
    """Every file of the records; what is there already in its size is left. Each is looked at afterwards.

    Raises `StorageFailed`; `NotWhole` if a file has another size after it was copied.
    """
    files = size = 0
    missing: list[str] = []
    records = files_of(reader)
    with tempfile.TemporaryDirectory(prefix="understudy-") as folder:
        while batch := [file async for file in _next(records)]:
            found = await asyncio.gather(*(_copy(file, source, target, Path(folder)) for file in batch))
            for file, there in zip(batch, found, strict=True):
                if there:
                    files, size = files + 1, size + file.size
                else:
                    missing.append(file.key)
    return FilesCopied(files=files, size=size, missing=len(missing), keys=tuple(missing[:_NAMED]))


async def _next(records: AsyncIterator[File]) -> AsyncIterator[File]:
    for _ in range(_AT_ONCE):
        try:
            yield await anext(records)
        except StopAsyncIteration:
            return


async def _copy(file: File, source: Storage, target: Storage, folder: Path) -> bool:
    """Whether the source has it."""
    there = await target.head(file.key)
    if there is not None and there.size == file.size:
        return True
    found = await source.head(file.key)
    if found is None or found.size != file.size:
        return False
    path = source.local_path(file.key)
    if path is not None:
        await target.put(file.key, path)
    else:
        fetched = folder / file.id
        try:
            await source.fetch(file.key, fetched)
            await target.put(file.key, fetched)
        finally:
            fetched.unlink(missing_ok=True)
    there = await target.head(file.key)
    if there is None or there.size != file.size:
        raise NotWhole(f"The file {file.key} has {file.size} bytes, and another size after it was copied.")
    return True
