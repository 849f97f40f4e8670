"""What is said of tensors that are not those of a part."""

import pytest

from understudy.engines.ovi.tensor_table import Shape, differences, elements, must_match
from understudy.errors import EngineUnavailable

WANTED: dict[str, Shape] = {"a": (1,), "b": (2, 3), "c": (), **{f"d{n}": (1,) for n in range(5)}}


def test_differences_are_named_and_counted() -> None:
    assert differences({"a": (1,), "b": (3, 2), "c": (1,), "e": ()}, WANTED) == (
        "5 tensors missing: d0, d1, d2 and 2 more.",
        "1 tensor unexpected: e.",
        "2 tensors of another shape: b is 3x2, not 2x3, c is 1, not a number.",
    )
    assert differences(WANTED, WANTED) == ()


def test_what_is_known_may_be_there_or_not() -> None:
    known = WANTED | {"e": (7,)}
    assert differences(WANTED, WANTED, known=known) == ()
    assert differences(known, WANTED, known=known) == ()
    assert differences(known | {"f": ()}, WANTED, known=known) == ("1 tensor unexpected: f.",)


def test_a_part_that_does_not_fit_is_refused_with_what_to_do() -> None:
    must_match("vocoder", WANTED, WANTED)
    with pytest.raises(EngineUnavailable) as refused:
        must_match("vocoder", {"a": (2,)}, {"a": (1,), "b": ()})
    assert refused.value.message.startswith(
        "The weights of the vocoder do not fit. 1 tensor missing: b. 1 tensor of another shape: a is 2, not 1. "
    )
    assert "understudy weights check" in refused.value.message


def test_elements_are_the_numbers_of_all_tensors() -> None:
    assert elements(WANTED) == 1 + 6 + 1 + 5
    assert elements({}) == 0
