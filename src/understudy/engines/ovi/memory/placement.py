"""The transformer, loaded as a memory profile says."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from understudy.engines.ovi.config import FusionConfig
from understudy.engines.ovi.memory.float8 import in_float8, store_in_float8
from understudy.engines.ovi.memory.profiles import Profile
from understudy.engines.ovi.memory.residence import Visitors
from understudy.engines.ovi.memory.streaming import BlockStream
from understudy.engines.ovi.transformer.fusion import Fusion
from understudy.engines.ovi.transformer.loading import build_fusion, load_fusion

Source = Callable[[torch.device], Iterable[tuple[str, Tensor]]]
"""A checkpoint's names and tensors, read onto a device one after the other."""


class Placed:
    """A transformer, and where it is when it is not used."""

    def __init__(self, model: Fusion, visitors: Visitors, stream: BlockStream | None) -> None:
        self.model = model
        self._visitors = visitors
        self._stream = stream

    @contextmanager
    def on_card(self) -> Iterator[Fusion]:
        """Ready to compute, for as long as this is entered; afterwards the card has back what the profile says."""
        with self._visitors.on_card():
            try:
                yield self.model
            finally:
                if self._stream is not None:
                    self._stream.release()


def place_transformer(
    profile: Profile, config: FusionConfig, source: Source, device: torch.device, dtype: torch.dtype
) -> Placed:
    """Load the transformer where the profile wants it: what stays on the card is read straight to it.

    `dtype` is what is computed in. Raises `EngineUnavailable` for another model's checkpoint, `EngineOutOfMemory` if
    the machine has too little memory for what is streamed.
    """
    model = build_fusion(config, device="meta", dtype=dtype)
    if profile.float8:
        store_in_float8(model)
    if profile.blocks == "kept":
        _load(model.to_empty(device=device), source(device))
        return Placed(model, Visitors((), device), None)
    slots = profile.slots if profile.blocks == "streamed" else len(model.blocks) - 1
    host = torch.device("cpu")
    stays = (model.video, model.audio, model.blocks[0])
    for module in stays:
        module.to_empty(device=host)
    stream = BlockStream(model.blocks, device, slots=slots)
    model.visit = stream
    _load(model, source(host))
    return Placed(model, Visitors(stays, device), stream)


def _load(model: Fusion, tensors: Iterable[tuple[str, Tensor]]) -> None:
    load_fusion(model, in_float8(model, tensors))
