from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines.animatic import prompts
from understudy.engines.ovi.quotes import spoken_lines


def said(prompt: str) -> list[str]:
    return [line.words for line in spoken_lines(prompt)]


@pytest.mark.parametrize(
    ("prompt", "lines"),
    [
        (prompts.BICYCLE, []),
        (prompts.FRIENDS, ["You always order the same thing,", "Why change what’s perfect?"]),
        (prompts.CAR, ["Next stop, nowhere!"]),
        (prompts.DOG, ["Alright, buddy, one more lap."]),
        (prompts.KOALA, ["Ovi now on Wiro!"]),
        (prompts.DETECTIVE.replace("\\", ""), ["Where's the evidence?"]),
        (prompts.HOODIE.replace("\\", ""), ["Wooooowww Veo 3.1, as always, on Wiro!"]),
        (prompts.PATIO, ["Some mornings are just meant for stillness..."]),
        (prompts.AWNING, []),
    ],
)
def test_the_examples_of_the_contracts(prompt: str, lines: list[str]) -> None:
    assert said(prompt) == lines


@pytest.mark.parametrize(
    ("prompt", "lines"),
    [
        # A verb of saying, directly or in the same sentence.
        ('He says, "Hello" and leaves.', ["Hello"]),
        ('He says "hello".', ["hello"]),
        ('She whispers softly to him: "run"', ["run"]),
        ('He shouts at them - "Go! Go!"', ["Go! Go!"]),
        ('A man in a red shirt says, "Hi there."', ["Hi there."]),
        ('A woman at the door asks: "May I come in?"', ["May I come in?"]),
        ('She says with a smile, "Not today."', ["Not today."]),
        ('He reads aloud, "Call me Ishmael."', ["Call me Ishmael."]),
        ('He says "yes", or "no"', ["yes", "no"]),
        ("She says, “Come closer.” “Closer!”", ["Come closer.", "Closer!"]),
        ("Sie sagt nichts. He asks: „Was ist das?“", ["Was ist das?"]),
        ("He replies, «On y va!» and turns", ["On y va!"]),
        ("他说：“你好。”", ["你好。"]),
        # What other things go with as well needs a sentence.
        ('A deep voice states, "The end is near."', ["The end is near."]),
        ('Narrator: "In the beginning there was light"', ["In the beginning there was light"]),
        ('Two states, "on" and "off", blink.', []),
        ('A choir sings "Happy Birthday".', []),
        # The speaker behind the line.
        ('"Come here," she whispers, "now."', ["Come here,", "now."]),
        ("“Run!” shouts Tom.", ["Run!"]),
        ('"I am not your friend", the old man says.', ["I am not your friend"]),
        ('Reading "Dune" and saying nothing, he nods.', []),
        # A sentence of its own.
        ('"Nobody moves!" A bank, at noon.', ["Nobody moves!"]),
        ('Two people argue. "You lied to me." "Never!"', ["You lied to me.", "Never!"]),
        ('Anna (smiling): "Where have you been?"', ["Where have you been?"]),
        ('Old man: "Who is there?"', ["Who is there?"]),
        ('A poster hangs behind her. "Keep calm and carry on."', []),
        # Written, or a name.
        ("A cap with “WIRO” lettering says it all", []),
        ("A neon sign that says “OPEN ALL NIGHT!” flickers", []),
        ('Her shirt says "I love New York."', []),
        ('A man wearing a shirt that says "Boss"', []),
        ('The letter reads: "You are fired."', []),
        ('Text on screen: "Buy now, pay later!"', []),
        ('On the wall: "Keep out!"', []),
        ('She says she loves the band "Queen".', []),
        ('A short film called "Who Is There?"', []),
        ('The words "Game over!" appear, printed in red.', []),
        ('"Closed!" on a door sign swings.', []),
        ("So-called “experts” say nothing.", []),
        # Apostrophes, inches and left-out letters.
        ('A 24" monitor beside a 27" monitor, he says, is enough.', []),
        ('He says "I want a 5" screen" loudly.', ['I want a 5" screen']),
        ('She says, "He is 6\'2" tall", and laughs.', ["He is 6'2\" tall"]),
        ('A man, 6\'2" tall, asks, "Room 5" and waits.', ["Room 5"]),
        ("Rock 'n' roll in the '80s, he says, was the dogs' time.", []),
        ("He shouts 'don't stop, it's fine!' and runs", ["don't stop, it's fine!"]),
        ("She says ‘the dogs’ bowls aren’t full!’ again", ["the dogs’ bowls aren’t full!"]),
        ("It's the boys' room; 'tis late, the girls' voices say.", []),
        # Without any quotes.
        ("He says: Good morning, Anna. Then he leaves.", ["Good morning, Anna."]),
        ("The host says, Welcome to 3.1 today! Applause.", ["Welcome to 3.1 today!"]),
        ("She says, smiling at the crowd, that it is late.", []),
        ("The sign says: Open All Night. Rain.", []),
        ("A T-shirt that says: Be Happy. Rain.", []),
        ("He says: Good morning and nothing else", []),
        ('He says, Good morning. A sign reads "Open".', []),
        # Nothing to say.
        ('He says, "" and “...” and goes.', []),
        ("", []),
    ],
)
def test_what_is_spoken(prompt: str, lines: list[str]) -> None:
    assert said(prompt) == lines


def test_a_line_lies_where_it_stands() -> None:
    prompt = 'Rain. A man says, "Hello there." Wind.'
    (line,) = spoken_lines(prompt)
    assert prompt[line.start : line.end] == '"Hello there."'


@given(st.text(alphabet="aB 5.,:!?'\"“”‘’«»\n", max_size=60))
def test_lines_lie_in_order_and_apart(text: str) -> None:
    lines = spoken_lines(f"He says, {text}")
    assert all(before.end <= after.start for before, after in pairwise(lines))


@pytest.mark.parametrize(
    "part", ['He says, "Stop it!" ', "“", "'a ", '5" a ', '"a ', "says, A b ", "Anna Anna ", "sign "]
)
def test_a_very_long_prompt_is_read_at_once(part: str) -> None:
    spoken_lines(part * (20_000 // len(part)))
