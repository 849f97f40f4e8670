"""Storage in a folder of this machine, written so that a power cut takes nothing that was acknowledged.

A record must not point at a file that is empty or not there after a power cut. So writing keeps the order that POSIX
asks for: content to disk, rename, folder entry to disk. (obstore's own local store renames, but never calls fsync.)
"""

import asyncio
import errno
import math
import os
import shutil
import stat
import sys
import time
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

from understudy.errors import ConfigurationError, StorageFailed
from understudy.files.storage import CHUNK, Kept, Stat, check_key, is_key, settled

# On the same file system as the rest, so that a rename is possible; no key can begin with a dot.
_INCOMING = ".incoming"
_ABANDONED = 24 * 3600
_ATTEMPTS = 10
"""To rename into a folder that deletes take away again and again."""


class FolderStorage:
    """`Storage` below `root`, which is made if missing."""

    def __init__(self, root: Path, now: float | None = None, *, sole: bool = False) -> None:
        """What a crash left behind is swept: all of it if this process is the `sole` one that writes here, else what
        is older than a day. `now`: Unix time.

        Raises `ConfigurationError` if the folder cannot be made or written to.
        """
        self._root = root.absolute()
        self._incoming = self._root / _INCOMING
        try:
            self._incoming.mkdir(parents=True, exist_ok=True)
            moment = time.time() if now is None else now
            _sweep(self._incoming, math.inf if sole else moment - _ABANDONED)
        except OSError as error:
            raise ConfigurationError(
                f"storage: the folder {root} cannot be used: {error.strerror}"
            ) from error

    async def check(self) -> None:
        """See `Storage.check`."""
        await asyncio.to_thread(self._try)

    async def put(self, key: str, source: Path) -> None:
        """See `Storage.put`. On the same file system the file is linked, not copied."""
        await settled(asyncio.to_thread(self._keep, check_key(key), source))

    async def put_bytes(self, key: str, content: bytes) -> None:
        """See `Storage.put_bytes`."""
        await settled(asyncio.to_thread(self._keep, check_key(key), content))

    async def head(self, key: str) -> Stat | None:
        """See `Storage.head`."""
        try:
            seen = await asyncio.to_thread((self._root / check_key(key)).stat)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StorageFailed(f"the file {key} cannot be read from storage: {error.strerror}") from error
        if not stat.S_ISREG(seen.st_mode):
            return None
        # What is stored under a key does not change: its place on the disk and its time are as good as a hash.
        etag = f'"{seen.st_ino:x}-{seen.st_mtime_ns:x}-{seen.st_size:x}"'
        return Stat(seen.st_size, etag, datetime.fromtimestamp(seen.st_mtime, UTC))

    async def stream(self, key: str, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """See `Storage.stream`."""
        try:
            file = await asyncio.to_thread((self._root / check_key(key)).open, "rb")
            try:
                await asyncio.to_thread(file.seek, start)
                left = sys.maxsize if stop is None else stop - start
                while left > 0 and (piece := await asyncio.to_thread(file.read, min(CHUNK, left))):
                    left -= len(piece)
                    yield piece
            finally:
                file.close()
        except OSError as error:
            raise StorageFailed(f"the file {key} cannot be read from storage: {error.strerror}") from error

    async def delete(self, keys: Iterable[str]) -> None:
        """See `Storage.delete`. Folders that become empty go, too."""
        await asyncio.to_thread(self._remove, [check_key(key) for key in keys])

    async def keys(self, prefix: str = "") -> AsyncIterator[Kept]:
        """See `Storage.keys`. One folder at a time is in memory."""
        left = [self._root / check_key(prefix) if prefix else self._root]
        while left:
            files, folders = await asyncio.to_thread(self._listed, left.pop())
            left += folders
            for file in files:
                yield file

    async def signed_url(self, key: str, seconds: float, *, name: str, content_type: str) -> str | None:
        """See `Storage.signed_url`: there are none here."""
        check_key(key)
        return None

    def local_path(self, key: str) -> Path | None:
        """See `Storage.local_path`."""
        path = self._root / check_key(key)
        return path if path.is_file() else None

    async def fetch(self, key: str, to: Path) -> None:
        """See `Storage.fetch`."""
        try:
            await asyncio.to_thread(shutil.copyfile, self._root / check_key(key), to)
        except OSError as error:
            raise StorageFailed(f"the file {key} cannot be read from storage: {error.strerror}") from error

    def _try(self) -> None:
        tried = self._incoming / f"check-{token_hex(8)}"
        try:
            tried.write_bytes(b"check")
            _sync(tried)
            tried.read_bytes()
            tried.unlink()
        except OSError as error:
            kind = StorageFailed if error.errno in (errno.ENOSPC, errno.EDQUOT) else ConfigurationError
            raise kind(f"storage: the folder {self._root} cannot be used: {error.strerror}") from error

    def _listed(self, folder: Path) -> tuple[list[Kept], list[Path]]:
        files, folders = [], []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    path = folder / entry.name
                    key = path.relative_to(self._root).as_posix()
                    if entry.is_dir(follow_symlinks=False) and is_key(key):
                        folders.append(path)
                    elif entry.is_file(follow_symlinks=False) and is_key(key):
                        seen = entry.stat(follow_symlinks=False)
                        modified = datetime.fromtimestamp(seen.st_mtime, UTC)
                        files.append(Kept(key, seen.st_size, modified))
        except (FileNotFoundError, NotADirectoryError):
            return files, folders  # taken away meanwhile
        except OSError as error:
            raise StorageFailed(f"storage could not list its files: {error.strerror}") from error
        return files, folders

    def _keep(self, key: str, content: Path | bytes) -> None:
        staged = self._incoming / token_hex(16)
        try:
            if isinstance(content, bytes):
                staged.write_bytes(content)
            else:
                _link_or_copy(content, staged)
            _sync(staged)
            self._move(staged, self._root / key)
        except OSError as error:
            raise StorageFailed(f"storage could not take {key}: {error.strerror}") from error
        finally:
            # Still there after a failure, or if key was the same file already: rename(2) then does nothing.
            staged.unlink(missing_ok=True)

    def _move(self, staged: Path, path: Path) -> None:
        for attempt in range(_ATTEMPTS):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                staged.replace(path)
                break
            except (FileNotFoundError, FileExistsError):
                # A delete took a folder away, empty as it still was: before the rename, or while it was being made,
                # where mkdir sees that it is there and then that it is none.
                if attempt == _ATTEMPTS - 1:
                    raise
        # All the way up: another writer may have made a folder above, and not have come to this point yet.
        for folder in path.parents[: len(path.relative_to(self._root).parts)]:
            _sync(folder)

    def _remove(self, keys: list[str]) -> None:
        for key in keys:
            path = self._root / key
            try:
                path.unlink(missing_ok=True)
            except (IsADirectoryError, NotADirectoryError):
                continue  # then there is no file of that name
            except OSError as error:
                raise StorageFailed(f"storage could not delete {key}: {error.strerror}") from error
            self._prune(path.parent)

    def _prune(self, folder: Path) -> None:
        while folder != self._root:
            try:
                folder.rmdir()
            except OSError:
                return  # not empty
            folder = folder.parent


def _link_or_copy(source: Path, to: Path) -> None:
    if not stat.S_ISREG(source.lstat().st_mode):
        raise OSError(errno.EINVAL, "it is not a plain file")
    try:
        os.link(source, to)
    except OSError:
        # Another file system, or one without links.
        shutil.copyfile(source, to)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(incoming: Path, before: float) -> None:
    """Remove what a crash left behind; another process may be writing, so only what is old enough."""
    for path in incoming.iterdir():
        try:
            # ctime: a link keeps the source's mtime, but renews this.
            if path.stat().st_ctime < before:
                path.unlink()
        except FileNotFoundError:
            continue  # the other process has renamed it
