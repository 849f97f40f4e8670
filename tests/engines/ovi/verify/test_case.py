import math

import pytest
import torch

from understudy.engines.ovi.verify.case import Limit, Measure, compare, equal, worst

REL, ABS = Limit("rel", 0.1), Limit("max abs", 0.5)
WANTED = torch.tensor([3.0, -4.0])


@pytest.mark.parametrize(
    ("found", "rel", "most"),
    [
        ([3.0, -4.0], 0, 0),
        ([3.0, -4.5], 0.1, 0.5),
        ([6.0, -8.0], 1, 4),
        ([math.inf, 0.0], math.inf, math.inf),
    ],
)
def test_distances(found: list[float], rel: float, most: float) -> None:
    measures = list(compare("it", torch.tensor(found), WANTED, REL, ABS))
    assert [measure.error for measure in measures] == pytest.approx([rel, most])
    assert [measure.ok for measure in measures] == [rel <= 0.1, most <= 0.5]


def test_what_is_no_number_is_never_within() -> None:
    [measure] = compare("it", torch.tensor([math.nan, 0.0]), WANTED, ABS)
    assert not measure.ok


def test_another_shape_is_named() -> None:
    [measure] = compare("it", WANTED[:1], WANTED, REL)
    assert not measure.ok
    assert measure.note == "shape [1] instead of [2]"


def test_nothing_but_zeros_is_matched_by_zeros_only() -> None:
    zeros = torch.zeros(2)
    assert [measure.error for measure in compare("it", zeros, zeros, REL)] == [0]
    assert [measure.error for measure in compare("it", WANTED, zeros, REL)] == [math.inf]


def test_what_is_not_equal_is_counted_and_the_first_is_named() -> None:
    measure = equal("sizes", [("a", 1, 1), ("b", 2, 3), ("c", "x", "y")])
    assert (measure.error, measure.of, measure.ok) == (2, 3, False)
    assert measure.note == "b: 2 instead of 3"


def test_the_worst_of_each_kind_stands_for_all() -> None:
    def measure(what: str, error: float, tolerance: float = 1) -> Measure:
        return Measure(what=what, kind="rel", error=error, tolerance=tolerance)

    chosen = worst(
        [measure("a", 1), measure("b", 2), measure("c", 0, 5), measure("d", math.nan), measure("e", 9)]
    )
    assert [each.what for each in chosen] == ["d", "c"]
