"""Where each file of weights lies in its folder, and which are missing. Looks at names and times only: quick.

<folder>/Ovi/model.safetensors               as downloaded, in the reference's layout
<folder>/Wan2.2-TI2V-5B/Wan2.2_VAE.pth
<folder>/converted/video_vae.safetensors     the same weights in a form that loads faster (see `convert`)
<folder>/ovi.json                            the configuration, of models that are not the real one
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from understudy.engines.ovi.config import config_of
from understudy.engines.ovi.weights.sources import Part, Source, sources_of
from understudy.errors import EngineUnavailable

CONVERTIBLE: Final[frozenset[Part]] = frozenset({"text", "video_vae", "audio_vae", "vocoder"})
"""Parts that are downloaded as torch pickles."""


def weights_folder(options: Mapping[str, object], data: Path) -> Path:
    """The folder that the engine's options name as `weights`, or that in the server's data folder."""
    named = options.get("weights")
    return Path(str(named)).expanduser() if named else data / "weights" / "ovi"


def missing(folder: Path, variant: str) -> tuple[Source, ...]:
    """The files that a variant still needs, none if it can be loaded.

    Raises `EngineUnavailable` for an unreadable ovi.json, `ConfigurationError` for an unknown variant.
    """
    sources = sources_of(config_of(folder), variant)
    return tuple(source for source in sources if located(folder, source) is None)


def remedy(variant: str) -> str:
    """What to do about missing files, as a sentence."""
    return (
        f"Run: understudy weights pull ovi --variant {variant} (or set weights in [engine.ovi]"
        " to the folder that has them)."
    )


def path_of(folder: Path, variant: str, part: Part) -> Path:
    """The file to load a part from. Raises `EngineUnavailable` if there is none, and as `missing` does."""
    for source in sources_of(config_of(folder), variant):
        if source.part == part:
            path = located(folder, source)
            if path is None:
                raise EngineUnavailable(f"The weights {source.here} are missing. {remedy(variant)}")
            return path
    raise AssertionError(part)


def located(folder: Path, source: Source) -> Path | None:
    """The file to load a source from: its converted form unless the original is newer; None if there is neither."""
    original = folder / source.here
    changed = _changed(original)
    if source.part in CONVERTIBLE:
        made = _changed(converted(folder, source.part))
        if made is not None and (changed is None or made >= changed):
            return converted(folder, source.part)
    return None if changed is None else original


def converted(folder: Path, part: Part) -> Path:
    """Where the converted form of a part lies, or would."""
    return folder / "converted" / f"{part}.safetensors"


def _changed(path: Path) -> int | None:
    """When the file was last written to, in nanoseconds; None if there is no such file, or none that can be seen."""
    try:
        return path.stat().st_mtime_ns if path.is_file() else None
    except OSError:
        return None
