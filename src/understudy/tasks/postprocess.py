"""The one media step that every engine's result goes through: looked at, priced, with a thumbnail."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import msgspec

from understudy.catalogue.manifest import Model
from understudy.catalogue.prices import Usage, cost, exact_seconds, format_cost
from understudy.errors import EngineFailed
from understudy.executors.artifact import Artifact, Seen
from understudy.tasks import lifecycle
from understudy.tasks.file_records import new_address, new_file
from understudy.tasks.records import Charge, File, Task


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a run leaves behind."""

    files: dict[File, Artifact]
    """Its outputs and thumbnails, not in the storage yet."""
    charge: Charge | None
    cost: str


class _Clip(msgspec.Struct, frozen=True, kw_only=True):
    artifact: Artifact
    seen: Seen
    thumbnail: Artifact


class Postprocess:
    """Turns what an engine made into the outputs of a task."""

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        prepaid: bool = False,
        announced: Callable[[Model, float], Awaitable[Model]] | None = None,
    ) -> None:
        """`prepaid`: whether what a run costs is taken from its project's balance. `announced`: a model with the prices
        that it had at a time; without it, prices never change.
        """
        self._clock = clock
        self._prepaid = prepaid
        self._announced = announced

    async def process(self, task: Task, model: Model, outputs: tuple[Artifact, ...], folder: Path) -> Result:
        """Look at what a run made, and price it; thumbnails of files that are here are drawn in `folder`.

        It costs what was announced when the task was submitted. Raises `EngineFailed` if the run made nothing, or
        something that is no media.
        """
        if not outputs:
            raise EngineFailed("The engine made no file.")
        clips = []
        for index, output in enumerate(outputs):
            seen, picture = await output.look(folder / f"{index}.jpg")
            clips.append(_Clip(artifact=output, seen=seen, thumbnail=picture))
        if self._announced is not None:
            model = await self._announced(model, task.created)
        amount = cost(model, _parameters(task), _usage(task, clips))
        return Result(
            files=_files(task, clips, self._clock()),
            charge=Charge(amount=amount, note=task.model, prepaid=self._prepaid) if amount else None,
            cost=format_cost(amount) if amount else "0",
        )


def _files(task: Task, clips: list[_Clip], now: float) -> dict[File, Artifact]:
    address = new_address()
    files: dict[File, Artifact] = {}
    for index, clip in enumerate(clips):
        output = new_file(
            "output",
            project=task.project,
            task=task.id,
            name=f"{index}{clip.artifact.suffix.lower()}",
            content_type=clip.seen.content_type,
            size=clip.seen.size,
            at=now,
            address=address,
        )
        files[output] = clip.artifact
        if clip.seen.content_type != "image/jpeg":
            picture = new_file(
                "thumbnail",
                project=task.project,
                task=task.id,
                name=f"{index}.jpg",
                content_type="image/jpeg",
                size=clip.seen.thumbnail_size,
                at=now,
                parent=output.id,
                address=address,
            )
            files[picture] = clip.thumbnail
    return files


def _parameters(task: Task) -> dict[str, str]:
    return {name: str(value) for name, value in task.values.items()}


def _usage(task: Task, clips: list[_Clip]) -> Usage:
    return Usage(
        elapsed=exact_seconds(lifecycle.elapsed(task)),
        outputs=len(clips),
        # Of the pictures: a sound track may be padded to a whole packet, which nobody asked for.
        video_seconds=sum((exact_seconds(clip.seen.seconds) for clip in clips), Decimal(0)),
        prompt_characters=len(str(task.values.get("prompt", ""))),
        pixels=sum(clip.seen.width * clip.seen.height for clip in clips),
    )
