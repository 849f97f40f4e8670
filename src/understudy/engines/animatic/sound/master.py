"""The last step of the mix: fades at both ends, and a limiter that looks ahead."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from understudy.engines.animatic.sound.signal import RATE, Stereo, decibels

CEILING: Final = -2.0
"""The true peak in dBFS that is never passed; a lossy encoder adds up to one decibel."""
_FADE_IN, _FADE_OUT = 0.12, 0.35
_BLOCK: Final = RATE // 200
_OVERSAMPLING: Final = 4
"""ITU-R BS.1770-5, annex 2."""


def mastered(sound: Stereo) -> Stereo:
    """`sound`, faded at its ends and below the ceiling."""
    return limited(_faded(sound))


def true_peaks(sound: Stereo) -> NDArray[np.float32]:
    """The highest value between the samples, too, of each block of 5 ms, over both channels."""
    blocks = -(-len(sound) // _BLOCK)
    peaks = np.zeros(blocks, np.float32)
    per_part = 200  # one second at a time: four times the samples of a minute would not be small
    for first in range(0, blocks, per_part):
        start, stop = first * _BLOCK, min(len(sound), (first + per_part) * _BLOCK)
        lead = min(start, 64)
        part = sound[start - lead : stop + 64]
        for channel in (0, 1):
            fine = _oversampled(part[:, channel])[lead * _OVERSAMPLING :]
            wanted = min(per_part, blocks - first) * _BLOCK * _OVERSAMPLING
            fine = np.pad(fine[:wanted], (0, max(0, wanted - len(fine))))
            highest = np.abs(fine).reshape(-1, _BLOCK * _OVERSAMPLING).max(axis=1)
            here = peaks[first : first + len(highest)]
            np.maximum(here, highest, out=here)
    return peaks


def limited(sound: Stereo, ceiling: float = CEILING) -> Stereo:
    """`sound` turned down around each peak above `ceiling` dBFS, and nowhere else."""
    most = decibels(ceiling)
    peaks = true_peaks(sound)
    if not len(peaks) or peaks.max() <= most:
        return sound
    needed = np.minimum(1.0, most / np.maximum(peaks, 1e-9))
    # What a block needs, its neighbours get too: the way down is over before the peak comes.
    wide = np.pad(needed, 2, constant_values=1.0)
    held = np.minimum.reduce([wide[shift : shift + len(needed)] for shift in range(5)])
    window = np.array([0.25, 0.5, 0.25])
    gain = np.minimum(np.convolve(np.pad(held, 1, mode="edge"), window, "valid"), needed)
    # The lower of both neighbours at each block's edge keeps the line between them below what is needed.
    edges = np.minimum(np.append(gain, gain[-1]), np.insert(gain, 0, gain[0]))
    curve = np.interp(np.arange(len(sound)), np.arange(len(edges)) * _BLOCK, edges)
    return np.asarray(sound * curve[:, None], np.float32)


def _oversampled(signal: NDArray[np.float32]) -> NDArray[np.float32]:
    count = len(signal)
    spectrum = np.fft.rfft(signal)
    return (np.fft.irfft(spectrum, count * _OVERSAMPLING) * _OVERSAMPLING).astype(np.float32)


def _faded(sound: Stereo) -> Stereo:
    count = len(sound)
    gain = np.ones(count, np.float32)
    rise, fall = min(count // 4, int(_FADE_IN * RATE)), min(count // 4, int(_FADE_OUT * RATE))
    gain[:rise] = np.sin(np.linspace(0, np.pi / 2, rise)) ** 2
    gain[count - fall :] *= np.cos(np.linspace(0, np.pi / 2, fall)) ** 2
    return (sound * gain[:, None]).astype(np.float32)
