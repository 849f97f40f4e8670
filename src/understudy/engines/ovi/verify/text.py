"""The text encoder."""

from collections.abc import Iterator
from functools import cached_property, partial
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


def recorded(path: Path, where: Where) -> Iterator[Case]:
    """Every row of ids of an `io.safetensors`."""
    io = read_tensors(path)
    texts = _Texts(path.parent, where, io)
    name = "umt5" if path.stem == "io" else f"umt5/{path.stem}"
    for row in range(len(_rows(needed(io, "ids"), 2))):
        yield Case(f"{name}/text {row}", partial(texts.encode, row))


class _Texts:
    """The encoder of a folder, loaded when a case asks for it, and its recorded inputs and outputs."""

    def __init__(self, folder: Path, where: Where, io: dict[str, Tensor]) -> None:
        self._folder = folder
        self._where = where
        self._io = io

    def encode(self, row: int) -> Iterator[Measure]:
        """Compared where the text is; what stands at padding nobody reads."""
        ids = self._ids(row)
        found = self._encoder.encode(ids)
        if "output" in self._io:
            output = _rows(self._io["output"], 3)[row, : len(ids)]
            yield from compare("output", found, output, EMBEDDINGS)
        if f"embedding{row}" in self._io:
            yield from compare(f"embedding{row}", found, self._io[f"embedding{row}"], EMBEDDINGS)

    def _ids(self, row: int) -> list[int]:
        """Without the padding."""
        ids = _rows(self._io["ids"], 2)[row]
        mask = _rows(self._io["mask"], 2)[row].bool() if "mask" in self._io else torch.ones_like(ids).bool()
        count = int(mask.sum())
        if count == 0 or not bool(mask[:count].all()):
            raise NotJudged(
                "Padding is not behind a text of one token at least, where the tokenizer puts it."
            )
        return [int(each) for each in ids[:count]]

    @cached_property
    def _encoder(self) -> TextEncoder:
        config = msgspec.convert(read_json(self._folder / "config.json"), TextConfig)
        state = read_tensors(self._folder / "model.safetensors")
        return load_text_encoder(state, config, device=self._where.device, dtype=torch.float32)


def _rows(tensor: Tensor, dims: int) -> Tensor:
    """With an axis for the batch."""
    return tensor if tensor.dim() == dims else tensor.unsqueeze(0)
