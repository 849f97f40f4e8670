"""The first frame has the clip's size, and nothing in it is stretched."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from understudy.engines.ltx2.picture import first_frame


@pytest.mark.parametrize("shape", [(200, 100), (100, 200), (64, 64), (128, 64), (3000, 40)])
def test_a_circle_stays_a_circle(tmp_path: Path, shape: tuple[int, int]) -> None:
    width, height = shape
    down, across = np.mgrid[0:height, 0:width]
    radius = min(shape) / 4
    inside = (across - (width - 1) / 2) ** 2 + (down - (height - 1) / 2) ** 2 < radius**2
    Image.fromarray((inside * 255).astype(np.uint8)).convert("RGBA").save(tmp_path / "in.png")
    frame = first_frame(str(tmp_path / "in.png"), (128, 64))
    assert (frame.size, frame.mode) == ((128, 64), "RGB")
    lit = np.asarray(frame)[:, :, 0] > 127
    seen = lit.any(axis=0).sum(), lit.any(axis=1).sum()
    if max(seen) < 64:  # else it is cut off at an edge
        assert abs(int(seen[0]) - int(seen[1])) <= 2
    assert lit[32, 64]
