from understudy.engines.animatic.prompt.text import parse, tidy


def test_escapes_controls_and_spaces_are_tidied() -> None:
    assert tidy('a\\\'b \\\\"c\\"\x00\n\td\u2028e\ud800') == 'a\'b "c" d e'


def test_sound_is_taken_out_of_the_text() -> None:
    text = parse("A man walks. Audio: rain, 2.5 dB. He stops. <AUDCAP>wind<ENDAUDCAP> <S>Hi.<E>")
    assert text.plain == "A man walks. He stops. “Hi.”"
    assert text.sound == "rain, 2.5 dB. wind"


def test_an_unclosed_tag_reaches_to_the_end() -> None:
    assert parse("A <AUDCAP>wind and rain").sound == "wind and rain"
