import pytest

from tests.engines.animatic import prompts
from understudy.engines.animatic.prompt.lines import spoken_lines
from understudy.engines.animatic.prompt.text import parse


def said(prompt: str) -> list[tuple[str, str]]:
    text = parse(prompt)
    return [(line.text, line.voice) for line in spoken_lines(text.plain, text.marked)]


@pytest.mark.parametrize(
    ("prompt", "lines"),
    [
        (prompts.BICYCLE, []),
        (prompts.CAFE, []),
        (prompts.AWNING, []),
        (prompts.KOALA, [("Ovi now on Wiro!", "male")]),
        (prompts.DETECTIVE, [("Where's the evidence?", "male")]),
        (prompts.HOODIE, [("Wooooowww Veo 3.1, as always, on Wiro!", "male")]),
        (prompts.PATIO, [("Some mornings are just meant for stillness...", "female")]),
        (
            prompts.FRIENDS,
            [("You always order the same thing", "unknown"), ("Why change what’s perfect?", "unknown")],
        ),
        (prompts.DOG, [("Alright, buddy, one more lap.", "male")]),
    ],
)
def test_the_reference_prompts_say_what_is_printed_in_them(prompt: str, lines: list[tuple[str, str]]) -> None:
    assert said(prompt) == lines


@pytest.mark.parametrize(
    ("prompt", "lines"),
    [
        ("A singer. <S>AI declares: humans obsolete now.<E> Wind.", ["AI declares: humans obsolete now."]),
        ("<S>First one.<E> then <S>second one<E>", ["First one.", "second one"]),
        ("She turns: <S>never closed", ["never closed"]),
        ("He says: Good morning. Then he leaves.", ["Good morning."]),
        ("The host says, Welcome to 3.1 today! Applause.", ["Welcome to 3.1 today!"]),
        ("Narrator: the sea was calm. Waves.", ["the sea was calm."]),
        ("She says, smiling at the crowd, that it is late.", []),
        ("A shop sign reads “Open all night.” in red", []),
        ("A cap with “WIRO” lettering", []),
        ('"Come here," she whispers.', ["Come here"]),
        ("He shouts 'don't stop, it's fine!' and runs", ["don't stop, it's fine!"]),
        ("Rock 'n' roll in the '80s", []),
        ("«On y va!» dit-elle, «vite.»", ["On y va!", "vite."]),
        ("他说: 你好", []),
    ],
)
def test_lines_with_and_without_quotes(prompt: str, lines: list[str]) -> None:
    assert [text for text, _ in said(prompt)] == lines


def test_a_line_lies_where_it_stands_in_the_text() -> None:
    text = parse(prompts.DETECTIVE).plain
    (line,) = spoken_lines(text)
    assert text[line.start : line.end] == '"Where\'s the evidence?"'


def test_a_very_long_prompt_is_read_at_once() -> None:
    assert len(said('He says, "Stop it!" ' * 1600)) == 1600
    assert said("“" * 32_000) == []
    assert said("'a " * 10_000) == []
