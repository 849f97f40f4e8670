"""A backup's file: a tar whose last member names the others with their SHA-256, so that what is not whole is noticed.

In their order: `manifest.json`, `secret.key`, `credentials.json` (if there is one), `files/...` (if asked for),
`understudy.db.gz`, `contents.json`, `SHA256SUMS`. Clips do not get smaller by compressing, so only the database is
compressed; it follows the files, since those that were deleted meanwhile are taken out of it.
"""

import hashlib
import io
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import msgspec

from understudy.moving.refusals import NotWhole

FORMAT = 1
MANIFEST = "manifest.json"
FILES = "files/"
DATABASE = "understudy.db.gz"
SECRET_KEY = "secret.key"
CREDENTIALS = "credentials.json"
CONTENTS = "contents.json"
SUMS = "SHA256SUMS"

SMALL = 1024 * 1024
"""Bytes that a member may have that is read as a whole."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup is: read before anything else."""

    format: int
    """Of this file; newer ones are refused."""
    program: str
    """The version of Understudy that wrote it."""
    schema: int
    """Of the database in it, which is an embedded store's."""
    made: float
    """Unix seconds."""
    files: bool
    """Whether the files are in it."""


class Gone(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is not in a backup, or not needed."""

    key: str
    task: int


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a backup: known at its end."""

    rows: dict[str, int]
    """By table."""
    files: int = 0
    size: int = 0
    """Bytes of all files together."""
    missing: tuple[Gone, ...] = ()
    """Records point at them, and the storage did not have them, or not in their size."""
    deleted: tuple[Gone, ...] = ()
    """Deleted while the backup was made; their records are not in it either."""


class Hashed:
    """A file that is read through, with the hash of what was read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """See `io.RawIOBase`."""
        piece = self._file.read(size)
        self._hash.update(piece)
        return piece

    @property
    def digest(self) -> str:
        """In hex digits."""
        return self._hash.hexdigest()


class ArchiveWriter:
    """Writes members one after the other."""

    def __init__(self, path: Path) -> None:
        """`path`: a new file, readable by its owner only."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._tar = tarfile.open(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self._sums = path.with_name(f"{path.name}.sums").open("w+b")

    def add(self, name: str, file: IO[bytes], size: int) -> None:
        """A member of `size` bytes. Raises `NotWhole` if the file has fewer."""
        member = tarfile.TarInfo(name)
        member.size = size
        member.mode = 0o600
        hashed = Hashed(file)
        try:
            self._tar.addfile(member, hashed)
        except OSError as error:
            raise NotWhole(f"The backup cannot be written: {error.strerror or error}.") from error
        forget_members(self._tar)
        self._sums.write(f"{hashed.digest}  {name}\n".encode(errors="surrogateescape"))

    def add_bytes(self, name: str, content: bytes) -> None:
        """A small member."""
        self.add(name, io.BytesIO(content), len(content))

    def finish(self) -> None:
        """Write the sums; all is on disk after it."""
        size = self._sums.tell()
        self._sums.seek(0)
        self.add(SUMS, self._sums, size)
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Whether it was finished or not."""
        self._sums.close()
        self._file.close()


class Member:
    """One member, to be read once."""

    def __init__(self, name: str, size: int, file: Hashed) -> None:
        self.name = name
        self.size = size
        self.file = file

    def content(self) -> bytes:
        """All of a small one. Raises `NotWhole` if it is large."""
        if self.size > SMALL and self.name != CONTENTS:
            raise NotWhole(f"{self.name} in the backup is larger than it can be.")
        return self.file.read(self.size)

    def copy_to(self, path: Path) -> None:
        """Into a new file."""
        with path.open("xb") as file:
            while piece := self.file.read(SMALL):
                file.write(piece)


def members(path: Path, sums: Path) -> Iterator[Member]:
    """The members of a backup in their order, but not the last; `sums` is a new file for what is read.

    Raises `NotWhole` at the end if anything is missing or is not what was written.
    """
    with reading(path), tarfile.open(path, "r:") as tar, sums.open("x+b") as read:
        while (found := tar.next()) is not None:
            forget_members(tar)
            stream = tar.extractfile(found)
            if stream is None:
                raise NotWhole(f"{path} is no backup: {found.name[:80]} is no file.")
            if found.name == SUMS:
                _compare(path, read, stream)
                return
            member = Member(found.name, found.size, Hashed(stream))
            yield member
            while member.file.read(SMALL):
                pass
            read.write(f"{member.file.digest}  {member.name}\n".encode(errors="surrogateescape"))
    raise NotWhole(f"{path} is not whole: its end is missing.")


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """What fails in here is told as `NotWhole`."""
    try:
        yield
    except (tarfile.TarError, EOFError) as error:
        raise NotWhole(f"{path} is no whole backup of Understudy: {error}.") from error
    except FileNotFoundError as error:
        if error.filename is not None and Path(error.filename) != path:
            raise
        raise NotWhole(f"There is no backup {path}.") from error


def decoded(content: bytes, kind: type[Any], path: Path) -> Any:
    """A record of a backup. Raises `NotWhole`."""
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.DecodeError as error:
        raise NotWhole(f"{path} is no whole backup of Understudy: {error}.") from error


def forget_members(tar: tarfile.TarFile) -> None:
    """A tar keeps a list of all that it has read or written, which is long where there are many files."""
    tar.members = []  # type: ignore[attr-defined]


def _compare(path: Path, read: IO[bytes], written: IO[bytes]) -> None:
    read.seek(0)
    for line in read:
        if written.readline() != line:
            name = line.decode(errors="replace").rstrip("\n").partition("  ")[2]
            raise NotWhole(f"{path} is damaged: {name} is not what was written.")
    if written.read(1):
        raise NotWhole(f"{path} is damaged: something is missing in it.")
