"""Whether the weights on disk are those that the engine needs, without loading them."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from understudy.engines.ovi.audio.tensors import weight_norm_spelling
from understudy.engines.ovi.config import OviConfig, config_of
from understudy.engines.ovi.tensor_table import Shape, differences
from understudy.engines.ovi.weights.expected import expected, needed
from understudy.engines.ovi.weights.layout import CONVERTIBLE, converted, located
from understudy.engines.ovi.weights.record import Recorded, read_record
from understudy.engines.ovi.weights.sources import Source, sources_of
from understudy.errors import EngineUnavailable

Progress = Callable[[str], None]
"""Hears the name of each file before it is looked at."""

_FLOATS: Final = frozenset({"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"})


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is wrong with one file."""

    file: str
    """In the folder of the weights."""
    message: str
    missing: bool = False
    """Whether `understudy weights pull` would download the file."""


def check(
    folder: Path, *variants: str, hashes: bool = False, progress: Progress = lambda _: None
) -> list[Problem]:
    """What is wrong with the files that the variants need: each present, readable, its tensors the right ones.

    Only names, types and shapes are read. `hashes` also reads every downloaded file whole, and compares it with the
    SHA-256 that was recorded when it was downloaded.

    Raises `EngineUnavailable` for an unreadable ovi.json, `ConfigurationError` for an unknown variant or an unreadable
    record.
    """
    config = config_of(folder)
    record = read_record(folder) if hashes else {}
    sources = {source.here: source for variant in variants for source in sources_of(config, variant)}
    problems = []
    for source in sources.values():
        path = located(folder, source)
        if path is None:
            problems.append(Problem(file=source.here, message="It is missing.", missing=True))
            continue
        progress(source.here)
        name = path.relative_to(folder).as_posix()
        problems += [Problem(file=name, message=each) for each in _of_content(path, folder, source, config)]
        if hashes and (folder / source.here).is_file():
            message = _of_hash(folder / source.here, record.get(source.here))
            problems += [Problem(file=source.here, message=message)] if message else []
    return problems


def _of_content(path: Path, folder: Path, source: Source, config: OviConfig) -> tuple[str, ...]:
    if source.part == "tokenizer":
        return _of_json(path)
    wanted = expected(source.part, config)
    if source.part in CONVERTIBLE and path == converted(folder, source.part):
        wanted = {name: shape for name, shape in wanted.items() if needed(source.part, name)}
    try:
        read = _safetensors if path.suffix == ".safetensors" else _pickle
        found = {weight_norm_spelling(name): (shape, floats) for name, shape, floats in read(path)}
    except EngineUnavailable as error:
        return (error.message,)
    odd = [name for name, (_, floats) in found.items() if not floats]
    of_type = (f"{len(odd)} tensors are not of floating point, such as {odd[0]}.",) if odd else ()
    return (*differences({name: shape for name, (shape, _) in found.items()}, wanted), *of_type)


def _safetensors(path: Path) -> Iterator[tuple[str, Shape, bool]]:
    """Name, shape, and whether it is of floating point, of each tensor of the file."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118 - not a mapping
                tensor = file.get_slice(name)
                yield name, tuple(tensor.get_shape()), tensor.get_dtype() in _FLOATS
    except (SafetensorError, OSError) as error:
        raise EngineUnavailable(f"It cannot be read: {error}. Delete it and download it again.") from error


def _pickle(path: Path) -> Iterator[tuple[str, Shape, bool]]:
    from understudy.engines.ovi.weights.pickles import open_pickle

    for name, tensor in open_pickle(path, meta=True).items():
        yield name, tuple(tensor.shape), tensor.is_floating_point()


def _of_json(path: Path) -> tuple[str, ...]:
    try:
        json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        return (f"It cannot be read: {error}. Delete it and download it again.",)
    return ()


def _of_hash(path: Path, recorded: Recorded | None) -> str:
    if recorded is None:
        return "Its hash is not known: it was not downloaded by `understudy weights pull`."
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return f"It cannot be read: {error.strerror or error}."
    if found == recorded.sha256:
        return ""
    return f"Its SHA-256 is {found}, not {recorded.sha256}. Delete it and download it again."
