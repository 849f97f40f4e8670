"""Guidance passes on devices of their own."""

from collections.abc import Sequence

import torch
from torch import Tensor

from understudy.engines.ovi.guidance import Network
from understudy.engines.ovi.parallel.group import Group
from understudy.engines.ovi.transformer.fusion import Geometry, Moment, Pass, Velocity


class PassesApart:
    """A `Network` of which each process computes some passes; all of them have all velocities afterwards.

    Every process goes on with the same bits, so their latents never drift apart.
    """

    def __init__(self, network: Network, group: Group) -> None:
        """`network` computes the passes that fall to this process: every `group.size`-th, from its own rank on."""
        self._network = network
        self._group = group

    def __call__(
        self, video: Tensor, audio: Tensor, moment: Moment, geometry: Geometry, passes: Sequence[Pass]
    ) -> list[Velocity]:
        """See `Network`."""
        size = self._group.size
        ours = passes[self._group.rank :: size]
        rows = [
            torch.cat([velocity.video.flatten(), velocity.audio.flatten()])
            for velocity in (self._network(video, audio, moment, geometry, ours) if ours else ())
        ]
        width = video.numel() + audio.numel()
        mine = torch.stack(rows) if rows else video.new_empty(0, width, dtype=torch.float32)
        counts = [len(passes[rank::size]) for rank in range(size)]
        by_rank = self._group.all_gather(mine, counts).split(counts)
        found = (by_rank[number % size][number // size] for number in range(len(passes)))
        return [
            Velocity(row[: video.numel()].view(video.shape), row[video.numel() :].view(audio.shape))
            for row in found
        ]
