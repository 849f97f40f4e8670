"""`understudy-weights.json` in the folder of the weights: what was downloaded, from which commit, with which hash."""

from pathlib import Path
from typing import Final

import msgspec

from understudy.errors import ConfigurationError, StorageFailed

NAME: Final = "understudy-weights.json"


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """One downloaded file."""

    repository: str
    commit: str
    size: int
    """In bytes."""
    sha256: str
    """In hexadecimal."""


def read_record(folder: Path) -> dict[str, Recorded]:
    """Downloaded files by their path in the folder, empty if nothing was recorded.

    Raises `ConfigurationError` if the file cannot be read.
    """
    try:
        return msgspec.json.decode((folder / NAME).read_bytes(), type=dict[str, Recorded])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigurationError(
            f"{folder / NAME} cannot be used ({error}). Delete it to start anew."
        ) from error


def add_to_record(folder: Path, path: str, entry: Recorded) -> None:
    """Write one entry, completely or not at all. Raises `StorageFailed` if that fails, and as `read_record` does."""
    entries = {**read_record(folder), path: entry}
    draft = folder / f"{NAME}.new"
    try:
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(entries), indent=2) + b"\n")
        draft.replace(folder / NAME)
    except OSError as error:
        raise StorageFailed(f"{folder / NAME} cannot be written: {error.strerror or error}.") from error
