import json
import re
import time

import pytest
from hypothesis import example, given, reject
from hypothesis import strategies as st

from tests.engines.ovi.golden import GOLDEN
from understudy.engines.ovi.config import REAL, TagStyle
from understudy.engines.ovi.prompt import compose, rewrite
from understudy.errors import EngineInputError

RECORDED = [
    (REAL.variants[variant].style, case["input"], case["output"])
    for variant, cases in json.loads((GOLDEN / "preprocess" / "prompt_format.json").read_text()).items()
    for case in cases
]
UNBALANCED = "Tail tag only <ENDAUDCAP> and Audio: x"
# The reference puts a second pair of tags inside the first.
LABEL_IN_TAGS = "<AUDCAP>Audio: nested<ENDAUDCAP>"


@pytest.mark.parametrize(("style", "prompt", "expected"), RECORDED)
def test_the_rewriting_is_the_references(style: TagStyle, prompt: str, expected: str) -> None:
    assert rewrite(prompt, style) == expected


@pytest.mark.parametrize(("style", "prompt", "expected"), [row for row in RECORDED if row[1] != UNBALANCED])
def test_prompts_in_order_get_what_the_reference_gives(style: TagStyle, prompt: str, expected: str) -> None:
    composed = compose(prompt, style)
    assert composed.text == (prompt if (style, prompt) == ("tags", LABEL_IN_TAGS) else expected)
    assert bool(composed.notes) == (composed.text != prompt)


@pytest.mark.parametrize(
    ("style", "prompt"),
    [
        ("tags", "A man,  says <S>Hi \"you\" it's 5\"<E>.\r\n\t<AUDCAP>Audio: wind, 'calm'<ENDAUDCAP> "),
        ("tags", "<S>Audio: one, two<E>"),
        ("tags", "<S><E><AUDCAP><ENDAUDCAP>"),
        ("label", ' A man says <S>Hi<E>.\n\nAudio: wind "howling!" '),
        ("label", "A cap with “WIRO” lettering, 1 < 2 > 0, <b>bold</b>"),
    ],
)
def test_what_is_right_stays_byte_for_byte(style: TagStyle, prompt: str) -> None:
    composed = compose(prompt, style)
    assert composed.text == prompt
    assert composed.notes == ()


@pytest.mark.parametrize(
    ("style", "prompt", "expected", "notes"),
    [
        (
            "tags",
            'A man says, "Hello there." Audio: birds',
            "A man says, <S>Hello there.<E> <AUDCAP>birds<ENDAUDCAP>",
            ("Taken as spoken: “Hello there.”", "The sounds stand between <AUDCAP> and <ENDAUDCAP> now."),
        ),
        (
            "label",
            'A man says, \\"Hello there.\\" <audcap>birds<EndAudCap>',
            "A man says, <S>Hello there.<E> Audio: birds",
            (
                "Tags are in capitals now.",
                "Backslashes before quotation marks are left out.",
                "Taken as spoken: “Hello there.”",
                "The sounds stand behind Audio: now.",
            ),
        ),
        ("tags", "<s>Hi<e>", "<S>Hi<E>", ("Tags are in capitals now.",)),
        # Whoever uses tags has said what is spoken.
        ("tags", 'He says, "No." <S>Yes.<E>', 'He says, "No." <S>Yes.<E>', ()),
        # Words in a description of sounds are not lines.
        ("tags", '<AUDCAP>he says, "No."<ENDAUDCAP>', '<AUDCAP>he says, "No."<ENDAUDCAP>', ()),
        ("label", 'Rain. Audio: a man shouts, "No!"', 'Rain. Audio: a man shouts, "No!"', ()),
        # `Audio:` reaches to the next tag: pairs never nest.
        (
            "tags",
            "Audio: rain.<S>Hi<E> Bye. Audio: wind",
            "<AUDCAP>rain.<ENDAUDCAP><S>Hi<E> Bye. <AUDCAP>wind<ENDAUDCAP>",
            ("The sounds stand between <AUDCAP> and <ENDAUDCAP> now.",),
        ),
        ("label", "<S>Say <audio>!<E>", "<S>Say <audio>!<E>", ()),
    ],
)
def test_what_people_write_becomes_what_the_model_knows(
    style: TagStyle, prompt: str, expected: str, notes: tuple[str, ...]
) -> None:
    composed = compose(prompt, style)
    assert (composed.text, composed.notes) == (expected, notes)


