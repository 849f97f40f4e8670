"""A folder with the weights of a tiny Ovi, and a picture to begin with."""

from pathlib import Path
from typing import Final

import numpy as np
from msgspec.structs import replace
from PIL import Image

from understudy.engines.ovi.config import OviConfig
from understudy.engines.ovi.weights.tiny import TINY_VARIANT, tiny_config, write_tiny

SHORT: Final = "tiny_short"
"""The same checkpoint for five frames: four fifths of a tiny clip's time go into decoding the others."""


def config_with_short() -> OviConfig:
    """The tiny model's, with one more variant."""
    config = tiny_config()
    short = replace(config.variants[TINY_VARIANT], video_latent_frames=2, audio_latent_length=7)
    return replace(config, variants={**config.variants, SHORT: short})


def tiny_options(folder: Path, **more: object) -> dict[str, object]:
    """Weights written to `folder`, and the options that play them on the CPU."""
    write_tiny(folder, config_with_short())
    return {"weights": str(folder), "variant": TINY_VARIANT, "device": "cpu", "dtype": "float32", **more}


def picture(path: Path, height: int = 90, width: int = 120) -> Path:
    """A picture with something in it."""
    across, down = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    Image.fromarray(np.stack([across, down, 255 - across], -1).astype(np.uint8)).save(path)
    return path
