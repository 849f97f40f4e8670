from tests.engines.animatic import prompts
from understudy.engines.animatic.prompt.beats import beats, cut_points, sentences
from understudy.engines.animatic.prompt.reading import read


def test_sentences_end_where_a_reader_would_pause_but_never_in_quotes() -> None:
    assert sentences("Veo 3.1 is here. The rain falls; she is waiting.") == (
        "Veo 3.1 is here.",
        "The rain falls;",
        "she is waiting.",
    )
    assert sentences("He says “Stop. Now. Please stop.” and leaves.") == (
        "He says “Stop. Now. Please stop.” and leaves.",
    )


def test_beats_hold_all_words_in_order_and_start_with_a_capital() -> None:
    told = beats(prompts.BICYCLE, 2)
    assert len(told) == 2
    assert " ".join(told) == prompts.BICYCLE
    assert beats("one. two words here. three words here.", 1) == ("One. two words here. three words here.",)


def test_cuts_make_shots() -> None:
    text = "A dog sleeps. Cut to: a cat at night in the city."
    assert [text[a:b] for a, b in cut_points(text)] == ["A dog sleeps.", "a cat at night in the city."]
    reading = read("[0-4s] A forest by day. [4-8s] Zoom in on a city at night.")
    assert [(shot.setting.time, shot.setting.place) for shot in reading.shots] == [
        ("day", "forest"),
        ("night", "city"),
    ]
    assert [len(shot.moves) for shot in reading.shots] == [0, 1]


def test_more_cuts_than_fit_are_joined() -> None:
    assert len(read("Shot 1: a. Shot 2: b. Shot 3: c. Shot 4: d.", most_shots=2).shots) == 2


def test_a_prompt_can_forbid_subtitles() -> None:
    assert not read(prompts.HOODIE).subtitles
    assert "subtitles" not in read(prompts.HOODIE).shots[0].text
    assert read(prompts.KOALA).subtitles
