"""Real clips, small and quickly made."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def clip(
    path: Path,
    *,
    seconds: float = 1.0,
    fps: Fraction = Fraction(24),
    size: tuple[int, int] = (128, 96),
    black_until: float = 0.0,
    codec: str = "libx264",
    sound: str = "aac",
    tags: dict[str, str] | None = None,
) -> Path:
    """A clip that is black first and orange after, with a tone of 440 Hz unless `sound` is empty."""
    with av.open(str(path), "w") as container:
        container.metadata.update(tags or {})
        video = container.add_stream(codec, rate=fps, width=size[0], height=size[1], pix_fmt="yuv420p")
        audio = container.add_stream(sound, rate=48_000, layout="stereo") if sound else None
        for number in range(round(seconds * fps)):
            image = np.zeros((size[1], size[0], 3), np.uint8)
            if number / fps >= black_until:
                image[:] = (255, 128, 0)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            container.mux(video.encode(frame))
        container.mux(video.encode())
        if audio is not None:
            tone = np.sin(2 * np.pi * 440 * np.arange(round(seconds * 48_000)) / 48_000) / 4
            for at in range(0, len(tone), 960):
                part = np.tile(tone[at : at + 960].astype(np.float32), (2, 1))
                samples = av.AudioFrame.from_ndarray(part, format="fltp", layout="stereo")
                samples.sample_rate, samples.pts = 48_000, at
                container.mux(audio.encode(samples))
            container.mux(audio.encode())
    return path


def tone(path: Path, codec: str, format: str | None = None) -> Path:  # noqa: A002
    """Half a second of 440 Hz."""
    with av.open(str(path), "w", format=format) as container:
        audio = container.add_stream(codec, rate=48_000, layout="stereo")
        wave = np.sin(2 * np.pi * 440 * np.arange(24_000) / 48_000) / 4
        resampler = av.AudioResampler(audio.format.name, "stereo", 48_000, audio.frame_size or 960)
        samples = av.AudioFrame.from_ndarray(
            np.tile(wave.astype(np.float32), (2, 1)), format="fltp", layout="stereo"
        )
        samples.sample_rate = 48_000
        for each in (*resampler.resample(samples), *resampler.resample(None)):
            container.mux(audio.encode(each))
        container.mux(audio.encode())
    return path
