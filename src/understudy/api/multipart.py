"""multipart/form-data (RFC 7578), read as it streams in: text into memory, files onto the disk, both bounded."""

import asyncio
import re
import secrets
from collections.abc import Collection
from pathlib import Path

import msgspec
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from understudy.api.parts import Limits
from understudy.api.stream import BodyStream
from understudy.catalogue.checked import Upload
from understudy.errors import InvalidInput, MediaRefused, StorageFailed, TooLarge
from understudy.files.names import safe_name
from understudy.files.sniff import EVERYTHING, HEAD, Kind, MediaType, accept

_INVALID = "Request parameters are invalid."

_PLAIN = re.compile(rb'\r\ncontent-disposition: form-data; name="([\w.\[\]-]+)"\r\n\r\n', re.IGNORECASE)

# What waits in memory before it is written, in a thread: a disk can be slow, the event loop must not.
_PENDING = 512 * 1024


class Form(msgspec.Struct, frozen=True):
    """What a multipart body holds, in its order."""

    fields: list[tuple[str, str]]
    uploads: dict[str, tuple[Upload, ...]]


async def read_multipart(
    stream: BodyStream,
    boundary: bytes,
    *,
    limits: Limits,
    incoming: Path,
    kinds: Collection[Kind] = EVERYTHING,
) -> Form:
    """Read it all; files have to be of `kinds`. Raises `InvalidInput`, `TooLarge` or `ClientGone`, and then leaves no file behind."""
    first = await stream.piece(limits.request_bytes)
    fields = plain_fields(first, boundary, limits) if stream.complete else None
    if fields is not None:
        return Form(fields, {})
    reader = _Reader(boundary, limits, incoming, kinds)
    try:
        reader.feed(first)
        async for piece in stream.pieces(limits.request_bytes):
            reader.feed(piece)
            if reader.pending >= _PENDING:
                await asyncio.to_thread(reader.write_out)
        # A thread costs a fifth of a small request: only where there is something to write.
        return await asyncio.to_thread(reader.finish) if reader.pending else reader.finish()
    except OSError as error:
        reader.discard()
        raise StorageFailed(f"an upload could not be written: {error.strerror}") from error
    except BaseException:
        reader.discard()
        raise


def plain_fields(body: bytes, boundary: bytes, limits: Limits) -> list[tuple[str, str]] | None:
    """The fields of a whole body of text parts alone, in the form in which most clients write them.

    None for every other body, and for each that is to be refused: the parser, which goes through it byte by byte in
    Python, is half of a small request.
    """
    delimiter = b"\r\n--" + boundary
    head, *parts = (b"\r\n" + body).split(delimiter)
    if head or len(parts) < 2 or parts.pop() not in (b"--", b"--\r\n") or len(parts) > limits.fields:
        return None
    fields = []
    size = 0
    for part in parts:
        header = _PLAIN.match(part)
        if header is None:
            return None
        value = part[header.end() :]
        size += len(value)
        try:
            fields.append((header[1].decode(), value.decode()))
        except UnicodeDecodeError:
            return None
    return fields if size <= limits.json_bytes else None


class _File:
    """One file part: its first bytes, what is not written yet, and where the rest is."""

    def __init__(self, field: str, name: str, path: Path, kinds: Collection[Kind]) -> None:
        self.field = field
        self.name = name
        self.path = path
        self.kinds = kinds
        self.size = 0
        self.head = b""
        self.pending = bytearray()

    def add(self, data: bytes) -> None:
        self.size += len(data)
        self.pending += data
        if len(self.head) < HEAD:
            self.head += data[: HEAD - len(self.head)]
            if len(self.head) == HEAD:
                self.check()

    def write_out(self) -> None:
        with self.path.open("ab") as file:
            file.write(self.pending)
        self.pending = bytearray()

    def check(self) -> MediaType:
        try:
            return accept(self.head, self.kinds)
        except MediaRefused as refused:
            raise InvalidInput(_INVALID, f"[{self.field}] {refused}") from refused

    def upload(self) -> Upload:
        media = self.check()
        return Upload(
            path=str(self.path),
            name=safe_name(self.name, media.content_type),
            content_type=media.content_type,
            size=self.size,
        )


class _Reader:
    """Turns the parser's callbacks into fields and files."""

    def __init__(self, boundary: bytes, limits: Limits, incoming: Path, kinds: Collection[Kind]) -> None:
        self._limits = limits
        self._kinds = kinds
        self._incoming = incoming
        self._fields: list[tuple[str, str]] = []
        self._files: list[_File] = []
        self._text_size = 0
        self._ended = False
        self._headers: dict[bytes, bytes] = {}
        self._header_name = b""
        self._header_value = b""
        self._part: _File | None = None
        self._field = ""
        self._text = bytearray()
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._on_header_name,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._open,
                    "on_part_data": self._on_data,
                    "on_part_end": self._close,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise InvalidInput(_INVALID, "The boundary of the multipart body is too long.") from error

    @property
    def pending(self) -> int:
        """Bytes that wait to be written."""
        return sum(len(file.pending) for file in self._files)

    def feed(self, piece: bytes) -> None:
        try:
            self._parser.write(piece)
        except FormParserError as error:
            raise InvalidInput(_INVALID, "The multipart body is broken.") from error

    def write_out(self) -> None:
        for file in self._files:
            if file.pending:
                file.write_out()

    def finish(self) -> Form:
        if not self._ended:
            raise InvalidInput(_INVALID, "The multipart body ends before its closing boundary.")
        uploads: dict[str, tuple[Upload, ...]] = {}
        for file in self._files:
            # A browser sends a file input that was left empty as a nameless part without content.
            if file.name or file.size:
                uploads[file.field] = (*uploads.get(file.field, ()), file.upload())
        self.write_out()
        return Form(self._fields, uploads)

    def discard(self) -> None:
        for file in self._files:
            file.path.unlink(missing_ok=True)

    def _begin(self) -> None:
        if len(self._fields) + len(self._files) >= self._limits.fields:
            raise TooLarge("The request is too large.", f"It may have at most {self._limits.fields} parts.")
        self._headers = {}
        self._part = None
        self._text = bytearray()

    def _on_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._header_name.lower()] = self._header_value
        self._header_name = self._header_value = b""

    def _open(self) -> None:
        disposition, options = parse_options_header(self._headers.get(b"content-disposition"))
        if disposition != b"form-data" or not options.get(b"name"):
            raise InvalidInput(_INVALID, "A part of the multipart body has no name.")
        self._field = _text(options[b"name"], "A field name")
        if b"filename" in options:
            name = options[b"filename"].decode("utf-8", "replace")
            self._part = _File(self._field, name, self._incoming / secrets.token_hex(16), self._kinds)
            self._files.append(self._part)

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._part is not None:
            self._part.add(data[start:end])
            if self._part.size > self._limits.upload_bytes:
                raise TooLarge(
                    "The request is too large.",
                    f"[{self._field}] A file may have at most {self._limits.upload_bytes:,} bytes.",
                )
            return
        self._text_size += end - start
        if self._text_size > self._limits.json_bytes:
            raise TooLarge(
                "The request is too large.",
                f"Its text may have at most {self._limits.json_bytes:,} bytes.",
            )
        self._text += data[start:end]

    def _close(self) -> None:
        if self._part is None:
            self._fields.append((self._field, _text(bytes(self._text), f"[{self._field}]")))

    def _end(self) -> None:
        self._ended = True


def _text(raw: bytes, what: str) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(_INVALID, f"{what} is not text in UTF-8.") from error
