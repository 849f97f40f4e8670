import pytest

from tests.engines.animatic import prompts
from understudy.engines.animatic.notes import cue_name
from understudy.engines.animatic.prompt.reading import read


def heard(prompt: str) -> list[str]:
    return [cue_name(cue) for cue in read(prompt).cues]


@pytest.mark.parametrize(
    ("prompt", "cues"),
    [
        (prompts.BICYCLE, {"tires"}),
        (prompts.FRIENDS, {"rain"}),
        (prompts.CAR, {"engine", "music"}),
        (prompts.DOG, {"leaves", "wind", "dog"}),
        (prompts.CAMEL, {"footsteps", "wind"}),
        (prompts.KOALA, {"distant birds", "distant leaves", "distant wind"}),
        (prompts.DETECTIVE, {"clock", "distant siren"}),
        (prompts.CAFE, {"rain", "distant lo-fi music"}),
        (prompts.HOODIE, {"leaves", "distant birds"}),
        (prompts.CLIFF, {"orchestral music", "wind", "distant eagle"}),
        (prompts.PATIO, {"distant leaves", "distant crowd"}),
        (prompts.AWNING, {"wind", "distant piano music", "distant traffic", "distant dog"}),
    ],
)
def test_the_reference_prompts_ask_for_these_sounds(prompt: str, cues: set[str]) -> None:
    assert set(heard(prompt)) == cues


@pytest.mark.parametrize(
    ("prompt", "cues"),
    [
        ("A street. Audio: distant thunder and crickets. A car.", ["distant thunder", "distant crickets"]),
        ("A man. <AUDCAP>Waves crash, a crowd cheering<ENDAUDCAP>", ["sea", "crowd"]),
        ("A beach with no music, without birds.", ["sea"]),
        ('She says "the rain and the sirens of the sea."', []),
        ("A train in the terrain; a brainy winding window.", []),
        ("Footsteps echo, a fireplace crackles", ["footsteps", "fire"]),
        ("", []),
    ],
)
def test_cues(prompt: str, cues: list[str]) -> None:
    assert heard(prompt) == cues


def test_a_sound_may_fade() -> None:
    (tires,) = read(prompts.BICYCLE).cues
    assert tires.fades
