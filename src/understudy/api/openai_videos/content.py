"""`GET /v1/videos/{id}/content`: the clip, and pictures that are made from it when they are first asked for."""

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from understudy.api.downloads import Downloads
from understudy.api.openai_videos.door import Answer, Asking
from understudy.api.openai_videos.naming import status_of, video_id
from understudy.api.openai_videos.refusals import Refused
from understudy.api.parts import Parts
from understudy.errors import MediaRefused
from understudy.tasks.records import File, Task

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

VARIANTS = ("video", "thumbnail", "spritesheet")

# Of the pictures that were made last, together.
_KEPT_BYTES = 16 * 1024 * 1024


class _Still(msgspec.Struct, frozen=True):
    content_type: bytes
    body: bytes


class Content:
    """What a finished video can be downloaded as."""

    def __init__(self, parts: Parts) -> None:
        self._desk = parts.desk
        self._store = parts.store
        self._storage = parts.storage
        self._incoming = parts.incoming
        self._downloads = Downloads(parts)
        self._stills: dict[tuple[str, str], _Still] = {}
        # One at a time: each may keep a core busy for a second.
        self._making = asyncio.Lock()

    async def answer(self, asking: Asking, task: Task, variant: str) -> Answer | Response:
        """The bytes of one variant. Raises `Refused` while there is none, `StorageFailed` if the file is lost."""
        if variant not in VARIANTS:
            raise Refused(400, f"variant takes one of {', '.join(VARIANTS)}.", param="variant")
        clip = await self._clip(task)
        if variant == "video":
            groups = {"address": clip.address, "name": clip.name}
            return await self._downloads.output(Request({**asking.scope, "path_params": groups}))
        still = await self._still(clip, variant)
        headers = ((b"cache-control", b"private, max-age=3600"),)
        return Answer(still.body, headers, still.content_type)

    async def _clip(self, task: Task) -> File:
        status = status_of(task)
        if status == "completed":
            outputs = () if task.files_deleted else await self._desk.outputs(task)
            if not outputs:
                raise Refused(404, "The files of this video were deleted.", code="video_deleted")
            return outputs[0]
        what = "failed: there is nothing to download" if status == "failed" else "is not ready yet"
        raise Refused(404, f"Video {video_id(task.id)} {what}.", code=f"video_{status}")

    async def _still(self, clip: File, variant: str) -> _Still:
        key = clip.id, variant
        if known := self._stills.get(key):
            return known
        async with self._making:
            still = self._stills.get(key) or await self._make(clip, variant)
            self._stills[key] = still
            while sum(len(each.body) for each in self._stills.values()) > _KEPT_BYTES:
                del self._stills[next(iter(self._stills))]
        return still

    async def _make(self, clip: File, variant: str) -> _Still:
        from understudy.api.openai_videos import stills

        try:
            if variant == "spritesheet":
                return _Still(b"image/jpeg", await self._made(stills.sheet, clip))
            files = await self._store.files_by_address(clip.address)
            drawn = next(
                (each for each in files if each.parent == clip.id and each.role == "thumbnail"), clip
            )
            return _Still(b"image/webp", await self._made(stills.webp, drawn))
        except MediaRefused as refused:
            raise Refused(404, f"There is no {variant} of this video: {refused}") from refused

    async def _made(self, make: Callable[[Path], bytes], file: File) -> bytes:
        async with self._at_hand(file) as path:
            return await asyncio.to_thread(make, path)

    @asynccontextmanager
    async def _at_hand(self, file: File) -> "AsyncIterator[Path]":
        if path := self._storage.local_path(file.key):
            yield path
            return
        copy = self._incoming / token_hex(16)
        try:
            await self._storage.fetch(file.key, copy)
            yield copy
        finally:
            copy.unlink(missing_ok=True)
