"""Parts of the model that are on the card only while they are used."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Visitors:
    """Modules that live in the machine's memory, and on the card while `on_card` is entered."""

    def __init__(self, modules: Iterable[nn.Module], device: torch.device) -> None:
        """From now on they are in the machine's memory, wherever they have been. On the CPU nothing ever moves."""
        self._device = device
        self._homes: list[tuple[Tensor, Tensor]] = []
        if device.type != "cpu":
            tensors = {id(each): each for module in modules for each in _tensors(module)}
            self._homes = [(each, each.detach().cpu()) for each in tensors.values()]
            self._go_home()

    @contextmanager
    def on_card(self) -> Iterator[None]:
        """Their weights are on the card, as copies that are dropped at the end."""
        # Parameters cannot become tensors that were made in inference mode.
        with torch.inference_mode(mode=False):
            for tensor, home in self._homes:
                tensor.data = home.to(self._device)
        try:
            yield
        finally:
            self._go_home()

    def _go_home(self) -> None:
        for tensor, home in self._homes:
            tensor.data = home


def _tensors(module: nn.Module) -> Iterator[Tensor]:
    yield from module.parameters()
    yield from module.buffers()
