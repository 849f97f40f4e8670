"""Reading tensors from a file of weights, straight to where they are to be."""

from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from understudy.engines.ovi.weights.layout import path_of
from understudy.engines.ovi.weights.pickles import open_pickle
from understudy.engines.ovi.weights.sources import Part
from understudy.errors import EngineUnavailable


def load_part(
    folder: Path,
    variant: str,
    part: Part,
    *,
    device: torch.device | str,
    only: Callable[[str], bool] | None = None,
) -> Iterator[tuple[str, Tensor]]:
    """The tensors of one part of the model, as `load_tensors`: from its converted file if there is one.

    Raises `EngineUnavailable` if the file is missing, at once, or cannot be read.
    """
    return load_tensors(path_of(folder, variant, part), device=device, only=only)


def load_tensors(
    path: Path, *, device: torch.device | str, only: Callable[[str], bool] | None = None
) -> Iterator[tuple[str, Tensor]]:
    """Names and tensors on `device`, in the dtype they are stored in, one after the other.

    The file is mapped, so that the memory of the machine is not filled on the way to a card. On the CPU a tensor *is*
    the mapped file: to be copied before it is written to. `only` chooses by name. Raises `EngineUnavailable` if the
    file cannot be read.
    """
    read = _safetensors if path.suffix == ".safetensors" else _pickle
    return read(path, torch.device(device), only or _every)


def _safetensors(
    path: Path, device: torch.device, only: Callable[[str], bool]
) -> Iterator[tuple[str, Tensor]]:
    try:
        with safe_open(path, framework="pt", device=str(device)) as file:
            # In the order of the file: a disk reads on rather than to and fro.
            for name in file.offset_keys():
                if only(name):
                    yield name, file.get_tensor(name)
    except (SafetensorError, OSError) as error:
        raise EngineUnavailable(
            f"The file {path.name} cannot be read: {error}. Delete it and download it again."
        ) from error


def _pickle(path: Path, device: torch.device, only: Callable[[str], bool]) -> Iterator[tuple[str, Tensor]]:
    for name, tensor in open_pickle(path).items():
        if only(name):
            yield name, tensor.to(device)


def _every(_: str) -> bool:
    return True
