"""What an engine may hand over: regular files inside its job's folder, and nothing else of this machine."""

import stat
from collections.abc import Sequence
from pathlib import Path

from understudy.engines.engine import Job, Output
from understudy.errors import EngineFailed


def checked_outputs(job: Job, outputs: Sequence[Output]) -> tuple[Output, ...]:
    """The outputs with absolute paths. Raises `EngineFailed` if there is none, or one is not the job's own file."""
    if not outputs:
        raise EngineFailed("The engine said that it is done, but made no file.")
    folder = Path(job.folder).resolve()
    return tuple(Output(str(_checked(folder, output.path))) for output in outputs)


def _checked(folder: Path, path: str) -> Path:
    named = folder / path
    try:
        where = named.parent.resolve() / named.name
        mode = where.lstat().st_mode
    except (OSError, ValueError) as error:
        raise EngineFailed(f"The engine named a file that it did not make: {Path(path).name}") from error
    if not where.is_relative_to(folder):
        raise EngineFailed(f"The engine named a file outside the folder of its job: {where.name}")
    if not stat.S_ISREG(mode):
        raise EngineFailed(f"The engine named something that is not a regular file: {where.name}")
    return where
