"""A folder with the weights of a tiny Ovi, and a picture to begin with."""

from pathlib import Path

import numpy as np
from PIL import Image

from understudy.engines.ovi.weights.tiny import TINY_VARIANT, write_tiny


def tiny_options(folder: Path, **more: object) -> dict[str, object]:
    """Weights written to `folder`, and the options that play them on the CPU."""
    write_tiny(folder)
    return {"weights": str(folder), "variant": TINY_VARIANT, "device": "cpu", "dtype": "float32", **more}


def picture(path: Path, height: int = 90, width: int = 120) -> Path:
    """A picture with something in it."""
    across, down = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    Image.fromarray(np.stack([across, down, 255 - across], -1).astype(np.uint8)).save(path)
    return path
