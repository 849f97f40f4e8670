"""Bodies: JSON, forms with and without files, and what the documented shell commands send.

The documented commands send JSON text under `multipart/form-data` without a boundary, and `curl -d` declares it
a urlencoded form unless told otherwise: JSON is taken as JSON whatever it is called.
"""

import hashlib
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from python_multipart.multipart import parse_options_header

from understudy.api.json_text import read_object
from understudy.api.multipart import read_multipart
from understudy.api.parts import Limits
from understudy.api.stream import BodyStream, too_large
from understudy.catalogue.checked import Upload
from understudy.errors import InvalidInput
from understudy.files.sniff import EVERYTHING, Kind

_INVALID = "Request parameters are invalid."
_USUAL = re.compile(rb"multipart/form-data; ?boundary=([\w'()+,./:=?-]+)", re.ASCII)
"""As nearly all clients write it, so that the general reader of such headers is seldom needed."""


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """A body that was read. Uploads lie in the incoming folder until `discard`."""

    fields: dict[str, Any] = {}
    """JSON values, or strings; a list of strings where a form gives a field several times."""
    uploads: dict[str, tuple[Upload, ...]] = {}
    """The files of each field, of sniffed types and under safe names."""

    def digest(self, *context: str) -> bytes:
        """SHA-256 over the parsed body, bytes of the files included: equal for equal requests. Reads the files."""
        files = {
            name: [(each.name, _file_digest(Path(each.path))) for each in uploads]
            for name, uploads in self.uploads.items()
        }
        text = msgspec.json.encode([context, self.fields, files], order="deterministic")
        return hashlib.sha256(text).digest()

    def discard(self) -> None:
        """Delete the uploads."""
        for uploads in self.uploads.values():
            for each in uploads:
                Path(each.path).unlink(missing_ok=True)


async def read_body(
    stream: BodyStream,
    headers: Mapping[bytes, bytes],
    *,
    limits: Limits,
    incoming: Path,
    kinds: Collection[Kind] = EVERYTHING,
    picture_bytes: int = 0,
) -> Body:
    """The body of a request. Its uploads, of `kinds`, are new files in `incoming`, which the caller has to discard.

    `picture_bytes`: what JSON and the texts of a multipart body may have beyond their limit, for a picture in them.
    Raises `InvalidInput` for what cannot be read, `TooLarge` as soon as a limit is passed, and `ClientGone`;
    nothing is left behind then.
    """
    if headers.get(b"content-encoding", b"identity").strip().lower() not in (b"", b"identity"):
        raise InvalidInput(_INVALID, "Compressed bodies are not accepted; send it without Content-Encoding.")
    declared = headers.get(b"content-type", b"")
    most_text = limits.json_bytes + picture_bytes
    if declared[:10].lower() == b"multipart/":
        wider = msgspec.structs.replace(limits, json_bytes=most_text) if picture_bytes else limits
        return await _multipart(declared, stream, wider, incoming, kinds)
    text = await stream.whole(most_text)
    if declared[:33].lower() == b"application/x-www-form-urlencoded" and not looks_like_json(text):
        if len(text) > limits.json_bytes:
            # Taken apart at its percent signs, such a form takes eighty times its size.
            raise too_large(limits.json_bytes)
        return Body(fields=read_form(text, limits.fields))
    return Body(fields=read_object(text))


def looks_like_json(text: bytes) -> bool:
    """Whether it begins as a JSON object does, which no form of ours can."""
    return text.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def read_form(text: bytes, most: int) -> dict[str, Any]:
    """The fields of `application/x-www-form-urlencoded` text. Raises `InvalidInput`."""
    try:
        pairs = parse_qsl(
            text.decode(), keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=most
        )
    except ValueError as error:
        raise InvalidInput(_INVALID, "The body is not an urlencoded form in UTF-8.") from error
    return _collect(pairs)


def _collect(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if "\0" in name or "\0" in value:
            raise InvalidInput(_INVALID, "The body has a NUL character in it.")
        given = fields.get(name)
        if given is None:
            fields[name] = value
        elif isinstance(given, list):
            given.append(value)
        else:
            fields[name] = [given, value]
    return fields


async def _multipart(
    declared: bytes, stream: BodyStream, limits: Limits, incoming: Path, kinds: Collection[Kind]
) -> Body:
    usual = _USUAL.fullmatch(declared)
    media_type, boundary = (b"multipart/form-data", usual[1]) if usual else _declared(declared)
    if not boundary:
        text = await stream.whole(limits.json_bytes)
        if not text.strip() or looks_like_json(text):
            return Body(fields=read_object(text))
        raise InvalidInput(_INVALID, "A multipart body needs a boundary in its Content-Type.")
    if media_type != b"multipart/form-data":
        raise InvalidInput(_INVALID, "Send multipart/form-data, application/json or a urlencoded form.")
    form = await read_multipart(stream, boundary, limits=limits, incoming=incoming, kinds=kinds)
    try:
        return Body(fields=_collect(form.fields), uploads=form.uploads)
    except InvalidInput:
        Body(uploads=form.uploads).discard()
        raise


def _declared(content_type: bytes) -> tuple[bytes, bytes]:
    """The media type and the boundary; empty where there is none."""
    media_type, options = parse_options_header(content_type)
    return media_type, options.get(b"boundary", b"")


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
