"""The tools that keep files at the server: one for those of this machine, one for content that comes over HTTP."""

import base64
import binascii
from pathlib import Path
from typing import Annotated

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from understudy.mcp.asking import Asked, ClientOf
from understudy.mcp.records import FileRecord


class LocalFiles:
    """Where the tools run on the caller's own machine."""

    def __init__(self, client_of: ClientOf) -> None:
        self._client_of = client_of

    async def upload(
        self, context: Asked, path: Annotated[str, Field(description="A file of this machine.")]
    ) -> FileRecord:
        """Keep a picture, video or sound at the server; its url can be a file input of later runs."""
        return FileRecord.of(await self._client_of(context).upload(_local(path)))


def _local(path: str) -> Path:
    return Path(path).expanduser()


class SentFiles:
    """Where they run at the server, which reads no files of its own for anybody."""

    def __init__(self, client_of: ClientOf) -> None:
        self._client_of = client_of

    async def upload(
        self,
        context: Asked,
        name: Annotated[str, Field(min_length=1, description="What the file is called, such as photo.jpg.")],
        content_base64: Annotated[str, Field(description="The file's bytes in base64.")],
    ) -> FileRecord:
        """Keep a picture, video or sound at the server; its url can be a file input of later runs."""
        try:
            content = base64.b64decode(content_base64, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ToolError("content_base64 is not base64.") from error
        return FileRecord.of(await self._client_of(context).upload(content, name=name))
