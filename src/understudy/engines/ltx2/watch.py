"""Progress of a call of a pipeline, and where it is stopped: between two blocks of the networks, not only after steps."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from understudy.engines.engine import Report


class Watch:
    """Tells `report` how far one call is; whatever that raises leaves the call."""

    def __init__(self, report: Report, steps: int, frames: int) -> None:
        self._report = report
        self._steps = steps
        self._frames = frames
        self._done = 0

    def text(self) -> None:
        """The prompts are about to be encoded."""
        self._report(0, 1, stage="Text", unit="prompt")

    def step(self, _pipeline: Any, index: int, _timestep: Any, _tensors: dict[str, Any]) -> dict[str, Any]:
        """A step is done; diffusers' `callback_on_step_end`. Changes nothing."""
        self._done = index + 1
        self._denoising()
        return {}

    @contextmanager
    def over(self, transformer: Any, decoder: Any) -> Iterator[None]:
        """Within the block each part of the two networks reports before it computes."""
        hooks = [
            *(
                block.register_forward_pre_hook(lambda *_: self._denoising())
                for block in transformer.transformer_blocks
            ),
            *(block.register_forward_pre_hook(lambda *_: self._decoding()) for block in decoder.up_blocks),
        ]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _denoising(self) -> None:
        self._report(self._done, self._steps, stage="Generate", unit="it")

    def _decoding(self) -> None:
        self._report(0, self._frames, stage="Decode", unit="frame")
