"""Two pieces of work that do not wait for each other: one after the other, or on two CUDA streams."""

from collections.abc import Callable
from typing import TypeVar

import torch

V = TypeVar("V")
A = TypeVar("A")


class Lanes:
    """One after the other."""

    def both(self, video: Callable[[], V], audio: Callable[[], A]) -> tuple[V, A]:
        """Do both; the results of both may be used afterwards."""
        return video(), audio()


class Streams(Lanes):
    """Side by side: the audio tower's kernels are far too small for the card, so they run beside the video's.

    Memory that one stream frees is taken again by the same stream only, and each piece of work begins by waiting for
    the other stream: so a tensor that crosses over is never overwritten while it is read.
    """

    def __init__(self, device: torch.device) -> None:
        # Before the video's: a small kernel would wait until all of a large one's parts have found their places, and the
        # audio tower would be finished last.
        self._side = torch.cuda.Stream(device, priority=-1)

    def both(self, video: Callable[[], V], audio: Callable[[], A]) -> tuple[V, A]:
        """See `Lanes`."""
        main = torch.cuda.current_stream(self._side.device)
        self._side.wait_stream(main)
        try:
            with torch.cuda.stream(self._side):
                heard = audio()
            seen = video()
        finally:
            # After a failure, too: what the audio's kernels read is given back, and written to by whatever comes next.
            main.wait_stream(self._side)
        return seen, heard
