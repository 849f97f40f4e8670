"""Files of a job on a node that does not see the server's: a folder of the actor's own, gone when the actor is.

An actor that is killed cannot tidy up. So each holds a lock on its folder, which ends with its process, and each
that starts takes away the folders that nobody holds.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

import msgspec

from understudy.engines.engine import Job
from understudy.executors.artifact import Here
from understudy.executors.ray.node_protocol import OnNode
from understudy.executors.ray.sight import inputs_of


class NodeFolder:
    """Where the files of one actor's jobs are. Its methods block."""

    def __init__(self, parent: Path | None = None) -> None:
        """`parent` holds the folders of all actors of this user; by default it is in the node's folder for temporary files."""
        parent = parent or Path(tempfile.gettempdir()) / f"understudy-nodes-{os.getuid()}"
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if parent.stat().st_uid != os.getuid():
            raise PermissionError(f"{parent} belongs to another user; take it away")
        with _locked(parent):  # nobody sweeps a folder between its making and its locking
            _sweep(parent)
            self._folder = Path(tempfile.mkdtemp(dir=parent))
            self._lock = os.open(self._folder, os.O_RDONLY)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._job = self._folder / token_hex(8)

    def moved(self, job: Job) -> Job:
        """The job with paths of this node: its inputs are still to be written, to the paths of `inputs_of`."""
        self.clear()
        # A name of its own: who asks late for a file of another job does not get one of this.
        here = self._job = self._folder / token_hex(8)
        (here / "outputs").mkdir(parents=True)
        names = {path: str(here / f"{n}-{Path(path).name}") for n, path in enumerate(inputs_of(job))}
        files = {name: tuple(names[path] for path in paths) for name, paths in job.files.items()}
        return msgspec.structs.replace(job, files=files, folder=str(here / "outputs"))

    def new_picture(self) -> Path:
        """Where a thumbnail can be drawn."""
        return self._job / "thumbnails" / f"{token_hex(8)}.jpg"

    def clear(self) -> None:
        """Take the files of the last job away."""
        shutil.rmtree(self._job, ignore_errors=True)

    def close(self) -> None:
        """Take everything away."""
        shutil.rmtree(self._folder, ignore_errors=True)
        os.close(self._lock)


def write_piece(path: str, offset: int, piece: bytes) -> None:
    """Write it there; pieces may come in any order. Raises `OSError`."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        view = memoryview(piece)
        while view:
            written = os.pwrite(descriptor, view, offset)
            view, offset = view[written:], offset + written
    finally:
        os.close(descriptor)


def read_piece(path: str, offset: int, size: int) -> bytes:
    """So many bytes from there, fewer only at the end. Raises `OSError`."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        pieces = []
        while size and (piece := os.pread(descriptor, size, offset)):
            pieces.append(piece)
            size, offset = size - len(piece), offset + len(piece)
        return b"".join(pieces)
    finally:
        os.close(descriptor)


def measured(job: Job, made: Sequence[Here]) -> tuple[OnNode, ...]:
    """What the server is told of the job's files. Raises `OSError`."""
    folder = Path(job.folder).resolve()
    return tuple(
        OnNode(name=str(each.path.relative_to(folder)), path=str(each.path), size=each.path.stat().st_size)
        for each in made
    )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sweep(parent: Path) -> None:
    for folder in parent.iterdir():
        try:
            descriptor = os.open(folder, os.O_RDONLY)
        except OSError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            continue
        finally:
            os.close(descriptor)
