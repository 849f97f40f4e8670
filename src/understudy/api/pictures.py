"""Pictures in requests, whichever the protocol: kept as uploads, and verified while the request can still be refused."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from secrets import token_hex

from understudy.catalogue.checked import Upload
from understudy.errors import InvalidInput, MediaRefused, StorageFailed
from understudy.files.images import verify_image
from understudy.files.sniff import HEAD, PICTURES, accept


def save_inline(content: bytes, incoming: Path, name: str) -> Upload:
    """A picture that came inside the text, as a new file in `incoming`, which the caller has to delete. Blocking.

    `name` gets the extension of its type. Raises `MediaRefused` for what begins as no picture does, `StorageFailed`.
    """
    media = accept(content[:HEAD], PICTURES)
    path = incoming / token_hex(16)
    try:
        path.write_bytes(content)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise StorageFailed(f"an upload could not be written: {error.strerror}") from error
    return Upload(
        path=str(path),
        name=f"{name}{media.extensions[0]}",
        content_type=media.content_type,
        size=len(content),
    )


async def check_pictures(
    uploads: Mapping[str, Sequence[Upload]], max_pixels: int, room: asyncio.Semaphore
) -> None:
    """Decode every upload. Raises `InvalidInput`, naming the field, for one that is no picture, damaged or too large.

    `room` is how many pictures may be decoded at the same time: a small file can take hundreds of megabytes.
    """
    for name, given in uploads.items():
        for upload in given:
            try:
                async with room:
                    await asyncio.to_thread(verify_image, Path(upload.path), max_pixels)
            except MediaRefused as refused:
                raise InvalidInput("Request parameters are invalid.", f"[{name}] {refused}") from refused
