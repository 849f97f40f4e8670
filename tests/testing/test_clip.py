import io

import av
import pytest

from understudy.testing.clip import tiny_clip


@pytest.mark.parametrize("frames", [1, 10, 25])
def test_picture_and_sound_of_the_same_length(frames: int) -> None:
    with av.open(io.BytesIO(tiny_clip(frames=frames, rate=10))) as clip:
        video, sound = clip.streams.video[0], clip.streams.audio[0]
        assert (video.codec_context.name, video.width, video.height) == ("h264", 64, 64)
        assert sound.codec_context.name == "aac"
        assert video.frames == frames
        assert sound.duration is not None
        assert float(sound.duration * sound.time_base) == pytest.approx(frames / 10, abs=0.05)
