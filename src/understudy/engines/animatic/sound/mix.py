"""The mix: each cue at its level and place, music and ambience under the voice, a quiet room behind everything."""

import zlib
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
import numpy as np

from understudy.engines.animatic.prompt.cues import Cue, Kind
from understudy.engines.animatic.sound.creatures import birds, crickets, crowd, dog, eagle, footsteps
from understudy.engines.animatic.sound.machines import clock, engine, siren, tires, traffic
from understudy.engines.animatic.sound.master import mastered
from understudy.engines.animatic.sound.music import music
from understudy.engines.animatic.sound.signal import (
    RATE,
    Mono,
    Stereo,
    band_noise,
    decibels,
    leveled,
    low_passed,
    panned,
    widened,
)
from understudy.engines.animatic.sound.weather import fire, leaves, rain, sea, thunder, wind

Synth = Callable[[np.random.Generator, int], Stereo]

_SYNTHS: Final[dict[Kind, Synth]] = {
    "rain": rain, "thunder": thunder, "wind": wind, "leaves": leaves, "sea": sea, "fire": fire,
    "birds": birds, "eagle": eagle, "crickets": crickets, "dog": dog, "crowd": crowd, "footsteps": footsteps,
    "traffic": traffic, "engine": engine, "tires": tires, "siren": siren, "clock": clock,
}  # fmt: skip
_LEVELS: Final[dict[Kind, float]] = {
    "rain": -29, "thunder": -26, "wind": -30, "leaves": -33, "sea": -28, "fire": -30,
    "birds": -31, "eagle": -32, "crickets": -36, "dog": -29, "crowd": -31, "footsteps": -30,
    "traffic": -28, "engine": -28, "tires": -30, "siren": -31, "clock": -34, "music": -27,
}  # fmt: skip
"""Root mean square in dBFS of each, alone. Speech lies at -22."""
_VOICE_LEVEL: Final = -22.0
_ROOM_LEVEL: Final = -60.0
_FAR_DECIBELS: Final = -5.0
_FAR_CUTOFF: Final = 2400.0
_DUCK_DECIBELS: Final = -9.0
_DUCK_SECONDS: Final = 0.18


class Spoken(msgspec.Struct, frozen=True):
    """A voice's samples at `RATE`, and when they start (seconds)."""

    start: float
    samples: Mono


def soundtrack(
    cues: Sequence[Cue], seconds: float, seed: int, *, spoken: Sequence[Spoken] = (), minor: bool = False
) -> Stereo:
    """The whole clip's sound; `minor` is the key of its music. The same seed gives the same samples."""
    count = round(seconds * RATE)
    room_rng = np.random.default_rng([seed, 0])
    room = widened(
        band_noise(room_rng, count, 40, 900, slope=-4), band_noise(room_rng, count, 40, 900, slope=-4), 0.7
    )
    bed = leveled(room, decibels(_ROOM_LEVEL))
    for cue in cues:
        bed += _cue(cue, count, seed, minor)
    voice = np.zeros(count, np.float32)
    for line in spoken:
        start = min(count, round(line.start * RATE))
        samples = leveled(line.samples[: count - start], decibels(_VOICE_LEVEL))
        voice[start : start + len(samples)] += samples
    if spoken:
        bed *= _ducking(voice)[:, None]
        bed += panned(voice, 0.0)
    return mastered(bed)


def _cue(cue: Cue, count: int, seed: int, minor: bool) -> Stereo:
    # Each kind has its own stream of chance: one cue more does not change the others.
    rng = np.random.default_rng([seed, 1 + zlib.crc32(cue.kind.encode())])
    if cue.kind == "music":
        sound = music(rng, count, cue.style, minor=minor)
    else:
        sound = _SYNTHS[cue.kind](rng, count)
    level = _LEVELS[cue.kind]
    if cue.distant:
        sound = np.stack([low_passed(sound[:, each], _FAR_CUTOFF) for each in (0, 1)], axis=-1)
        level += _FAR_DECIBELS
    sound = leveled(sound, decibels(level))
    if cue.fades:
        sound = sound * _going(count)[:, None]
    return sound


def _going(count: int) -> Mono:
    """Full at first, then further and further away: 30 dB down at the end."""
    share = np.linspace(0, 1, count, dtype=np.float32)
    return np.asarray(10 ** (-30 / 20 * np.clip((share - 0.3) / 0.7, 0, 1)), np.float32)


def _ducking(voice: Mono) -> Mono:
    """The gain of everything else: 9 dB down while the voice speaks, with soft edges."""
    block = RATE // 100
    blocks = -(-len(voice) // block)
    loud = np.abs(np.pad(voice, (0, blocks * block - len(voice)))).reshape(blocks, block).max(axis=1) > 0.004
    reach = int(_DUCK_SECONDS * 100)
    window = np.hanning(2 * reach + 1)
    amount = np.convolve(np.convolve(loud, np.ones(2 * reach + 1), "same") > 0, window / window.sum(), "same")
    gain = 1 - (1 - decibels(_DUCK_DECIBELS)) * np.clip(amount, 0, 1)
    return np.interp(np.arange(len(voice)), (np.arange(blocks) + 0.5) * block, gain).astype(np.float32)
