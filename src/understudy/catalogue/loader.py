"""Reads manifests from folders: TOML into typed records, checked so far that nothing later has to doubt them.

A folder of models is laid out as `<owner>/<slug>.toml`; folders `samples/` and `covers/` in it hold its sample inputs
and its covers.
"""

import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from understudy.catalogue.catalogue import Catalogue
from understudy.catalogue.consistency import problems
from understudy.catalogue.manifest import Model
from understudy.errors import ConfigurationError

_HERE = Path(__file__).parent
_SAMPLES = "samples"
_COVERS = "covers"


def load_catalogue(folders: Sequence[Path] = ()) -> Catalogue:
    """The bundled models and those in `folders`; a later folder's model replaces an earlier one at its address.

    Raises `ConfigurationError` that names the file, the key and the reason.
    """
    samples, covers = _files_in(_HERE / _SAMPLES), _files_in(_HERE / _COVERS)
    models = {_key(model): model for model in _models_in(_HERE / "models", samples)}
    for folder in folders:
        if not folder.is_dir():
            raise ConfigurationError(f"{folder}: manifests: there is no such folder.")
        samples |= _files_in(folder / _SAMPLES)
        covers |= _files_in(folder / _COVERS)
        models |= {_key(model): model for model in _models_in(folder, samples)}
    return Catalogue(tuple(models.values()), samples, covers)


def read_model(file: Path, has_sample: Callable[[str], bool]) -> Model:
    """The model in one manifest; `has_sample` tells which sample inputs it may name. Raises `ConfigurationError`."""
    try:
        model = msgspec.convert(tomllib.loads(file.read_text("utf-8")), Model)
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: is not valid TOML: {error}.") from error
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `$")
        raise ConfigurationError(f"{file}: {path.strip('.`') or 'manifest'}: {reason}.") from error
    for key, written, expected in (
        ("owner", model.owner, file.parent.name),
        ("slug", model.slug, file.stem),
    ):
        if written != expected:
            raise ConfigurationError(
                f"{file}: {key}: is {written!r}, but the file's place says {expected!r}."
            )
    for key, reason in problems(model, has_sample):
        raise ConfigurationError(f"{file}: {key}: {reason}.")
    return model


def _models_in(folder: Path, samples: dict[str, Path]) -> list[Model]:
    files: dict[tuple[str, str], Path] = {}
    models = []
    for file in sorted(folder.glob("*/*.toml")):
        if file.parent.name in (_SAMPLES, _COVERS):
            continue
        model = read_model(file, samples.__contains__)
        first = files.setdefault(_key(model), file)
        if first is not file:
            raise ConfigurationError(f"{file}: slug: leads to the same address as {first.name}.")
        models.append(model)
    return models


def _files_in(folder: Path) -> dict[str, Path]:
    return {file.name: file for file in sorted(folder.glob("*")) if file.is_file() and file.name[0] != "."}


def _key(model: Model) -> tuple[str, str]:
    return Catalogue.key(model.owner, model.slug)
