"""A little music: four chords in a key, as piano, strings, lo-fi, or a soft pad."""

from typing import Final

import numpy as np

from understudy.engines.animatic.prompt.cues import Style
from understudy.engines.animatic.sound.signal import (
    RATE,
    Mono,
    Stereo,
    band_noise,
    decay,
    low_passed,
    place,
    times,
    tone,
)

_MAJOR: Final = ((0, 4, 7, 11), (9, 12, 16, 19), (5, 9, 12, 16), (7, 11, 14, 17))
"""I, vi, IV and V with their sevenths, in semitones over the key."""
_MINOR: Final = ((0, 3, 7, 10), (8, 12, 15, 19), (3, 7, 10, 14), (10, 14, 17, 20))
_CHORD_SECONDS: Final[dict[Style, float]] = {"piano": 1.9, "orchestral": 2.4, "lo-fi": 2.6, "": 2.4}


def music(rng: np.random.Generator, count: int, style: Style, *, minor: bool) -> Stereo:
    """Four chords, over and over, in a key that the seed chooses."""
    out = np.zeros((count, 2), np.float32)
    key = 45 + int(rng.integers(0, 7))
    chords = _MINOR if minor else _MAJOR
    beat = _CHORD_SECONDS[style]
    for number in range(int(count / RATE / beat) + 1):
        chord = [key + note for note in chords[number % 4]]
        at = number * beat
        if style == "piano":
            _piano_bar(rng, out, at, beat, chord)
        elif style == "lo-fi":
            _lo_fi_bar(rng, out, at, beat, chord)
        else:
            _pad_bar(out, at, beat, chord, bright=style == "orchestral")
    return out


def _piano_bar(rng: np.random.Generator, out: Stereo, at: float, beat: float, chord: list[int]) -> None:
    place(out, at, _string(_hertz(chord[0]), 2.6), 0.8, -0.25)
    for step, note in enumerate((chord[1], chord[2], chord[3], chord[2])):
        swing = 0.04 * (step % 2)
        place(out, at + step * beat / 4 + swing, _string(_hertz(note + 12), 1.8), rng.uniform(0.35, 0.6), 0.2)


def _lo_fi_bar(rng: np.random.Generator, out: Stereo, at: float, beat: float, chord: list[int]) -> None:
    for note in chord:
        place(out, at, low_passed(_string(_hertz(note + 12), 2.4), 1300), 0.4, 0.1)
    for step in range(4):
        length = int(0.2 * RATE)
        if step % 2 == 0:
            kick = tone(52 + 70 * np.exp(-times(length) * 38), length) * decay(length, 0.22)
            place(out, at + step * beat / 4, kick, 0.9)
        else:
            snare = band_noise(rng, length, 900, 5200) * decay(length, 0.12)
            place(out, at + step * beat / 4 + 0.02, snare, 0.16)
    for step in range(8):
        length = int(0.04 * RATE)
        hat = band_noise(rng, length, 6000, 11_000) * decay(length, 0.03)
        place(out, at + step * beat / 8 + 0.03 * (step % 2), hat, 0.05, 0.3)


def _pad_bar(out: Stereo, at: float, beat: float, chord: list[int], *, bright: bool) -> None:
    length = int((beat + 0.9) * RATE)
    t = times(length)
    shape = (np.minimum(1, t / 0.7) * np.minimum(1, np.maximum(0, (beat + 0.9 - t)) / 0.9)).astype(np.float32)
    partials = (1, 0.55, 0.34, 0.22, 0.14, 0.08) if bright else (1, 0.3, 0.1)
    for voice, note in enumerate([chord[0] - 12, *chord, *([chord[0] + 12] if bright else [])]):
        for detune, pan in ((-0.0025, -0.6), (0.0025, 0.6)):
            vibrato = _hertz(note) * (1 + detune + 0.002 * np.sin(2 * np.pi * 5.1 * t + voice))
            place(out, at, tone(vibrato, length, partials) * shape, 0.16, pan)


def _string(pitch: float, seconds: float) -> Mono:
    """A struck string: higher partials are weaker, slightly sharp, and die away sooner."""
    length = int(seconds * RATE)
    total = np.zeros(length, np.float32)
    for number in range(1, 8):
        frequency = pitch * number * (1 + 0.0004 * number * number)
        if frequency < 9000:
            total += (
                tone(frequency, length)
                * decay(length, seconds / number**0.6, 0.004)
                * np.float32(0.9 / number**1.35)
            )
    return total


def _hertz(note: float) -> float:
    """Of a MIDI note, equal temperament."""
    return float(440 * 2 ** ((note - 69) / 12))
