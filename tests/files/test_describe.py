from fractions import Fraction

from understudy.files.describe import describe
from understudy.files.probe import AudioStream, Probe, VideoStream


def test_a_clip() -> None:
    probe = Probe(
        content_type="video/mp4",
        container="mov,mp4",
        duration=3725.999,
        bit_rate=2_512_400,
        size=1_572_864,
        video=(
            VideoStream(
                codec="h264", width=1280, height=720, pix_fmt="yuv420p", fps=Fraction(24000, 1001), frames=96
            ),
        ),
        audio=(AudioStream(codec="aac", rate=48_000, channels=2, layout="stereo"),),
        tags={"title": "a koala", "encoder": "Lavf"},
    )
    assert describe(probe) == [
        "video/mp4 (mov,mp4), 1.5 MiB",
        "  Duration: 01:02:06.00, bitrate: 2512 kb/s",
        "  Metadata:",
        "    title   : a koala",
        "    encoder : Lavf",
        "  Stream #0: Video: h264, yuv420p, 1280x720, 23.976 fps, 96 frames",
        "  Stream #1: Audio: aac, 48000 Hz, stereo",
    ]


def test_a_picture() -> None:
    probe = Probe(
        content_type="image/png",
        container="png_pipe",
        duration=None,
        bit_rate=None,
        size=900,
        video=(VideoStream(codec="png", width=4, height=3, pix_fmt="rgb24", frames=1),),
        audio=(),
        tags={},
    )
    assert describe(probe) == ["image/png (png_pipe), 900 bytes", "  Stream #0: Video: png, rgb24, 4x3"]
