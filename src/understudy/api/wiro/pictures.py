"""Uploaded pictures, verified while the request can still be refused."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from understudy.catalogue.checked import Upload
from understudy.errors import InvalidInput, MediaRefused
from understudy.files.images import verify_image


async def check_pictures(uploads: Mapping[str, Sequence[Upload]], max_pixels: int) -> None:
    """Decode every upload. Raises `InvalidInput`, naming the field, for one that is no picture, damaged or too large."""
    for name, given in uploads.items():
        for upload in given:
            try:
                await asyncio.to_thread(verify_image, Path(upload.path), max_pixels)
            except MediaRefused as refused:
                raise InvalidInput("Request parameters are invalid.", f"[{name}] {refused}") from refused
