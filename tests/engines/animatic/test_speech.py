import importlib.util

import numpy as np
import pytest

from understudy.engines.animatic.speech import available, speak

with_voice = pytest.mark.skipif(
    importlib.util.find_spec("espeakng_loader") is None,
    reason="needs the speech extra: pip install understudy[speech]",
)


@pytest.mark.skipif(
    importlib.util.find_spec("espeakng_loader") is not None, reason="the speech extra is installed"
)
def test_without_the_extra_there_is_no_voice() -> None:
    assert not available()
    assert speak("Hello", "male", 48_000) is None


@with_voice
def test_a_line_is_spoken_and_the_same_way_each_time() -> None:
    first, again = (speak("Where's the evidence?", "male", 48_000) for _ in range(2))
    assert first is not None
    assert again is not None
    assert 0.5 < len(first) / 48_000 < 2
    assert np.abs(first).max() > 0.05
    assert np.array_equal(first, again)


@with_voice
def test_voices_differ_and_hurry_when_they_must() -> None:
    text = "Why change what's perfect? You always order the same thing."
    low, high, hurried = (
        speak(text, "male", 48_000),
        speak(text, "female", 48_000),
        speak(text, "male", 48_000, at_most=2),
    )
    assert low is not None
    assert high is not None
    assert hurried is not None
    assert not np.array_equal(low[:1000], high[:1000])
    assert len(hurried) < 0.85 * len(low)


@with_voice
def test_what_cannot_be_said_is_no_error() -> None:
    assert speak("", "male", 48_000) is None
