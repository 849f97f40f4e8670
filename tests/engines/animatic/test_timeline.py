import itertools

import pytest

from tests.engines.animatic import prompts
from understudy.engines.animatic.prompt.reading import read
from understudy.engines.animatic.timeline import most_shots, plan, reading_time

LONG = "He says: “" + "so many words to read in time " * 12 + "!”"


@pytest.mark.parametrize("seconds", [1, 4, 8, 12, 60])
@pytest.mark.parametrize("prompt", [prompts.FRIENDS, prompts.KOALA, LONG, "He says “Hi.” " * 60, "", "…"])
def test_everything_has_its_place_inside_the_clip(prompt: str, seconds: float) -> None:
    timeline = plan(read(prompt, most_shots(seconds)), seconds)
    assert timeline.scenes[0].start == 0
    assert timeline.scenes[-1].end == pytest.approx(seconds)
    spoken = [span for speech in timeline.speeches for span in speech.subtitles]
    for first, second in itertools.pairwise(spoken):
        assert first.end <= second.start + 1e-6
    assert all(0 <= span.start < span.end <= seconds for span in spoken)
    assert all(len(span.text) <= 84 for span in spoken)


def test_a_short_line_gets_its_reading_time_near_where_it_is_said() -> None:
    (speech,) = plan(read(prompts.DETECTIVE), 8).speeches
    assert speech.end - speech.start == pytest.approx(reading_time("Where's the evidence?"))
    assert 4 < speech.start < 6


def test_a_voice_sets_the_length() -> None:
    (speech,) = plan(read(prompts.DETECTIVE), 8, [2.5]).speeches
    assert speech.end - speech.start == pytest.approx(2.5)


def test_long_clips_tell_a_prompt_in_beats() -> None:
    (scene,) = plan(read(prompts.BICYCLE), 8).scenes
    assert len(scene.captions) == 2
    assert scene.captions[0].end == scene.captions[1].start


def test_shots_follow_each_other() -> None:
    scenes = plan(read("A dog sleeps. Cut to: a cat at night in the city."), 6).scenes
    assert [scene.start for scene in scenes][1] == scenes[0].end
    assert scenes[1].end == 6
