"""What comes nearest to what is wished for."""

import pytest

from understudy.catalogue.loader import load_catalogue
from understudy.engines.mappings.formats import LENGTHS, nearest_length, tier_height
from understudy.engines.wish import FIELDS


@pytest.mark.parametrize(("wished", "made"), [(4, 4), (5, 6), (7, 8), (12, 8), (1, 4), (6.4, 6)])
def test_the_nearest_length(wished: float, made: int) -> None:
    assert nearest_length(wished, (4, 6, 8)) == made


@pytest.mark.parametrize(
    ("tier", "height"),
    [("720p", 720), ("1080p", 1080), ("480P", 480), ("4k", 2160), ("8k", 4320), ("?", 720)],
)
def test_the_height_of_a_tier(tier: str, height: int) -> None:
    assert tier_height(tier) == height


def test_lengths_are_those_that_the_catalogue_offers() -> None:
    offered = {
        model.address: tuple(float(option.value) for option in each.options)
        for model in load_catalogue(()).models
        for each in model.inputs
        if FIELDS.get(each.id) == "seconds"
    }
    assert offered == LENGTHS
