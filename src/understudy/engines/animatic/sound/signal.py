"""The building blocks: noise of any colour, envelopes, tones, events on a time axis."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE: Final = 48_000
"""Samples a second."""

Mono = NDArray[np.float32]
"""(samples,)"""
Stereo = NDArray[np.float32]
"""(samples, 2)"""


def times(count: int) -> Mono:
    """Each sample's time in seconds."""
    return np.arange(count, dtype=np.float32) / np.float32(RATE)


def band_noise(
    rng: np.random.Generator, count: int, low: float, high: float, *, slope: float = 0.0, order: float = 4.0
) -> Mono:
    """Noise between two frequencies in Hz, root mean square 1; `slope` in dB per octave tilts what is between them."""
    size = 1 << max(8, (max(1, count) - 1).bit_length())
    spectrum = np.fft.rfft(rng.standard_normal(size).astype(np.float32))
    frequency = np.fft.rfftfreq(size, 1 / RATE).astype(np.float32)
    frequency[0] = frequency[1]
    # The magnitude of Butterworth high and low passes.
    gain = 1 / np.sqrt((1 + (low / frequency) ** order) * (1 + (frequency / high) ** order))
    gain *= (frequency / np.sqrt(low * high)) ** (slope / 6.02)
    noise = np.fft.irfft(spectrum * gain, size)[:count].astype(np.float32)
    return leveled(noise, 1.0)


def low_passed(sound: Mono, cutoff: float) -> Mono:
    """`sound` without what lies above `cutoff` Hz, 12 dB per octave."""
    size = 1 << max(8, (len(sound) + RATE // 10).bit_length())
    frequency = np.fft.rfftfreq(size, 1 / RATE)
    gain = 1 / (1 + (frequency / cutoff) ** 2)
    return np.fft.irfft(np.fft.rfft(sound, size) * gain, size)[: len(sound)].astype(np.float32)


def drift(rng: np.random.Generator, count: int, period: float, low: float, high: float) -> Mono:
    """A value that wanders between `low` and `high`, with about `period` seconds from turn to turn."""
    knots = max(4, int(count / RATE / period) + 4)
    values = rng.uniform(0, 1, knots)
    place = times(count) / period
    left = place.astype(int)
    part = place - left
    part = part * part * (3 - 2 * part)
    shape = values[left] * (1 - part) + values[left + 1] * part
    return np.asarray(low + (high - low) * shape, np.float32)


def decay(count: int, seconds: float, attack: float = 0.002) -> Mono:
    """A short attack and an exponential fall to a thousandth within `seconds`."""
    t = times(count)
    return np.asarray(np.minimum(1, t / attack) * np.exp(-6.9 * t / seconds), np.float32)


def tone(frequency: Mono | float, count: int, harmonics: Sequence[float] = (1.0,)) -> Mono:
    """A tone, its frequency in Hz fixed or changing, with the amplitudes of its harmonics."""
    phase = np.cumsum(np.broadcast_to(np.asarray(frequency, np.float64), (count,))) / RATE * 2 * np.pi
    total = np.zeros(count)
    for number, amplitude in enumerate(harmonics, 1):
        total += amplitude * np.sin(phase * number)
    return total.astype(np.float32)


def place(buffer: NDArray[np.float32], at: float, sound: Mono, gain: float = 1.0, pan: float = 0.0) -> None:
    """Add `sound` to `buffer`, mono or stereo, at a time in seconds; what does not fit is cut off."""
    start = round(at * RATE)
    skip = max(0, -start)
    start = max(0, start)
    part = sound[skip : skip + max(0, len(buffer) - start)] * np.float32(gain)
    if buffer.ndim == 1:
        buffer[start : start + len(part)] += part
    else:
        buffer[start : start + len(part)] += panned(part, pan)


def panned(sound: Mono, pan: float | Mono) -> Stereo:
    """In the stereo field from -1 (left) to 1 (right), at equal power."""
    angle = (np.clip(pan, -1, 1) + 1) * (np.pi / 4)
    return np.stack([sound * np.cos(angle), sound * np.sin(angle)], axis=-1).astype(np.float32)


def widened(first: Mono, second: Mono, width: float) -> Stereo:
    """Two unrelated noises as one stereo sound; `width` from 0 (mono) to 1."""
    middle = (first + second) * np.float32(0.5**0.5)
    left, right = (middle * (1 - width) + side * width for side in (first, second))
    return np.stack([left, right], axis=-1).astype(np.float32)


def leveled(sound: NDArray[np.float32], rms: float) -> NDArray[np.float32]:
    """`sound` brought to a root mean square; silence stays silent."""
    now = float(np.sqrt(np.mean(np.square(sound, dtype=np.float64)))) if sound.size else 0.0
    return (sound * np.float32(rms / now)).astype(np.float32) if now > 1e-9 else sound


def decibels(value: float) -> float:
    """An amplitude factor for a gain in dB."""
    return float(10 ** (value / 20))
