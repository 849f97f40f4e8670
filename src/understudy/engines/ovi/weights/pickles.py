"""Torch pickles, read as data: nothing in such a file is ever run."""

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from understudy.errors import EngineUnavailable


def open_pickle(path: Path, *, meta: bool = False) -> dict[str, Tensor]:
    """The tensors of a `.pth` or `.pt` file by name, those under "generator" if it has such a part.

    They are mapped from the file and read when they are used; with `meta` they are names, types and shapes only.
    Raises `EngineUnavailable` if the file is damaged, or holds anything but plain data: code in it is refused.
    """
    try:
        content = torch.load(
            path,
            map_location="meta" if meta else "cpu",
            weights_only=True,
            mmap=zipfile.is_zipfile(
                path
            ),  # torch maps the form that it has written since 1.6, and no older one
        )
    except pickle.UnpicklingError as error:
        raise EngineUnavailable(
            f"The file {path.name} was refused: it is damaged, or holds code rather than weights. Delete it and"
            " download it again, from the source that `understudy weights list` names."
        ) from error
    # Truncated and foreign files: torch and zipfile have no common error for them.
    except (OSError, EOFError, RuntimeError, ValueError, LookupError, zipfile.BadZipFile) as error:
        raise EngineUnavailable(
            f"The file {path.name} cannot be read: {_first_sentence(error)}. Delete it and download it again."
        ) from error
    return _tensors(path, content)


def _tensors(path: Path, content: Any) -> dict[str, Tensor]:
    if isinstance(content, Mapping) and isinstance(content.get("generator"), Mapping):
        content = content["generator"]
    if not isinstance(content, Mapping) or not all(isinstance(each, Tensor) for each in content.values()):
        raise EngineUnavailable(f"The file {path.name} is not a table of tensors. Download it again.")
    return {str(name): tensor for name, tensor in content.items()}


def _first_sentence(error: Exception) -> str:
    first = (str(error).splitlines() or [type(error).__name__])[0]
    return first.partition(". ")[0].removesuffix(".")
