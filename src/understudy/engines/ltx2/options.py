"""What an operator may set for the engine, as the table [engine.ltx2]. No torch."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec

from understudy.engines.mappings.ltx2 import LEAST_SIDE, LEAST_STEPS, MOST_PIXELS, MOST_SECONDS, Limits
from understudy.errors import EngineUnavailable

_EXECUTORS: Final = frozenset({"replicas", "persistent", "devices", "gpus"})
"""Options that are read where replicas are started."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options, checked."""

    weights: str = ""
    """A folder in diffusers' layout, or the id of a repository that is in the hub's cache already."""
    memory: Literal["resident", "offload"] = "resident"
    """Whether all parts stay on the card, or each comes when it is needed."""
    device: Literal["auto", "cuda", "cpu"] = "auto"
    """Where to compute; "auto" takes a card, and the engine is unavailable without one."""
    dtype: Literal["bfloat16", "float32"] = "bfloat16"
    steps: Annotated[int, msgspec.Meta(ge=LEAST_STEPS, le=200)] | None = None
    """Denoising steps for contracts that do not say; by default the pipeline's own."""
    guidance: Annotated[float, msgspec.Meta(ge=1, le=20)] | None = None
    """Of the picture, for contracts that do not say; by default the pipeline's own."""
    max_pixels: Annotated[int, msgspec.Meta(ge=LEAST_SIDE**2)] = MOST_PIXELS
    """Of one frame; larger sizes are made smaller."""
    max_seconds: Annotated[float, msgspec.Meta(gt=0, le=MOST_SECONDS)] = MOST_SECONDS
    """Longer clips are made shorter."""

    @property
    def limits(self) -> Limits:
        """What a clip may have at most."""
        return Limits(pixels=self.max_pixels, seconds=self.max_seconds)


def read_options(options: Mapping[str, object]) -> Options:
    """The engine's options out of what the operator set. Raises `EngineUnavailable` that names the key."""
    ours = {name: value for name, value in options.items() if name not in _EXECUTORS}
    try:
        return msgspec.convert(ours, Options)
    except msgspec.ValidationError as error:
        raise EngineUnavailable(f"The settings [engine.ltx2] cannot be used: {error}") from error
