import pytest

from tests.engines.animatic import prompts
from understudy.engines.animatic.prompt.reading import read


@pytest.mark.parametrize(
    ("prompt", "time", "place", "flags"),
    [
        (prompts.BICYCLE, "day", "fields", {"road"}),
        (prompts.FRIENDS, "day", "room", {"rain"}),
        (prompts.CAR, "day", "desert", {"road"}),
        (prompts.DOG, "day", "forest", set()),
        (prompts.CAMEL, "day", "desert", set()),
        (prompts.KOALA, "day", "forest", {"warm"}),
        (prompts.DETECTIVE, "midnight", "room", {"neon", "mist"}),
        (prompts.CAFE, "dusk", "room", {"warm", "rain"}),
        (prompts.CLIFF, "dawn", "mountains", {"mist"}),
        (prompts.PATIO, "day", "forest", {"warm", "autumn"}),
        (prompts.AWNING, "day", "city", {"warm"}),
        ("Golden hour over a harbour", "golden hour", "sea", {"warm"}),
        ("A skyline under neon", "night", "city", {"neon"}),
        ("", "day", "fields", set()),
    ],
)
def test_time_place_and_light(prompt: str, time: str, place: str, flags: set[str]) -> None:
    setting = read(prompt).shots[0].setting
    named = {"neon", "warm", "autumn", "rain", "mist", "road"}
    assert (setting.time, setting.place, {flag for flag in named if getattr(setting, flag)}) == (
        time,
        place,
        flags,
    )


def test_a_named_colour_is_the_accent() -> None:
    assert read(prompts.HOODIE).shots[0].setting.accent == (4, 147, 107)
    assert read("A red kite").shots[0].setting.accent == (196, 58, 52)
    assert read("RGB(999, 0, 1)").shots[0].setting.accent == (255, 0, 1)
    assert read("A kite").shots[0].setting.accent is None
