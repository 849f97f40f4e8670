"""Options that play the tiny model on the CPU, jobs for it, a picture, and what was reported."""

from pathlib import Path

import numpy as np
from PIL import Image

from understudy.engines.engine import Job


def tiny_options(weights: Path, **more: object) -> dict[str, object]:
    """Clips of ten frames of 128 x 64 pixels at most, three steps.

    Width and half of it are multiples of 32: where half of it is not, x264 reads beyond its rows of colour, and the same
    frames do not always give the same bytes.
    """
    small = {"max_pixels": 128 * 96, "max_seconds": 10 / 24, "steps": 3}
    return {"weights": str(weights), "device": "cpu", "dtype": "float32", **small, **more}


def job(
    folder: Path,
    *,
    model: str = "openai/sora-2-pro",
    image: Path | None = None,
    seed: int = 7,
    **values: str | int,
) -> Job:
    """A run of Sora's contract unless another is named."""
    folder.mkdir(exist_ok=True)
    given: dict[str, str | int | float] = {
        "prompt": "A man at a window. Rain.",
        "seconds": "4",
        "resolution": "720p",
    }
    files = {"inputImage": (str(image),)} if image else {}
    return Job(id="1", model=model, values={**given, **values}, files=files, seed=seed, folder=str(folder))


def picture(path: Path, width: int = 120, height: int = 90) -> Path:
    """A picture with something in it."""
    across, down = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    Image.fromarray(np.stack([across, down, 255 - across], -1).astype(np.uint8)).save(path)
    return path


class Told:
    """A report that remembers."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int, int, str]] = []

    def __call__(self, step: int, total: int, /, *, stage: str = "", unit: str = "") -> None:
        self.steps.append((stage, step, total, unit))
