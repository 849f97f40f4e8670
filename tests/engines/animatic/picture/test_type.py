from understudy.engines.animatic.picture.type import balanced, broken, font, settable, shortened


def test_lines_hold_the_measure_and_all_words() -> None:
    face = font("Medium", 30)
    text = "The quick brown fox jumps over the lazy dog " * 4 + "Donaudampfschifffahrtsgesellschaft" * 3
    lines = broken(text, face, 300)
    assert all(face.getlength(line) <= 300 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_balanced_lines_are_as_many_but_more_even() -> None:
    face = font("Medium", 30)
    text = "A bicycle enters the frame from the front, passing smoothly along the road"
    greedy, even = broken(text, face, 560), balanced(text, face, 560)
    assert len(greedy) == len(even)
    assert min(map(face.getlength, even)) >= min(map(face.getlength, greedy))


def test_missing_words_are_shown_by_an_ellipsis_within_the_measure() -> None:
    face = font("Medium", 30)
    lines = shortened(broken("word " * 80, face, 300), 3, face, 300)
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert face.getlength(lines[-1]) <= 300


def test_scripts_without_glyphs_are_left_out() -> None:
    assert settable("Привет, Ελλάδα, Ĉu ne? 🎬 fine") == "Привет, Ελλάδα, Ĉu ne? fine"
    assert settable("一只猫") == ""
    assert settable("مرحبا بالعالم") == ""
    assert settable("🎬🎬") == ""
