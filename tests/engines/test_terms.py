import pytest

from understudy.engines.terms import TERMS, Terms, read_terms
from understudy.errors import ConfigurationError


def test_terms_that_nobody_set() -> None:
    assert read_terms("farm", {"base_url": "http://farm.lan"}) == Terms()


def test_terms_that_the_operator_set() -> None:
    options = {"at_once": 3, "deadline_seconds": 120, "busy_seconds": 0, "webhooks": True}
    assert set(options) == TERMS
    assert read_terms("farm", options) == Terms(
        at_once=3, deadline_seconds=120, busy_seconds=0, webhooks=True
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("at_once", 0),
        ("at_once", 1.5),
        ("at_once", True),
        ("deadline_seconds", 0),
        ("deadline_seconds", "an hour"),
        ("busy_seconds", -1),
        ("webhooks", "yes"),
    ],
)
def test_terms_that_cannot_be(key: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=rf"^engine\.farm\.{key}: must be "):
        read_terms("farm", {key: value})
