"""The weights in a form that loads faster: torch pickles as safetensors, without what generation does not use."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file

from understudy.engines.ovi.audio.tensors import weight_norm_spelling
from understudy.engines.ovi.weights.expected import needed
from understudy.engines.ovi.weights.layout import CONVERTIBLE, converted, located
from understudy.engines.ovi.weights.loading import load_tensors
from understudy.engines.ovi.weights.sources import SHARED, Source
from understudy.errors import StorageFailed

Progress = Callable[[str], None]
"""Hears the name of each file before it is written."""


def convert(folder: Path, *, progress: Progress = lambda _: None) -> tuple[Path, ...]:
    """Write the converted form of every part that is downloaded and has none yet, or an outdated one.

    Returns the files written. Values and dtypes stay. A file is in its place only once it is whole, and loading prefers
    it from then on. Raises `EngineUnavailable` if a downloaded file cannot be read, `StorageFailed` if the disk does
    not take a new one.
    """
    written = []
    for source in outdated(folder):
        path = converted(folder, source.part)
        progress(source.here)
        _write(folder / source.here, path, source)
        written.append(path)
    return tuple(written)


def outdated(folder: Path) -> Iterator[Source]:
    """The downloaded files that have no converted form, or one that is older than they are."""
    for source in SHARED:
        original = folder / source.here
        if source.part in CONVERTIBLE and located(folder, source) == original:
            yield source


def _write(original: Path, path: Path, source: Source) -> None:
    tensors = {
        weight_norm_spelling(name): tensor.contiguous()
        for name, tensor in load_tensors(original, device="cpu", only=lambda name: needed(source.part, name))
    }
    draft = path.with_name(f"{path.name}.partial")
    try:
        path.parent.mkdir(exist_ok=True)
        save_file(tensors, draft, metadata={"format": "pt", "source": source.here})
        draft.replace(path)
    except (OSError, SafetensorError) as error:
        with suppress(OSError):
            draft.unlink()
        raise StorageFailed(
            f"{path} cannot be written: {error}. Make room; the downloaded file stays in use."
        ) from error
