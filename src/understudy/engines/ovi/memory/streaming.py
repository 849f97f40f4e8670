"""The transformer's blocks in the machine's memory, each copied to the card while those before it compute."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from understudy.engines.ovi.memory.page_locked import page_locked, pageable
from understudy.engines.ovi.memory.pieces import Piece, bytes_of, pieces_of, settle, views_of


class BlockStream:
    """A `Fusion.visit`: goes through the blocks, and has the weights of each on the card just in time.

    The first block is not touched, as it is asked for outside its turn. The others share some slots on the card: a slot
    is filled with a later block's weights once what computed with the earlier block's is done. With a slot for each, a
    block stays where it is until `release`, and is copied once.
    """

    def __init__(self, blocks: nn.ModuleList, device: torch.device, *, slots: int) -> None:
        """Gives all blocks but the first memory on the host, uninitialised: their weights are loaded after this.

        Raises `EngineOutOfMemory` if the machine has too little.
        """
        streamed = list(blocks)[1:]
        self._device = device
        self._pieces = pieces_of(streamed[0])
        allocate = page_locked if device.type == "cuda" else pageable
        self._homes = [Home(block, allocate(bytes_of(self._pieces)), self._pieces) for block in streamed]
        self._number = min(slots, len(streamed))
        self._slots: list[Slot] = []

    def __call__(self, blocks: nn.ModuleList) -> Iterator[nn.Module]:
        """Each block in its turn. Waits nowhere: the card does, for its own copies."""
        homes, slots = self._homes, self._on_card()
        for home, slot in zip(homes, slots, strict=False):
            slot.take(home)
        yield blocks[0]
        for number, home in enumerate(homes):
            slot = slots[number % len(slots)]
            slot.ready()
            try:
                yield home.block
            finally:
                slot.done()
            later = number + len(slots)
            if later < len(homes):
                slot.take(homes[later])

    def release(self) -> None:
        """Give the slots' memory back; the next visit takes it again."""
        for slot in self._slots:
            slot.clear()
        self._slots = []

    def _on_card(self) -> Sequence["Slot"]:
        if not self._slots:
            # Parameters cannot become tensors that were made in inference mode.
            with torch.inference_mode(mode=False):
                self._slots = self._new_slots()
        return self._slots

    def _new_slots(self) -> list["Slot"]:
        size = bytes_of(self._pieces)
        buffers = [torch.empty(size, dtype=torch.uint8, device=self._device) for _ in range(self._number)]
        if self._device.type != "cuda":
            return [Slot(buffer, self._pieces) for buffer in buffers]
        copies = torch.cuda.Stream(self._device)
        return [CudaSlot(buffer, self._pieces, copies) for buffer in buffers]


class Home:
    """Where one block's weights lie on the host."""

    def __init__(self, block: nn.Module, buffer: Tensor, pieces: Sequence[Piece]) -> None:
        self.block = block
        self.buffer = buffer
        self._views = views_of(buffer, pieces)
        settle(block, self._views)
        self._parameters = list(block.parameters())

    def lend(self, views: Sequence[Tensor]) -> None:
        """Let the block compute with weights that lie elsewhere."""
        for parameter, view in zip(self._parameters, views, strict=True):
            parameter.data = view

    def return_home(self) -> None:
        """Let the block have its weights here again."""
        self.lend(self._views)


class Slot:
    """Room for one block's weights, filled at once."""

    def __init__(self, buffer: Tensor, pieces: Sequence[Piece]) -> None:
        self._buffer = buffer
        self._views = views_of(buffer, pieces)
        self._guest: Home | None = None

    def take(self, home: Home) -> None:
        """Let that block's weights take the place of those here, unless they are here."""
        if self._guest is home:
            return
        self.clear()
        self._fill(home.buffer)
        home.lend(self._views)
        self._guest = home

    def ready(self) -> None:
        """What is computed from here on finds the weights here."""

    def done(self) -> None:
        """What was computed up to here is all that needs these weights."""

    def clear(self) -> None:
        """Send the block home."""
        if self._guest is not None:
            self.ready()  # or its memory might be written to after it was given back
            self._guest.return_home()
            self._guest = None

    def _fill(self, source: Tensor) -> None:
        self._buffer.copy_(source)


class CudaSlot(Slot):
    """Room on a card, filled on a stream of its own beside what is computed."""

    def __init__(self, buffer: Tensor, pieces: Sequence[Piece], copies: torch.cuda.Stream) -> None:
        super().__init__(buffer, pieces)
        self._copies = copies
        self._filled = torch.cuda.Event()
        self._free = torch.cuda.Event()
        self.done()  # the buffer's memory may have been something else's that is still in use

    def ready(self) -> None:
        """See `Slot`."""
        torch.cuda.current_stream(self._buffer.device).wait_event(self._filled)

    def done(self) -> None:
        """See `Slot`."""
        self._free.record(torch.cuda.current_stream(self._buffer.device))

    def _fill(self, source: Tensor) -> None:
        self._copies.wait_event(self._free)
        with torch.cuda.stream(self._copies):
            self._buffer.copy_(source, non_blocking=True)
        self._filled.record(self._copies)
