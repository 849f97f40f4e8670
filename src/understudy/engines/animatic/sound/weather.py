"""Rain, thunder, wind, leaves, sea and fire."""

import numpy as np

from understudy.engines.animatic.sound.signal import (
    RATE,
    Stereo,
    band_noise,
    decay,
    drift,
    place,
    times,
    tone,
    widened,
)


def rain(rng: np.random.Generator, count: int) -> Stereo:
    """A steady wash with single drops in front of it."""
    wash = (
        widened(
            band_noise(rng, count, 500, 11_000, slope=-2), band_noise(rng, count, 500, 11_000, slope=-2), 0.8
        )
        * drift(rng, count, 1.7, 0.8, 1.0)[:, None]
    )
    seconds = count / RATE
    for _ in range(int(seconds * 26)):
        length = int(rng.uniform(0.012, 0.05) * RATE)
        drop = tone(rng.uniform(1400, 5200), length) * decay(length, rng.uniform(0.008, 0.04), 0.0006)
        place(wash, rng.uniform(0, seconds), drop, rng.uniform(0.4, 2.2), rng.uniform(-0.9, 0.9))
    return wash


def thunder(rng: np.random.Generator, count: int) -> Stereo:
    """Rolls of thunder, far apart."""
    out = np.zeros((count, 2), np.float32)
    at, seconds = rng.uniform(0.1, 0.25) * count / RATE, count / RATE
    while at < seconds:
        length = int(rng.uniform(2.4, 3.6) * RATE)
        roll = (
            band_noise(rng, length, 25, 150, slope=-3)
            * decay(length, 3.0, 0.09)
            * drift(rng, length, 0.22, 0.3, 1)
        )
        place(out, at, roll, 1.0, rng.uniform(-0.5, 0.5))
        at += rng.uniform(4, 7)
    return out


def wind(rng: np.random.Generator, count: int) -> Stereo:
    """A low stream of air, and above it a band that sings as the gusts rise."""
    gust = drift(rng, count, 1.6, 0.2, 1.0)
    low = widened(band_noise(rng, count, 90, 420), band_noise(rng, count, 90, 420), 0.6)
    high = widened(band_noise(rng, count, 420, 1300), band_noise(rng, count, 420, 1300), 0.9)
    return (low * (0.5 + 0.5 * gust)[:, None] + 0.55 * high * (gust * gust)[:, None]).astype(np.float32)


def leaves(rng: np.random.Generator, count: int) -> Stereo:
    """Rustling: bright noise in short swells, different on both sides."""
    swells = [drift(rng, count, 0.45, 0.02, 1.0) ** 2 * drift(rng, count, 0.06, 0.5, 1.0) for _ in range(2)]
    left, right = (band_noise(rng, count, 2600, 9500, slope=-1.5) * swell for swell in swells)
    return widened(left, right, 0.85)


def sea(rng: np.random.Generator, count: int) -> Stereo:
    """Waves that roll in, break and draw back."""
    t = times(count)
    period, phase = rng.uniform(4.6, 6.0), rng.uniform(0, 0.5)
    turn = (t / period + phase) % 1
    swell = np.where(turn < 0.42, (turn / 0.42) ** 2, np.exp(-(turn - 0.42) * 4.2)).astype(np.float32)
    deep = widened(band_noise(rng, count, 60, 500, slope=-2), band_noise(rng, count, 60, 500, slope=-2), 0.5)
    foam = widened(
        band_noise(rng, count, 900, 7000, slope=-3), band_noise(rng, count, 900, 7000, slope=-3), 0.9
    )
    return (deep * (0.4 + 0.6 * swell)[:, None] + 0.8 * foam * (0.08 + swell * swell)[:, None]).astype(
        np.float32
    )


def fire(rng: np.random.Generator, count: int) -> Stereo:
    """A low roar and crackling."""
    roar = band_noise(rng, count, 50, 320) * drift(rng, count, 0.3, 0.6, 1)
    out = widened(roar, roar, 0.0) * np.float32(0.6)
    seconds = count / RATE
    for _ in range(int(seconds * 14)):
        length = int(rng.uniform(0.004, 0.02) * RATE)
        crack = band_noise(rng, length, 1200, 8000) * decay(length, rng.uniform(0.006, 0.02), 0.0003)
        place(out, rng.uniform(0, seconds), crack, rng.uniform(0.6, 3), rng.uniform(-0.5, 0.5))
    return out
