"""Pictures that come inside the text, as data URLs (RFC 2397): decoded into an upload like any other."""

import asyncio
import binascii
from pathlib import Path

from understudy.api.openai_videos.refusals import Refused
from understudy.api.openai_videos.requests import REFERENCE
from understudy.api.pictures import save_inline
from understudy.catalogue.checked import Upload
from understudy.errors import MediaRefused, TooLarge

MOST_BYTES = 20_000_000
"""Of a picture inside the text: it is held in memory as a whole."""


async def upload_of(data_url: str, incoming: Path, most: int = MOST_BYTES) -> Upload:
    """The picture as a new file in `incoming`, which the caller has to discard.

    Raises `Refused` for what is no picture in base64, `TooLarge` for more than `most` bytes.
    """
    return await asyncio.to_thread(_write, data_url, incoming, most)


def _write(data_url: str, incoming: Path, most: int) -> Upload:
    declared, _, text = data_url.partition(",")
    if not declared.lower().endswith(";base64"):
        raise Refused(400, "A data URL needs ;base64 before its comma.", param=REFERENCE)
    if len(text) * 3 // 4 > most + 2:
        raise TooLarge("The request is too large.", f"A picture inside a request may have {most:,} bytes.")
    try:
        content = binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise Refused(400, "The picture of the data URL is not valid base64.", param=REFERENCE) from error
    try:
        return save_inline(content, incoming, REFERENCE)
    except MediaRefused as refused:
        raise Refused(400, refused.message, param=REFERENCE) from refused