@pytest.mark.parametrize("style", ["tags", "label"])
@pytest.mark.parametrize(
    ("prompt", "where", "shown"),
    [
        ("A man says <S>Hello.", "<S> in line 1, column 12 is never closed", "A man says →<S>Hello."),
        ("One.\nTwo <E> three", "<E> in line 2, column 5 closes nothing", "One. Two →<E> three"),
        ("<S>one <S>two<E>", "<S> in line 1, column 8 stands inside <S>: put <E>", "<S>one →<S>two<E>"),
        ("<S>a<AUDCAP>b<ENDAUDCAP>", "<AUDCAP> in line 1, column 5 stands inside <S>", "<S>a→<AUDCAP>b"),
        ("<AUDCAP>a <S>b<E><ENDAUDCAP>", "<S> in line 1, column 11 stands inside <AUDCAP>", "→<S>b<E>"),
        ("<audcap>a<e>", "<e> in line 1, column 10 stands inside <AUDCAP>: put <ENDAUDCAP>", "<audcap>a→<e>"),
        (
            "<S>a<E> b <ENDAUDCAP>",
            "<ENDAUDCAP> in line 1, column 11 closes nothing: put <AUDCAP>",
            "b →<ENDAUDCAP>",
        ),
        ('\\"é\\" 🙂 <S>', "<S> in line 1, column 9 is never closed", "🙂 →<S>"),
        (
            "x" * 100 + "<S>" + "y" * 100,
            "<S> in line 1, column 101",
            "…" + "x" * 24 + "→<S>" + "y" * 24 + "…",
        ),
    ],
)
def test_tags_out_of_order_are_shown(prompt: str, where: str, shown: str, style: TagStyle) -> None:
    with pytest.raises(EngineInputError) as refused:
        compose(prompt, style)
    assert where in refused.value.message
    assert shown in refused.value.message
    assert "\n" not in refused.value.message


@pytest.mark.parametrize("prompt", ["<ſ>long s<E>", "< S>no tag", "<SS>", "<AUDCAP", "S>"])
def test_what_only_resembles_a_tag_is_text(prompt: str) -> None:
    if "<E>" in prompt:
        with pytest.raises(EngineInputError, match="<E> in line 1, column 10 closes nothing"):
            compose(prompt, "tags")
    else:
        assert compose(prompt, "tags").text == prompt


_PIECES = [
    "<S>Hi there<E>", "<s>yes<e>", "<AUDCAP>rain<ENDAUDCAP>", "<audcap>wind \"Ho!\"<endaudcap>", "Audio: sea", "Audio:",
    "<S>", "<E>", "A man says,", "says", "she whispers", "a sign that says", '"Hello there."', "“Go!”", "‘no’", "'80s",
    '6\'2"', '\\"Why?\\"', "Anna:", "Good morning.", "dogs'", '"', "\n", " ", ",", ".", "é", "你好", "5",
]  # fmt: skip
written = st.lists(st.sampled_from(_PIECES), max_size=8).flatmap(
    lambda parts: st.sampled_from((" ", "")).map(lambda space: space.join(parts))
)
styles = st.sampled_from(("tags", "label"))


def letters(text: str) -> str:
    """The letters and digits outside of markup."""
    text = re.sub(r"<(?:S|E|AUDCAP|ENDAUDCAP)>", "", text, flags=re.IGNORECASE)
    return "".join(filter(str.isalnum, text.replace("Audio:", "")))


def composed(prompt: str, style: TagStyle) -> str:
    try:
        return compose(prompt, style).text
    except EngineInputError:
        reject()


@given(written, styles)
@example(LABEL_IN_TAGS, "tags")
@example("Audio: a <S>b<E> Audio: c", "tags")
@example('he says <AUDCAP>x<ENDAUDCAP> "hi"', "label")
def test_doing_it_again_changes_nothing(prompt: str, style: TagStyle) -> None:
    once = composed(prompt, style)
    again = compose(once, style)
    assert (again.text, again.notes) == (once, ())


@given(written, styles)
def test_no_word_is_lost(prompt: str, style: TagStyle) -> None:
    assert letters(composed(prompt, style)) == letters(prompt)


@given(st.text(max_size=80), styles)
def test_any_text_is_taken_or_refused(prompt: str, style: TagStyle) -> None:
    assert letters(composed(prompt, style)) == letters(prompt)


def test_a_long_spoken_line_is_cut_in_the_note() -> None:
    (note,) = compose(f'He says, "{"word " * 50}."', "tags").notes
    assert len(note) < 90
    assert note.endswith("…”")


@pytest.mark.parametrize(
    "piece", ["\\", "<S>a<E>", "Audio: ", 'says, "Aa bb. ', "the red shirt says ", "'a ", '"\n']
)
def test_a_long_prompt_takes_no_time(piece: str) -> None:
    prompt = piece * (32_000 // len(piece))
    started = time.perf_counter()
    compose(prompt, "tags")
    assert time.perf_counter() - started < 1
