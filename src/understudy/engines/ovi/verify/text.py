"""The text encoder."""

from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Final

import msgspec
import torch
from torch import Tensor

from understudy.engines.ovi.config import TextConfig
from understudy.engines.ovi.text.encoder import TextEncoder, load_text_encoder
from understudy.engines.ovi.verify.case import Case, Limit, Measure, NotJudged, Where, compare
from understudy.engines.ovi.verify.files import needed, read_json, read_tensors

EMBEDDINGS: Final = Limit("max abs", 1e-4)


def cases(folder: Path, where: Where) -> Iterator[Case]:
    """Every row of ids in every `io*.safetensors`."""

    @cache
    def encoder() -> TextEncoder:
        config = msgspec.convert(read_json(folder / "config.json"), TextConfig)
        state = read_tensors(folder / "model.safetensors")
        return load_text_encoder(state, config, device=where.device, dtype=torch.float32)

    def row(io: dict[str, Tensor], number: int) -> Iterator[Measure]:
        ids, count = _real(io, number)
        embedding = encoder().encode(ids)
        if "output" in io:
            yield from compare("output", embedding, _rows(io["output"])[number, :count], EMBEDDINGS)
        if f"embedding{number}" in io:
            yield from compare(f"embedding{number}", embedding, io[f"embedding{number}"], EMBEDDINGS)

    for path in sorted(folder.glob("io*.safetensors")):
        io = read_tensors(path)
        name = "umt5" if path.stem == "io" else f"umt5/{path.stem}"
        rows = needed(io, "ids")
        for number in range(len(rows) if rows.dim() == 2 else 1):
            yield Case(f"{name}/text {number}", partial(row, io, number))


def _real(io: dict[str, Tensor], number: int) -> tuple[list[int], int]:
    """The ids that are no padding, and how many."""
    ids = io["ids"].reshape(-1, io["ids"].shape[-1])[number]
    mask = io["mask"].reshape(-1, len(ids))[number].bool() if "mask" in io else torch.ones_like(ids).bool()
    count = int(mask.sum())
    if count == 0 or not bool(mask[:count].all()):
        raise NotJudged("Padding is not behind a text of one token at least, as the tokenizer puts it.")
    return ids[:count].tolist(), count


def _rows(output: Tensor) -> Tensor:
    """[B, n, d_model]"""
    return output if output.dim() == 3 else output.unsqueeze(0)
