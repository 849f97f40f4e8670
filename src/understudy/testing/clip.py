"""A tiny video with sound: valid in every respect, and made in a few milliseconds."""

import io
from fractions import Fraction


def tiny_clip(frames: int = 10, rate: int = 10, size: int = 64, sample_rate: int = 48_000) -> bytes:
    """An mp4 of `frames` frames (size x size pixels, H.264) at `rate` a second, and as long a 440 Hz tone (AAC, mono)."""
    import av
    import numpy as np

    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=rate, options={"preset": "ultrafast"})
        video.width = video.height = size
        video.pix_fmt = "yuv420p"
        sound = container.add_stream("aac", rate=sample_rate, layout="mono")
        for number in range(frames):
            grey = np.full((size, size, 3), 255 * number // frames, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(video.encode())
        samples = frames * sample_rate // rate
        tone = 0.25 * np.sin(2 * np.pi * 440 * np.arange(samples, dtype=np.float32) / sample_rate)
        heard = av.AudioFrame.from_ndarray(tone[np.newaxis].astype(np.float32), format="fltp", layout="mono")
        heard.sample_rate = sample_rate
        heard.time_base = Fraction(1, sample_rate)
        heard.pts = 0
        container.mux(sound.encode(heard))
        container.mux(sound.encode())
    return file.getvalue()
