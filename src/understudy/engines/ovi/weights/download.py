"""One file of the hub onto the disk: goes on where it stopped, and is there only once it is whole and right."""

import errno
import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from understudy.engines.ovi.weights.hub import Hub, HubFile, Interrupted
from understudy.errors import FetchFailed, StorageFailed

Progress = Callable[[int], None]
"""Hears how many bytes of the file are there."""

ATTEMPTS: Final = 5
"""How often in a row a connection may break without a byte gained."""

_PIECE: Final = 1 << 20


def download(
    hub: Hub,
    file: HubFile,
    path: Path,
    *,
    progress: Progress = lambda _: None,
    pause: Callable[[float], None] = time.sleep,
) -> str:
    """Save `file` as `path` and return its SHA-256 in hexadecimal. What an earlier attempt left is used.

    `pause` waits between attempts, in seconds. Raises `FetchFailed` if the hub does not give the file or gives another
    than it announced, `StorageFailed` if the disk does not take it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = _Draft(partial(path, file))
        progress(draft.size)
        _complete(draft, hub, file, progress, pause)
        digest = draft.digest.hexdigest()
        if draft.size != file.size or (file.sha256 and digest != file.sha256):
            # Whatever is wrong with it, more of the same would not mend it.
            draft.path.unlink()
            raise FetchFailed(
                f"{file.repository}/{file.path} arrived damaged: {draft.size} bytes, SHA-256 {digest}; announced"
                f" were {file.size} bytes, {file.sha256 or 'no hash'}. It was deleted; run the command again, and"
                " if that does not help look at the proxies on the way."
            )
        draft.path.replace(path)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "Make room, or choose another folder" if full else "Choose another folder"
        raise StorageFailed(
            f"{path} cannot be written: {error.strerror or error}. {hint}; what has arrived is kept."
        ) from error
    return digest


def partial(path: Path, file: HubFile) -> Path:
    """Where the bytes gather until the file is whole; other content gathers elsewhere."""
    return path.with_name(f"{path.name}.{file.etag[:12]}.partial")


def _complete(
    draft: "_Draft", hub: Hub, file: HubFile, progress: Progress, pause: Callable[[float], None]
) -> None:
    failures = 0
    while draft.size < file.size:
        before = draft.size
        try:
            draft.extend(hub, file, progress)
        except Interrupted:
            failures = 0 if draft.size > before else failures + 1
            if failures == ATTEMPTS:
                raise
            pause(2.0**failures)


class _Draft:
    """What is there of a file, and the running hash of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self.digest = hashlib.sha256()
        if path.exists():
            with path.open("rb") as file:
                while piece := file.read(_PIECE):
                    self._count(piece)

    def extend(self, hub: Hub, file: HubFile, progress: Progress) -> None:
        """Add the bytes of one answer. Raises `FetchFailed`, as `Interrupted` if some are still to come."""
        with hub.read(file, self.size) as (start, pieces), self.path.open("r+b" if start else "wb") as out:
            if start != self.size:
                self.size, self.digest = 0, hashlib.sha256()
            out.seek(start)
            for piece in pieces:
                out.write(piece)
                self._count(piece)
                progress(self.size)
                if self.size > file.size:
                    return
        if self.size < file.size:
            # Some servers and proxies end an answer early without breaking it.
            raise Interrupted(f"{file.repository}/{file.path} ended after {self.size} of {file.size} bytes.")

    def _count(self, piece: bytes) -> None:
        self.digest.update(piece)
        self.size += len(piece)
