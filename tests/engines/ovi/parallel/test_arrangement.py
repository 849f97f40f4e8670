import pytest

from understudy.engines.ovi.parallel.arrangement import Arrangement, arrange
from understudy.errors import EngineUnavailable


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, (1, 1)), (2, (2, 1)), (3, (1, 3)), (4, (2, 2)), (6, (2, 3)), (8, (2, 4)), (16, (2, 8))],
)
def test_passes_first_then_heads(count: int, expected: tuple[int, int]) -> None:
    assert arrange(count, 24) == expected


@pytest.mark.parametrize("count", [0, 5, 7, 10])
def test_it_names_the_numbers_that_are_possible(count: int) -> None:
    with pytest.raises(EngineUnavailable, match=r"use 1, 2, 3, 4, 6, 8, 12, 16\."):
        arrange(count, 24)


def test_each_rank_has_a_team_for_tokens_and_one_for_passes() -> None:
    six = Arrangement(passes=2, heads=3)
    assert [six.of_pass(rank) for rank in range(6)] == [(0, 1, 2)] * 3 + [(3, 4, 5)] * 3
    assert [six.across(rank) for rank in range(6)] == [(0, 3), (1, 4), (2, 5)] * 2
