"""The blocks compiled piece by piece: norms, modulation, rotation and gates fused between the matrix products.

All blocks share what is compiled, so its cost does not grow with their number. What is compiled never sees a prompt's
length, so a new prompt compiles nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import torch
from torch import Tensor

from understudy.engines.ovi.guidance import Network
from understudy.engines.ovi.transformer.block import TowerBlock
from understudy.engines.ovi.transformer.fusion import Fusion, Geometry, Moment, Pass, Velocity
from understudy.errors import EngineUnavailable

FORMS: Final = 64
"""Shapes that one piece may be compiled for: two towers, one or two passes, with and without a picture, and sizes."""

_PIECES: Final = ("project", "absorb", "ask", "offer", "blend", "finish")
"""All of a block but attention: that is one kernel already, and processes may exchange tokens around it."""


def compile_blocks(model: Fusion, *, backend: str | Callable[..., Any] = "inductor") -> None:
    """Compile the pieces of every block in place; the work is done when a shape comes for the first time."""
    for half in model.modules():
        if isinstance(half, TowerBlock):
            for piece in _PIECES:
                plain = getattr(half, piece)
                object.__setattr__(half, piece, torch.compile(plain, backend=backend, fullgraph=True))


def with_room(network: Network) -> Network:
    """The network, with room for as many compiled forms as there are, in place of PyTorch's eight.

    Every size is as good as any other: a further one compiles nothing. Raises `EngineUnavailable` if the machine cannot
    compile.
    """
    # Imported here and not above: it takes a second, and without a card nothing is compiled.
    from torch._dynamo.exc import BackendCompilerFailed

    def roomy(
        video: Tensor, audio: Tensor, moment: Moment, geometry: Geometry, passes: Sequence[Pass]
    ) -> list[Velocity]:
        for view in geometry.views:
            if view.row is not None:
                # There is one in one tower only; of all else the other tower shows that its length varies.
                torch._dynamo.maybe_mark_dynamic(view.row, 0)
        try:
            with torch._dynamo.config.patch(recompile_limit=FORMS):
                return network(video, audio, moment, geometry, passes)
        except BackendCompilerFailed as error:
            if isinstance(error.inner_exception, torch.OutOfMemoryError):
                raise error.inner_exception from error
            raise EngineUnavailable(
                "The transformer's blocks cannot be compiled. Install a C compiler and Python's header files (on Debian:"
                " build-essential, python3-dev), or set compile = false in [engine.ovi], which makes clips slower."
            ) from error

    return roomy
