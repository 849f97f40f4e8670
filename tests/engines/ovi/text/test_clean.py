import json

import pytest

from tests.engines.ovi.golden import GOLDEN
from understudy.engines.ovi.text.clean import clean

CASES = json.loads((GOLDEN / "preprocess/text_clean.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: repr(case["input"]))
def test_cleans_as_the_reference(case: dict[str, str]) -> None:
    assert clean(case["input"]) == case["output"]


def test_unescapes_twice_after_what_mending_does_and_no_more() -> None:
    # ftfy unescapes only where no "<" shows that the text is HTML itself; here it leaves the work to the two passes.
    assert clean("<b> &amp;amp;amp;") == "<b> &amp;"


def test_half_a_character_does_not_reach_the_tokenizer() -> None:
    clean("a \ud800 b").encode()
