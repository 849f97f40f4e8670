"""Reading recordings: JSON and safetensors, and what is usual in them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from understudy.engines.ovi.verify.case import NotJudged, Unreadable


def read_json(path: Path) -> Any:
    """The document. Raises `NotJudged` if there is none, `Unreadable` if it is none."""
    try:
        return msgspec.json.decode(path.read_bytes())
    except FileNotFoundError as error:
        raise NotJudged(f"The file {path.name} is not there.") from error
    except (OSError, msgspec.DecodeError) as error:
        raise Unreadable(f"The file {path.name} cannot be read: {error}") from error


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file, on the CPU. Raises `NotJudged` and `Unreadable`, as `read_json`."""
    if not path.exists():
        raise NotJudged(f"The file {path.name} is not there.")
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise Unreadable(f"The file {path.name} cannot be read: {error}") from error


def needed(tensors: Mapping[str, Tensor], name: str) -> Tensor:
    """One of the tensors. Raises `Unreadable` if it is not among them."""
    try:
        return tensors[name]
    except KeyError as error:
        raise Unreadable(f"The recording has no tensor {name}.") from error


def unbatched(tensor: Tensor, dims: int) -> Tensor:
    """Without a leading axis of one, if it has an axis more than `dims`. Raises `Unreadable` for other shapes."""
    if tensor.dim() == dims + 1 and len(tensor) == 1:
        return tensor[0]
    if tensor.dim() != dims:
        raise Unreadable(f"A tensor of shape {list(tensor.shape)} should have {dims} axes.")
    return tensor


def entries(document: Any, label: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Records with their names: of a list, each record's own `label`, or else its number; of a mapping, the keys.

    Raises `Unreadable` for a record that is no object.
    """
    named = isinstance(document, Mapping)
    for name, entry in document.items() if named else enumerate(document):
        if not isinstance(entry, dict):
            raise Unreadable("There should be a list of objects, or an object of objects.")
        yield str(name if named else entry.get(label, name)), entry
