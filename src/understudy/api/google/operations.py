"""Asking for operations, and downloading what they made."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from understudy.api.answers import JSON_TYPE, encode
from understudy.api.downloads import Downloads, NoSuchFile
from understudy.api.google import rendering
from understudy.api.google.inline import inline, parts_of
from understudy.api.parts import Parts
from understudy.errors import NotFound
from understudy.tasks.lifecycle import is_terminal
from understudy.tasks.records import File, Project, Task


class Operations:
    """A project's tasks, as operations."""

    def __init__(self, parts: Parts) -> None:
        self._desk = parts.desk
        self._store = parts.store
        self._storage = parts.storage
        self._base_url = parts.base_url
        self._downloads = Downloads(parts)

    async def platform(self, project: Project, name: str, id: str) -> Response:
        """The operation in the enterprise form, its clips inline. Raises `NotFound`, `StorageFailed`."""
        task = await self._find(project, id)
        if rendering.is_success(task):
            videos = await self._videos(task)

            def write(contents: Sequence[str]) -> dict[str, object]:
                types = [file.content_type for file in videos]
                return rendering.platform_done(name, task, list(zip(contents, types, strict=True)))

            return await inline(parts_of(videos, write), self._storage)
        if await self._is_filtered(task):
            return answer(rendering.platform_filtered(name, task))
        return answer(_without_clip(name, task))

    async def developer(self, project: Project, name: str, id: str) -> Response:
        """The operation in the Developer form, with addresses of its clips. Raises `NotFound`."""
        task = await self._find(project, id)
        if rendering.is_success(task):
            videos = await self._videos(task)
            return answer(rendering.developer_done(name, task, videos, self._base_url))
        if await self._is_filtered(task):
            return answer(rendering.developer_filtered(name, task))
        return answer(_without_clip(name, task))

    async def download(self, project: Project, id: str, scope: Scope, receive: Receive) -> Response:
        """A clip of the project's, or the range of it that is asked for. Raises `NotFound`, `StorageFailed`."""
        file = await self._store.file(id)
        if file is None or file.project != project.id or file.role != "output":
            raise NoSuchFile("There is no such file.")
        place = {"address": file.address, "name": file.name}
        return await self._downloads.output(Request({**scope, "path_params": place}, receive))

    async def _find(self, project: Project, id: str) -> Task:
        try:
            return await self._desk.find(project, id=id)
        except NotFound as error:
            raise NotFound("There is no such operation.") from error

    async def _videos(self, task: Task) -> list[File]:
        return [file for file in await self._desk.outputs(task) if file.role == "output"]

    async def _is_filtered(self, task: Task) -> bool:
        """Whether a partner's rules have refused the content, which this protocol does not show as an error."""
        if not is_terminal(task.status) or not task.reason or task.cancelled:
            return False
        purchases = await self._store.purchases(task=task.id)
        return bool(purchases) and purchases[-1].outcome == "declined"


def _without_clip(name: str, task: Task) -> dict[str, object]:
    return (rendering.failed if is_terminal(task.status) else rendering.running)(name, task)


def answer(body: dict[str, object]) -> Response:
    """JSON."""
    return Response(
        encode(body), headers={"content-type": JSON_TYPE.decode(), "x-content-type-options": "nosniff"}
    )
