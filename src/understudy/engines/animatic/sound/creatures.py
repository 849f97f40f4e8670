"""Birds, an eagle, crickets, a dog, a crowd, footsteps."""

import numpy as np

from understudy.engines.animatic.sound.signal import (
    RATE,
    Stereo,
    band_noise,
    decay,
    drift,
    leveled,
    place,
    times,
    tone,
    widened,
)


def birds(rng: np.random.Generator, count: int) -> Stereo:
    """Phrases of chirps by frequency modulation, from three places."""
    out = np.zeros((count, 2), np.float32)
    seconds = count / RATE
    for pan in (-0.7, 0.1, 0.75):
        pitch, at = rng.uniform(2600, 4600), rng.uniform(0.05, 0.5)
        while at < seconds:
            for _ in range(int(rng.integers(2, 6))):
                length = int(rng.uniform(0.05, 0.13) * RATE)
                t = times(length)
                glide = pitch * (1 + rng.uniform(-0.25, 0.25) * t * RATE / length)
                warble = glide + rng.uniform(150, 600) * np.sin(2 * np.pi * rng.uniform(25, 60) * t)
                shape = np.sin(np.pi * np.linspace(0, 1, length)).astype(np.float32)
                place(out, at, tone(warble, length, (1, 0.15)) * shape, rng.uniform(0.4, 1), pan)
                at += length / RATE + rng.uniform(0.02, 0.08)
            at += rng.uniform(0.35, 1.5)
    return out


def eagle(rng: np.random.Generator, count: int) -> Stereo:
    """A falling, whistling cry now and then."""
    out = np.zeros((count, 2), np.float32)
    at, seconds = rng.uniform(0.15, 0.35) * count / RATE, count / RATE
    while at < seconds:
        for step in range(3):
            length = int((0.5 - 0.1 * step) * RATE)
            t = times(length)
            pitch = (2900 - 200 * step) * np.exp(-t * 0.9) + 60 * np.sin(2 * np.pi * 28 * t)
            shape = np.sin(np.pi * np.linspace(0, 1, length) ** 0.6).astype(np.float32)
            place(out, at + 0.48 * step, tone(pitch, length, (1, 0.3, 0.12)) * shape, 1 - 0.25 * step, 0.4)
        at += rng.uniform(3.5, 5.5)
    return out


def crickets(rng: np.random.Generator, count: int) -> Stereo:
    """Two insects, each with its own pulse."""
    t = times(count)
    sides = []
    for pitch, pulse in ((4300, 17.0), (4750, 21.0)):
        chirp = np.clip(np.sin(2 * np.pi * pulse * t), 0, 1) * (
            np.sin(2 * np.pi * 0.9 * t + rng.uniform(0, 6)) > -0.3
        )
        sides.append((np.sin(2 * np.pi * pitch * t) * chirp).astype(np.float32))
    return widened(sides[0], sides[1], 0.9)


def dog(rng: np.random.Generator, count: int) -> Stereo:
    """A few barks: a falling voice with a rough attack."""
    out = np.zeros((count, 2), np.float32)
    at, seconds = rng.uniform(0.12, 0.3) * count / RATE, count / RATE
    while at < seconds:
        for _ in range(int(rng.integers(1, 4))):
            length = int(0.19 * RATE)
            t = times(length)
            voice = tone(430 * np.exp(-t * 4.5) + 120, length, (1, 0.9, 0.8, 0.5, 0.35, 0.2, 0.1))
            bark = (voice + 0.8 * band_noise(rng, length, 500, 2600)) * decay(length, 0.24, 0.008)
            place(out, at, bark, 1, -0.35)
            at += rng.uniform(0.28, 0.42)
        at += rng.uniform(1.8, 3.2)
    return out


def crowd(rng: np.random.Generator, count: int) -> Stereo:
    """A murmur: many voices' bands, each with the rhythm of syllables."""
    out = np.zeros((count, 2), np.float32)
    for _ in range(9):
        first = rng.uniform(260, 760)
        voice = band_noise(rng, count, first, first * 1.7) + 0.4 * band_noise(
            rng, count, first * 2.6, first * 3.6
        )
        talk = drift(rng, count, rng.uniform(0.11, 0.2), 0, 1) ** 2 * drift(rng, count, 1.4, 0.1, 1)
        place(out, 0, voice * talk, 1, rng.uniform(-0.9, 0.9))
    return out


def footsteps(rng: np.random.Generator, count: int) -> Stereo:
    """A walk: heel and sole, slightly uneven."""
    out = np.zeros((count, 2), np.float32)
    at, seconds, side = 0.2, count / RATE, 1
    while at < seconds:
        length = int(0.16 * RATE)
        heel = leveled(tone(95 * np.exp(-times(length) * 9), length) * decay(length, 0.11), 0.3)
        sole = band_noise(rng, length, 700, 4200, slope=-3) * decay(length, 0.14, 0.012)
        place(out, at, heel + 0.28 * sole, rng.uniform(0.8, 1), 0.14 * side)
        at += 0.53 + rng.uniform(-0.03, 0.03)
        side = -side
    return out
