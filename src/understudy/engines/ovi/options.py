"""What an operator may set for the engine, as the table [engine.ovi]. No torch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from understudy.engines.ovi.config import DEFAULT_VARIANT
from understudy.engines.ovi.memory.profiles import AUTO, RESIDENT, must_be_known
from understudy.engines.ovi.presets import PRESETS, Preset, PresetName
from understudy.errors import EngineUnavailable

_EXECUTORS = frozenset({"replicas", "persistent", "devices"})
"""Options that are read where replicas are started."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options, checked."""

    weights: str = ""
    """Folder of the weights."""
    variant: str = DEFAULT_VARIANT
    """Which checkpoint is loaded."""
    preset: PresetName = "exact"
    memory: str = AUTO
    """Name of a memory profile; "auto" takes the first that fits the card."""
    gpus: Annotated[int, msgspec.Meta(ge=1, le=16)] = 1
    """How many cards make a clip together."""
    device: Literal["auto", "cuda", "cpu"] = "auto"
    """Where to compute; "auto" takes a card, and the engine is unavailable without one."""
    dtype: Literal["bfloat16", "float32"] = "bfloat16"
    """Of the transformer and the text encoder."""
    solver: Literal["unipc", "euler", "dpm++"] = "unipc"
    steps: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50
    """Denoising steps for contracts that do not say."""
    shift: Annotated[float, msgspec.Meta(ge=0.01, le=100)] = 5.0
    """How far the schedule is drawn towards noise."""
    video_guidance: float = 4.0
    audio_guidance: float = 3.0
    compile: bool = True
    """Fuse the blocks' small operations; on a card only."""
    graphs: bool = False
    """Replay each step as one CUDA graph."""
    warm_up: bool = True
    """Make a short clip while loading, so that the first run is as quick as the others; on a card only."""

    @property
    def folder(self) -> Path:
        """Where the weights lie."""
        return Path(self.weights).expanduser()

    @property
    def playing(self) -> Preset:
        """What the preset stands for."""
        return PRESETS[self.preset]


def read_options(options: Mapping[str, object]) -> Options:
    """The engine's options out of what the operator set. Raises `EngineUnavailable` that names the key."""
    ours = {name: value for name, value in options.items() if name not in _EXECUTORS}
    try:
        read = msgspec.convert(ours, Options)
    except msgspec.ValidationError as error:
        raise EngineUnavailable(f"The settings [engine.ovi] cannot be used: {error}") from error
    must_be_known(read.memory)
    if read.gpus > 1 and read.playing.cache is not None:
        raise EngineUnavailable(
            f'The preset "{read.preset}" takes steps over, and several cards cannot agree on which: set preset = "exact"'
            " or gpus = 1 in [engine.ovi]."
        )
    if read.gpus > 1 and read.memory not in (AUTO, RESIDENT):
        raise EngineUnavailable(
            f'On several cards the model is kept whole on each: set memory = "{AUTO}" or gpus = 1 in [engine.ovi].'
        )
    return read
