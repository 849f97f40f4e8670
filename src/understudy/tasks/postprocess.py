"""The one media step that every engine's result goes through: probed, priced, with a thumbnail."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import msgspec

from understudy.catalogue.manifest import Model
from understudy.catalogue.prices import Usage, cost, exact_seconds, format_cost
from understudy.engines.engine import Output
from understudy.errors import EngineFailed, MediaRefused
from understudy.files.probe import Probe, probe
from understudy.files.thumbnail import thumbnail
from understudy.tasks import lifecycle
from understudy.tasks.file_records import new_address, new_file
from understudy.tasks.records import Charge, File, Task


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a run leaves behind."""

    files: dict[File, Path]
    """Its outputs and thumbnails, not in the storage yet."""
    charge: Charge | None
    cost: str


class _Clip(msgspec.Struct, frozen=True, kw_only=True):
    path: Path
    content_type: str
    probe: Probe
    thumbnail: Path


class Postprocess:
    """Turns what an engine made into the outputs of a task."""

    def __init__(self, *, clock: Callable[[], float], prepaid: bool = False) -> None:
        """`prepaid`: whether what a run costs is taken from its project's balance."""
        self._clock = clock
        self._prepaid = prepaid

    async def process(self, task: Task, model: Model, outputs: tuple[Output, ...], folder: Path) -> Result:
        """Probe and price what a run made; thumbnails are drawn in `folder`.

        Raises `EngineFailed` if it made nothing, or something that is no media.
        """
        if not outputs:
            raise EngineFailed("The engine made no file.")
        try:
            clips = [
                await asyncio.to_thread(_look_at, Path(output.path), folder / f"{index}.jpg")
                for index, output in enumerate(outputs)
            ]
        except MediaRefused as refusal:
            raise EngineFailed(f"The engine made a file that is no media: {refusal}") from refusal
        amount = cost(model, _parameters(task), _usage(task, clips))
        return Result(
            files=_files(task, clips, self._clock()),
            charge=Charge(amount=amount, note=task.model, prepaid=self._prepaid) if amount else None,
            cost=format_cost(amount) if amount else "0",
        )


def _files(task: Task, clips: list[_Clip], now: float) -> dict[File, Path]:
    address = new_address()
    files: dict[File, Path] = {}
    for index, clip in enumerate(clips):
        output = new_file(
            "output",
            project=task.project,
            task=task.id,
            name=f"{index}{clip.path.suffix.lower()}",
            content_type=clip.content_type,
            size=clip.path.stat().st_size,
            at=now,
            address=address,
        )
        files[output] = clip.path
        if clip.content_type != "image/jpeg":
            picture = new_file(
                "thumbnail",
                project=task.project,
                task=task.id,
                name=f"{index}.jpg",
                content_type="image/jpeg",
                size=clip.thumbnail.stat().st_size,
                at=now,
                parent=output.id,
                address=address,
            )
            files[picture] = clip.thumbnail
    return files


def _look_at(path: Path, picture: Path) -> _Clip:
    picture.parent.mkdir(exist_ok=True)
    seen = probe(path)
    thumbnail(path, picture)
    return _Clip(path=path, content_type=seen.content_type, probe=seen, thumbnail=picture)


def _parameters(task: Task) -> dict[str, str]:
    return {name: str(value) for name, value in task.values.items()}


def _usage(task: Task, clips: list[_Clip]) -> Usage:
    pictures = [clip.probe.video[0] for clip in clips if clip.probe.video]
    return Usage(
        elapsed=exact_seconds(lifecycle.elapsed(task)),
        outputs=len(clips),
        # Of the pictures: a sound track may be padded to a whole packet, which nobody asked for.
        video_seconds=sum((exact_seconds(picture.duration or 0.0) for picture in pictures), Decimal(0)),
        prompt_characters=len(str(task.values.get("prompt", ""))),
        pixels=sum(picture.width * picture.height for picture in pictures),
    )
