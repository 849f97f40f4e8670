"""Whether a node sees the job's files: by a file that is written here and read there, and by what the inputs look like.

Names of machines would not tell: containers share a name and not a disk, nodes a disk and not a name.
"""

import contextlib
import secrets
from pathlib import Path

from understudy.engines.engine import Job
from understudy.executors.ray.node_protocol import Sight


def shown(job: Job) -> Sight:
    """Put a probe into the job's folder. Raises `OSError`."""
    token = secrets.token_hex(16)
    probe = Path(job.folder) / f".{token}"
    probe.write_text(token, "ascii")
    return Sight(probe=str(probe), token=token, inputs=tuple(_looks(path) for path in inputs_of(job)))


def seen(sight: Sight) -> bool:
    """Whether all of it is here, and can be written to. The probe is taken away then."""
    probe = Path(sight.probe)
    try:
        if probe.read_text("ascii") != sight.token or any(_looks(each[0]) != each for each in sight.inputs):
            return False
        probe.unlink()
    except (OSError, ValueError):
        return False
    return True


def withdrawn(sight: Sight) -> None:
    """Take the probe away, if it is still there."""
    with contextlib.suppress(OSError):
        Path(sight.probe).unlink()


def inputs_of(job: Job) -> tuple[str, ...]:
    """The paths of all its input files, in a fixed order."""
    return tuple(path for name in sorted(job.files) for path in job.files[name])


def _looks(path: str) -> tuple[str, int, int]:
    found = Path(path).stat()
    return path, found.st_size, found.st_mtime_ns
