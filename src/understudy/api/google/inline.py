"""JSON with whole files in it as base64, sent in pieces: a clip is never in memory, and the length is known before."""

import base64
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from starlette.responses import Response, StreamingResponse

from understudy.api.answers import JSON_TYPE, encode
from understudy.api.google.picture import encoded_bytes
from understudy.errors import StorageFailed
from understudy.files.storage import Storage
from understudy.tasks.records import File

Part = bytes | File
"""Text as it is, or a file to be encoded."""


def parts_of(files: Sequence[File], write: Callable[[Sequence[str]], Mapping[str, Any]]) -> list[Part]:
    """A document with files in it, in parts. `write` makes it, with the texts that it is given in the files' places."""
    marks = [secrets.token_hex(16) for _ in files]
    rest = encode(write(marks))
    parts: list[Part] = []
    for file, mark in zip(files, marks, strict=True):
        before, _, rest = rest.partition(mark.encode())
        parts += [before, file]
    return [*parts, rest]


async def inline(parts: Sequence[Part], storage: Storage) -> Response:
    """The answer. Raises `StorageFailed` if a file's beginning cannot be read."""
    length = 0
    for part in parts:
        if isinstance(part, File):
            # Read before the status line is out: a file that storage has lost is still answered with an error.
            if not await anext(storage.stream(part.key, 0, 1), b""):
                raise StorageFailed(f"{part.key} is empty in storage")
            length += encoded_bytes(part.size)
        else:
            length += len(part)
    headers = {"content-type": JSON_TYPE.decode(), "content-length": str(length), "cache-control": "private"}
    headers["x-content-type-options"] = "nosniff"
    return StreamingResponse(_written(parts, storage), headers=headers)


async def _written(parts: Sequence[Part], storage: Storage) -> AsyncIterator[bytes]:
    for part in parts:
        if isinstance(part, File):
            async for piece in _encoded(storage.stream(part.key, 0, part.size)):
                yield piece
        else:
            yield part


async def _encoded(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Base64, three bytes at a time: what is left over of a piece goes with the next."""
    left = b""
    async for piece in pieces:
        piece = left + piece
        whole = len(piece) // 3 * 3
        left = piece[whole:]
        yield base64.b64encode(piece[:whole])
    yield base64.b64encode(left)
