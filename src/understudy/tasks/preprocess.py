"""From a task's sources to files that an engine can open: fetched, verified, upright."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from understudy.catalogue.catalogue import Catalogue
from understudy.catalogue.checked import Sample, Source, Stored, Upload, Url
from understudy.errors import FetchFailed
from understudy.files.intake import Intake, Prepared
from understudy.files.storage import Storage
from understudy.tasks.file_records import new_file
from understudy.tasks.records import File, Task

T = TypeVar("T")


class Inputs(msgspec.Struct, frozen=True, kw_only=True):
    """What preprocessing leaves behind."""

    paths: dict[str, tuple[str, ...]]
    """The files of each input, for the engine."""
    sources: dict[str, tuple[Source, ...]]
    media: dict[str, tuple[str, ...]]
    fetched: dict[File, Path] = {}
    """What was fetched, to be kept: the next attempt does not fetch it again."""


class Preprocess:
    """Prepares the input files of tasks."""

    def __init__(
        self, *, catalogue: Catalogue, storage: Storage, intake: Intake, clock: Callable[[], float]
    ) -> None:
        self._catalogue = catalogue
        self._storage = storage
        self._intake = intake
        self._clock = clock

    async def prepare(self, task: Task, folder: Path) -> Inputs:
        """Every input file of the task, in `folder`.

        Raises `AddressRefused`, `FetchFailed` or `MediaRefused`, with the name of the input.
        """
        paths: dict[str, tuple[str, ...]] = {}
        sources = dict(task.sources)
        media = dict(task.media)
        fetched: dict[File, Path] = {}
        for name, given in task.sources.items():
            ready: list[str] = []
            for index, source in enumerate(given):
                place = folder / f"{name}-{index}"
                await asyncio.to_thread(place.mkdir, parents=True)
                prepared = await self._one(source, place)
                ready.append(str(prepared.path))
                if isinstance(source, Url):
                    file = _kept(task, prepared, self._clock())
                    fetched[file] = prepared.original
                    sources[name] = _put(sources[name], index, Stored(key=file.key, name=file.name))
                    media[name] = _put(media[name], index, file.path)
            paths[name] = tuple(ready)
        return Inputs(paths=paths, sources=sources, media=media, fetched=fetched)

    async def _one(self, source: Source, folder: Path) -> Prepared:
        match source:
            case Url(url=url):
                return await self._intake.from_url(url, folder)
            case Sample(name=name):
                sample = self._catalogue.sample(name)
                if sample is None:
                    raise FetchFailed(f"The sample input {name} is no longer here.")
                return await self._intake.from_file(sample, name, folder)
            case Stored(key=key, name=name):
                return await self._intake.from_storage(self._storage, key, name, folder)
            case Upload():
                raise AssertionError("an upload is stored before its task exists")


def _kept(task: Task, prepared: Prepared, now: float) -> File:
    return new_file(
        "input",
        project=task.project,
        task=task.id,
        name=prepared.name,
        content_type=prepared.content_type,
        size=prepared.size,
        at=now,
    )


def _put(items: tuple[T, ...], index: int, item: T) -> tuple[T, ...]:
    return (*items[:index], item, *items[index + 1 :])
