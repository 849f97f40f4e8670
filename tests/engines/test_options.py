import tomllib
from datetime import date

import pytest

from understudy.engines.options import ends, number, secret, table, text
from understudy.errors import ConfigurationError

PARTNER = "partner"


def options(toml: str) -> dict[str, object]:
    """A table as the operator writes it."""
    return tomllib.loads(toml)


@pytest.mark.parametrize(
    ("toml", "found"),
    [
        ('api_key = "k1"', "k1"),
        ('api_key = "k1"\napi_key_env = "MINE"', "k1"),
        ('api_key_env = "MINE"', "k2"),
        ("", "k3"),
    ],
)
def test_where_a_secret_comes_from(toml: str, found: str) -> None:
    environment = {"MINE": "k2", "USUAL": "k3"}
    assert secret(options(toml), "api_key", environment, engine=PARTNER, usual="USUAL") == found


def test_a_secret_that_nobody_set() -> None:
    assert secret({}, "api_key", {}, engine=PARTNER, usual="USUAL") == ""


def test_a_named_variable_must_be_set() -> None:
    with pytest.raises(ConfigurationError) as caught:
        secret({"api_key_env": "GONE"}, "api_key", {"USUAL": "k3"}, engine=PARTNER, usual="USUAL")
    assert str(caught.value) == "engine.partner.api_key_env: the environment variable GONE is not set"


@pytest.mark.parametrize("value", [7, "", ["k1-very-secret"]])
def test_an_error_does_not_tell_the_secret(value: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        secret({"api_key": value}, "api_key", {}, engine=PARTNER)
    assert str(caught.value) == "engine.partner.api_key: must be text in quotes"


def test_errors_name_the_engine_as_the_operator_called_it() -> None:
    with pytest.raises(ConfigurationError, match=r"^engine\.gpu_box\.base_url: must be text in quotes$"):
        text({"name": "gpu_box"}, "base_url", engine=PARTNER)


def test_text() -> None:
    assert text({"model": " sora "}, "model", engine=PARTNER) == "sora"
    assert text({}, "model", "sora-2", engine=PARTNER) == "sora-2"
    assert text({}, "model", "", engine=PARTNER) == ""
    for wrong in ({}, {"model": 1}, {"model": " "}):
        with pytest.raises(ConfigurationError, match=r"engine\.partner\.model: must be text"):
            text(wrong, "model", engine=PARTNER)


def test_number() -> None:
    assert number(options("at_once = 3"), "at_once", 8, engine=PARTNER) == 3
    assert number({}, "at_once", 8, engine=PARTNER) == 8
    for toml, least, most, reason in (
        ("n = 0.5", 1, 5, "must be a number from 1 to 5"),
        ("n = 6", 1, 5, "must be a number from 1 to 5"),
        ("n = -1", 0, float("inf"), "must be a number of at least 0"),
        ("n = nan", 0, float("inf"), "must be a number of at least 0"),
        ("n = true", 0, 5, "must be a number from 0 to 5"),
        ('n = "3"', 0, 5, "must be a number from 0 to 5"),
    ):
        with pytest.raises(ConfigurationError) as caught:
            number(options(toml), "n", 2, engine=PARTNER, least=least, most=most)
        assert str(caught.value) == f"engine.partner.n: {reason}"


def test_table() -> None:
    given = options('[model]\n"openai/sora-2-pro" = "sora-2-pro"')
    assert table(given, "model", engine=PARTNER) == {"openai/sora-2-pro": "sora-2-pro"}
    assert table({}, "model", engine=PARTNER) == {}
    with pytest.raises(ConfigurationError, match=r"engine\.partner\.model: must be a table"):
        table({"model": "x"}, "model", engine=PARTNER)


@pytest.mark.parametrize(
    "toml",
    ["ends = 2026-11-17", 'ends = "2026-11-17"', "ends = 2026-11-17T08:00:00Z", 'ends = " 2026-11-17 "'],
)
def test_an_end_date(toml: str) -> None:
    found = ends(options(toml), engine=PARTNER)
    assert found == date(2026, 11, 17)
    assert type(found) is date


def test_no_end_date() -> None:
    assert ends({}, engine=PARTNER) is None


@pytest.mark.parametrize("toml", ['ends = "soon"', "ends = 20261117", "ends = true", 'ends = ""'])
def test_what_is_no_end_date(toml: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ends(options(toml), engine=PARTNER)
    assert str(caught.value) == "engine.partner.ends: must be a date, such as 2026-11-17"
