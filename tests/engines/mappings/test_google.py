"""What requests for Veo and for Gemini Omni have in common, as tables."""

import pytest

from understudy.engines.mappings.google import nearest_resolution, spoken


@pytest.mark.parametrize(
    ("prompt", "plain"),
    [
        ("A fox.", "A fox."),
        ("A fox says <S>Hello, you.<E> and runs.", 'A fox says "Hello, you." and runs.'),
        ("<S>One<E> <S>two<E> <AUDCAP>Wind,\nbirds.<ENDAUDCAP>", '"One" "two" Sounds: Wind,\nbirds.'),
        ("<S>unfinished", "<S>unfinished"),
    ],
)
def test_marks_that_only_ovi_knows(prompt: str, plain: str) -> None:
    assert spoken(prompt) == plain


@pytest.mark.parametrize(
    ("wished", "made"),
    [
        ("480p", "720p"),
        ("720p", "720p"),
        ("900p", "1080p"),
        ("1080p", "1080p"),
        ("4k", "1080p"),
        ("8k", "1080p"),
    ],
)
def test_the_nearest_resolution(wished: str, made: str) -> None:
    assert nearest_resolution(wished, ("1080p", "720p")) == made
