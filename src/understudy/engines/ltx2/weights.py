"""Where the weights lie, and what is missing of them. Looks at names and small files only: quick, and no network.

<folder>/model_index.json                     the parts, and the classes that load them
<folder>/transformer/config.json              and *.safetensors, in pieces if there is an index beside them
<folder>/tokenizer/, <folder>/scheduler/      small files
"""

import os
import re
from pathlib import Path
from typing import Any, Final

import msgspec

from understudy.errors import EngineUnavailable

REPOSITORY: Final = "Lightricks/LTX-2"
UNUSED: Final = ("processor", "prompt_enhancer", "duration_head")
"""Parts of some checkpoints that are not loaded: prompts are taken as they are written, lengths come from contracts."""

_INDEX: Final = "model_index.json"
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)


def located(weights: str) -> Path | None:
    """The folder that `weights` names: itself, or the newest snapshot of a repository in the hub's cache.

    None if there is neither. The cache's layout: huggingface_hub, "Understand caching".
    """
    folder = Path(weights).expanduser()
    if (folder / _INDEX).is_file():
        return folder
    if not _is_repository(weights):
        return None
    cached = _cache() / f"models--{weights.replace('/', '--')}"
    try:
        commit = (cached / "refs" / "main").read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    snapshot = cached / "snapshots" / commit
    return snapshot if (snapshot / _INDEX).is_file() else None


def missing(folder: Path) -> tuple[str, ...]:
    """The files that are missing, as paths in the folder; none if it can be loaded.

    Raises `EngineUnavailable` if the folder holds something else than an LTX-2 model.
    """
    index = _read(folder / _INDEX)
    if not str(index.get("_class_name", "")).startswith("LTX2"):
        raise EngineUnavailable(
            f"The folder of weights holds a {index.get('_class_name', 'model without a name')}, not an LTX-2 model."
        )
    parts = [
        name
        for name, loaded_by in index.items()
        if isinstance(loaded_by, list) and None not in loaded_by and name not in UNUSED
    ]
    return tuple(file for part in parts for file in _missing_part(folder, part))


def remedy(weights: str) -> str:
    """How to get what is missing, as a sentence."""
    into = "" if _is_repository(weights) else f' --local-dir "{weights}"'
    repository = REPOSITORY if into else weights
    # The repository also has the weights in another form, each variant in one file, for other programs.
    command = f'hf download {repository} --exclude "ltx-2-*" --exclude "latent_upsampler/*"{into}'
    return f"Run: {command} (or set weights in [engine.ltx2] to a folder that has them). {LICENCE}"


LICENCE: Final = (
    "The weights are under the LTX-2 Community License: read it before you earn money with the clips."
)


def _missing_part(folder: Path, part: str) -> list[str]:
    if not (folder / part).is_dir():
        return [f"{part}/"]
    if not (folder / part / "config.json").is_file():
        return []  # a tokenizer or a scheduler: small files, that come all at once
    tables = sorted((folder / part).glob("*.safetensors.index.json"))
    if tables:
        pieces = sorted({str(piece) for piece in _read(tables[0]).get("weight_map", {}).values()})
        return [f"{part}/{piece}" for piece in pieces if not (folder / part / piece).is_file()]
    return [] if any((folder / part).glob("*.safetensors")) else [f"{part}/*.safetensors"]


def _read(path: Path) -> dict[str, Any]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.MsgspecError) as error:
        raise EngineUnavailable(f"The file {path.name} of the weights cannot be read: {error}") from error


def _is_repository(weights: str) -> bool:
    return _REPOSITORY.fullmatch(weights) is not None and not Path(weights).exists()


def _cache() -> Path:
    """The hub's cache, found as huggingface_hub finds it."""
    if named := os.environ.get("HF_HUB_CACHE"):
        return Path(named).expanduser()
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("HF_HOME") or f"{caches}/huggingface"
    return Path(home).expanduser() / "hub"
