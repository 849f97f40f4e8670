"""The blocks compiled piece by piece: norms, modulation, rotation and gates fused between the matrix products.

All blocks share what is compiled, so its cost does not grow with their number. What is compiled never sees a prompt's
length, so a new prompt compiles nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from understudy.engines.ovi.guidance import Network
from understudy.engines.ovi.transformer.block import TowerBlock
from understudy.engines.ovi.transformer.fusion import Fusion, Geometry, Moment, Pass, Velocity

FORMS = 64
"""Shapes that one piece may be compiled for: two towers, one or two passes, with and without a picture, and sizes."""


PIECES = ("attend_self", "look", "finish", "blend")
WITHOUT_ATTENTION = ("finish", "blend")
"""Where tokens are exchanged with other processes in the middle of the others."""


def compile_blocks(
    model: Fusion, pieces: Sequence[str] = PIECES, *, backend: str | Callable[..., Any] = "inductor"
) -> None:
    """Compile these pieces of every block in place; the work is done when a shape comes for the first time."""
    for half in model.modules():
        if isinstance(half, TowerBlock):
            for piece in pieces:
                plain = getattr(half, piece)
                object.__setattr__(half, piece, torch.compile(plain, backend=backend, fullgraph=True))


def with_room(network: Network) -> Network:
    """The network, with room for as many compiled forms as there are, in place of PyTorch's eight."""

    def roomy(
        video: Tensor, audio: Tensor, moment: Moment, geometry: Geometry, passes: Sequence[Pass]
    ) -> list[Velocity]:
        with torch._dynamo.config.patch(recompile_limit=FORMS):
            return network(video, audio, moment, geometry, passes)

    return roomy
