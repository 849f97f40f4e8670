"""Steps replayed as CUDA graphs: one launch for the thousands of kernels of a step. CUDA only."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from understudy.engines.ovi.guidance import Network
from understudy.engines.ovi.transformer.fusion import Geometry, Moment, Pass, Velocity


@contextmanager
def graphed(network: Network) -> Iterator[Network]:
    """`Graphs` for one run, whose memory is given back at its end: nothing else can use it."""
    graphs = Graphs(network)
    try:
        yield graphs
    finally:
        graphs.close()
        torch.cuda.empty_cache()


class Graphs:
    """A `Network` for one run. The texts and positions of a run stay where they are, so only the latents and the time
    are copied into a graph's inputs; its first step runs plainly, which chooses kernels, the second one is captured.

    Steps with another number of passes get a graph of their own. What it returns is overwritten by the next step.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._seen: set[int] = set()
        self._captured: dict[int, _Captured] = {}

    def __call__(
        self, video: Tensor, audio: Tensor, moment: Moment, geometry: Geometry, passes: Sequence[Pass]
    ) -> list[Velocity]:
        """See `Network`."""
        kind = len(passes)
        if kind not in self._seen:
            self._seen.add(kind)
            return self._network(video, audio, moment, geometry, passes)
        if kind not in self._captured:
            self._captured[kind] = _Captured(self._network, (video, audio, moment), geometry, passes)
        return self._captured[kind].replay(video, audio, moment)

    def close(self) -> None:
        """Forget the graphs, and what they returned."""
        while self._captured:
            self._captured.popitem()[1].close()


class _Captured:
    """One graph and the memory that it reads from and writes to."""

    def __init__(
        self,
        network: Network,
        inputs: tuple[Tensor, Tensor, Moment],
        geometry: Geometry,
        passes: Sequence[Pass],
    ) -> None:
        video, audio, moment = inputs
        self._inputs = [tensor.clone() for tensor in (video, audio, *_tensors(moment))]
        self._kept = (geometry, passes)  # the graph reads them at their addresses
        copied = Moment(
            moment.video._replace(head=self._inputs[2], blocks=self._inputs[3]),
            moment.audio._replace(head=self._inputs[4], blocks=self._inputs[5]),
        )
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            self._outputs = network(self._inputs[0], self._inputs[1], copied, geometry, passes)

    def replay(self, video: Tensor, audio: Tensor, moment: Moment) -> list[Velocity]:
        """The step for these latents at this time."""
        for place, tensor in zip(self._inputs, (video, audio, *_tensors(moment)), strict=True):
            place.copy_(tensor)
        self._graph.replay()
        return self._outputs

    def close(self) -> None:
        """Give the memory up, which would otherwise stay as long as somebody holds an error that ended the run."""
        self._outputs = []
        self._graph.reset()


def _tensors(moment: Moment) -> tuple[Tensor, ...]:
    return *moment.video, *moment.audio
