import pytest

from understudy.engines.words import LONGEST, one_line


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("", ""),
        ("  No such\n\tmodel. ", "No such model."),
        ("red \x1b[31malert\x1b[0m\x00", "red [31malert [0m"),
        ("to the left: \u202egnp.exe", "to the left: gnp.exe"),
        ("schön", "schön"),
    ],
)
def test_words_that_others_chose(said: str, shown: str) -> None:
    assert one_line(said) == shown


def test_they_do_not_go_on_for_ever() -> None:
    assert one_line("x" * LONGEST) == "x" * LONGEST
    assert one_line("x" * 10_000) == "x" * (LONGEST - 1) + "…"


def test_secrets_that_are_repeated_to_us() -> None:
    said = "Incorrect API key provided: hush-hush (secret: quiet)."
    assert one_line(said, hidden=("hush-hush", "quiet", "")) == (
        "Incorrect API key provided: *** (secret: ***)."
    )
