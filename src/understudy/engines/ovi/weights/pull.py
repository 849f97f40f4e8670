"""Downloads what is missing of the weights."""

import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from understudy.engines.ovi.config import REAL
from understudy.engines.ovi.weights.download import download, partial
from understudy.engines.ovi.weights.hub import Hub, HubFile
from understudy.engines.ovi.weights.layout import located
from understudy.engines.ovi.weights.record import Recorded, add_to_record
from understudy.engines.ovi.weights.sources import REPOSITORIES, Source, sources_of
from understudy.errors import ConfigurationError, StorageFailed

Progress = Callable[[Source, int, int], None]
"""Hears of one file how many of its bytes are there, and how many it has."""

_SPARE: Final = 1_000_000_000
"""Bytes of the disk that stay free: for the record, the logs, the clips."""


def missing_files(folder: Path, variants: Iterable[str]) -> tuple[Source, ...]:
    """The files that these variants of the real model lack, each once.

    Raises `ConfigurationError` for an unknown variant, or if the folder holds another model.
    """
    if (folder / "ovi.json").exists():
        raise ConfigurationError(
            f"{folder} holds a model of its own (ovi.json), which is not on the hub. Choose another with --folder."
        )
    wanted = {source.here: source for variant in variants for source in sources_of(REAL, variant)}
    return tuple(source for source in wanted.values() if located(folder, source) is None)


def pull(
    folder: Path,
    sources: Iterable[Source],
    hub: Hub,
    *,
    revisions: Mapping[str, str] | None = None,
    progress: Progress = lambda *_: None,
    free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Download files into the folder and record their hashes. Each is in its place only once it is whole.

    `revisions`: a branch, tag or commit per repository, "main" for the others. `free`: the bytes left on the disk of a
    folder. The hub is asked about every file before the first is fetched.

    Raises `ConfigurationError` for an unknown repository, `FetchFailed` and `StorageFailed` as `download` does, and
    `StorageFailed` if the disk has too little room; whatever is complete or partial then stays for the next time.
    """
    pinned = dict(revisions or {})
    if unknown := pinned.keys() - {each.name for each in REPOSITORIES}:
        known = ", ".join(each.name for each in REPOSITORIES)
        raise ConfigurationError(
            f"No weights come from {', '.join(sorted(unknown))}; the repositories are {known}."
        )
    files = {
        source.here: (
            source,
            hub.describe(source.repository.name, source.path, pinned.get(source.repository.name, "main")),
        )
        for source in sources
    }
    _must_fit(folder, [(folder / here, file) for here, (_, file) in files.items()], free)
    for here, (source, file) in files.items():
        digest = download(
            hub,
            file,
            folder / here,
            progress=lambda done, source=source, size=file.size: progress(source, done, size),  # type: ignore[misc]
            pause=pause,
        )
        entry = Recorded(repository=file.repository, commit=file.commit, size=file.size, sha256=digest)
        add_to_record(folder, here, entry)


def _must_fit(folder: Path, files: Iterable[tuple[Path, HubFile]], free: Callable[[Path], int]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        left = free(folder)
        needed = sum(file.size - _size(partial(path, file)) for path, file in files)
    except OSError as error:
        raise StorageFailed(
            f"{folder} cannot be used: {error.strerror or error}. Choose another with --folder."
        ) from error
    if needed and left < needed + _SPARE:
        raise StorageFailed(
            f"The disk of {folder} has {left / 1e9:.1f} GB free; {needed / 1e9:.1f} GB are to be downloaded, and"
            f" {_SPARE / 1e9:.0f} GB should stay free. Make room, or choose another folder with --folder."
        )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
