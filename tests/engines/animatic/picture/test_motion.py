import itertools

import pytest

from understudy.engines.animatic.picture.motion import NARROWEST, eased, path
from understudy.engines.animatic.prompt.camera import Move, camera_moves


@pytest.mark.parametrize(
    "prompt",
    [
        "", "zoom in", "zoom out quickly", "the camera pans left, then tilts up, then zooms in", "dolly in and pan right",
        "handheld", "handheld, zoom in", "static shot", "pull back and the camera rises", "tracking shot", "tilt down",
    ],
)  # fmt: skip
def test_every_way_is_smooth_and_stays_on_the_picture(prompt: str) -> None:
    way = path(camera_moves(prompt), 6)
    views = [way.at(number / 179) for number in range(180)]
    for view in views:
        assert NARROWEST <= view.scale <= 1
        assert abs(view.x) <= 1
        assert abs(view.y) <= 1
    for axis in ("scale", "x", "y"):
        values = [getattr(view, axis) for view in views]
        steps = [b - a for a, b in itertools.pairwise(values)]
        assert max(map(abs, steps), default=0) < 0.06
        assert max((abs(b - a) for a, b in itertools.pairwise(steps)), default=0) < 0.012


def test_moves_go_where_they_are_told() -> None:
    def ends(kind: str) -> tuple[float, float, float]:
        way = path([Move(kind)], 4)  # type: ignore[arg-type]
        first, last = way.at(0), way.at(1)
        return last.scale - first.scale, last.x - first.x, last.y - first.y

    assert ends("zoom in")[0] < -0.1
    assert ends("dolly out")[0] > 0.1
    assert ends("pan left")[1] < -1
    assert ends("pan right")[1] > 1
    assert ends("tilt up")[2] < -1
    assert ends("rise")[2] < -1
    assert ends("static") == (0, 0, 0)


def test_easing_starts_and_ends_at_rest() -> None:
    assert eased(0) == 0
    assert eased(1) == 1
    assert eased(0.5) == pytest.approx(0.5)
    assert eased(0.01) < 0.005
