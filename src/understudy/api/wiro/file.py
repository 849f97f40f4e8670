"""File/Upload and File/FolderCreate."""

from typing import Any

from understudy.api.call import Call
from understudy.api.parts import Parts
from understudy.api.pictures import check_pictures
from understudy.api.wiro.envelope import success
from understudy.api.wiro.fields import text
from understudy.api.wiro.render import file_objects
from understudy.errors import InvalidInput


class FileEndpoints:
    """What a project keeps without a task."""

    def __init__(self, parts: Parts) -> None:
        self._desk = parts.desk
        self._limits = parts.limits
        self._decoding = parts.decoding
        self._base_url = parts.base_url

    async def upload(self, call: Call) -> dict[str, Any]:
        """Keep the file in `file`, in the folder `folderid` if given."""
        body = await call.body()
        uploads = body.uploads.get("file", ())
        if not uploads:
            raise InvalidInput("Request files [file] required")
        if len(uploads) > 1:
            raise InvalidInput("Request parameters are invalid.", "[file] takes one file at a time.")
        if uploads[0].content_type.startswith("image/"):
            await check_pictures({"file": uploads}, self._limits.image_pixels, self._decoding)
        file = await self._desk.upload(call.project, uploads[0], text(body.fields, "folderid"))
        return success(list=file_objects([file], self._base_url))

    async def make_folder(self, call: Call) -> dict[str, Any]:
        """A folder `name`, in the folder `parentid` if given."""
        fields = await call.fields()
        name = text(fields, "name")
        if not name:
            raise InvalidInput("Request parameter [name] required")
        folder = await self._desk.make_folder(call.project, name, text(fields, "parentid"))
        return success(list=file_objects([folder], self._base_url))
