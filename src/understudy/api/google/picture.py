"""The picture in a request: base64 text becomes an upload like any other."""

import base64
import binascii
from pathlib import Path

from understudy.api.google.errors import FieldRefused
from understudy.api.pictures import save_inline
from understudy.catalogue.checked import Upload
from understudy.errors import MediaRefused

LARGEST = 20 * 1024 * 1024
"""Bytes of a picture: Google's own limit."""

FIELD = "instances[0].image"


def encoded_bytes(size: int) -> int:
    """The length of so many bytes in base64."""
    return (size + 2) // 3 * 4


def save_picture(text: str, folder: Path, limit: int) -> Upload:
    """The picture as a new file in `folder`, which the caller has to delete. Blocking.

    `text` is base64 in either alphabet, as the encoders of Google's clients differ. Raises `FieldRefused` for what is
    no base64, over `limit` bytes, or no picture.
    """
    if len(text) > encoded_bytes(limit):
        raise FieldRefused(FIELD, f"a picture may have at most {limit:,} bytes.")
    try:
        content = base64.b64decode(
            text + "=" * (-len(text) % 4),
            altchars="-_" if "-" in text or "_" in text else None,
            validate=True,
        )
    except (binascii.Error, ValueError) as error:
        raise FieldRefused(FIELD, "bytesBase64Encoded is not base64.") from error
    try:
        return save_inline(content, folder, "image")
    except MediaRefused as refused:
        raise FieldRefused(FIELD, str(refused)) from refused
