import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines.ovi.golden import GOLDEN
from understudy.engines.ovi.sizes import image_size, limited, requested_size

RECORDED = json.loads((GOLDEN / "preprocess" / "sizes.json").read_text())
AREAS = (720 * 720, 960 * 960)

sides = st.integers(1, 16_384)


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: f"{case['h']}x{case['w']}-{case['target_area']}")
def test_both_rules_give_the_recorded_sizes(case: dict[str, int]) -> None:
    shape = (case["h"], case["w"], case["target_area"])
    assert list(requested_size(*shape)) == case["t2v_hw"]
    assert list(image_size(*shape)) == case["i2v_hw"]


def test_an_area_below_one_multiple_counts_as_one() -> None:
    # By the reference's rule, which these areas of no checkpoint are not recorded for.
    assert image_size(2942, 64, 1023) == (128, 32)
    assert image_size(2608, 127, 500) == (64, 32)


@pytest.mark.parametrize("rule", [requested_size, image_size])
@pytest.mark.parametrize(
    ("height", "width"), [(1, 1), (1, 100_000), (100_000, 1), (16_384, 16_384), (10**30, 3)]
)
def test_any_shape_has_a_frame(rule: object, height: int, width: int) -> None:
    made = rule(height, width, AREAS[0])  # type: ignore[operator]
    assert min(made) >= 32
    assert all(side % 32 == 0 for side in made)


@given(sides, sides, st.sampled_from(AREAS))
def test_within_the_longest_shape_the_area_is_kept(height: int, width: int, area: int) -> None:
    shape = limited((height, width))
    for made in (requested_size(*shape, area), image_size(*shape, area)):
        assert made[0] * made[1] == pytest.approx(area, rel=0.1)


@given(sides, sides)
def test_a_longer_shape_is_cut_and_no_other(height: int, width: int) -> None:
    rows, columns = limited((height, width))
    assert rows <= height
    assert columns <= width
    assert max(rows, columns) <= 4 * min(rows, columns)
    if max(height, width) <= 4 * min(height, width):
        assert (rows, columns) == (height, width)
