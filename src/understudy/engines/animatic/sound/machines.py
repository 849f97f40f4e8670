"""Traffic, an engine, tyres, a siren, a clock."""

import numpy as np

from understudy.engines.animatic.sound.signal import (
    RATE,
    Stereo,
    band_noise,
    decay,
    drift,
    panned,
    place,
    times,
    tone,
    widened,
)


def traffic(rng: np.random.Generator, count: int) -> Stereo:
    """A low rumble, and cars that pass from one side to the other."""
    rumble = widened(
        band_noise(rng, count, 35, 190, slope=-2), band_noise(rng, count, 35, 190, slope=-2), 0.4
    )
    seconds = count / RATE
    t = times(count)
    at = rng.uniform(0.2, 1.0)
    while at < seconds + 1:
        way = 1 if rng.random() < 0.5 else -1
        near = np.exp(-(((t - at) / rng.uniform(0.5, 0.9)) ** 2)).astype(np.float32)
        wheels = band_noise(rng, count, 220, 1900, slope=-4) * near
        rumble += panned(wheels * np.float32(rng.uniform(0.4, 0.8)), np.tanh((t - at) * 1.2) * way)
        at += rng.uniform(1.4, 3.0)
    return rumble


def engine(rng: np.random.Generator, count: int) -> Stereo:
    """A running motor: a rough low tone that slowly changes its speed."""
    pitch = drift(rng, count, 2.2, 42, 54)
    motor = tone(pitch, count, (1, 0.85, 0.5, 0.62, 0.3, 0.34, 0.16, 0.12))
    rough = motor * (1 + 0.25 * drift(rng, count, 0.03, -1, 1))
    road = widened(band_noise(rng, count, 60, 700, slope=-4), band_noise(rng, count, 60, 700, slope=-4), 0.7)
    return (panned(rough * np.float32(0.5), 0) + road * np.float32(0.7)).astype(np.float32)


def tires(rng: np.random.Generator, count: int) -> Stereo:
    """Wheels on dirt: a grainy stream, with stones that jump."""
    stream = widened(
        band_noise(rng, count, 600, 4200, slope=-3), band_noise(rng, count, 600, 4200, slope=-3), 0.5
    )
    out = stream * (drift(rng, count, 0.05, 0.3, 1) * drift(rng, count, 0.7, 0.6, 1))[:, None]
    seconds = count / RATE
    for _ in range(int(seconds * 32)):
        length = int(rng.uniform(0.006, 0.02) * RATE)
        stone = band_noise(rng, length, 1500, 6000) * decay(length, 0.014, 0.0004)
        place(out, rng.uniform(0, seconds), stone, rng.uniform(0.3, 1.8), rng.uniform(-0.5, 0.5))
    return out.astype(np.float32)


def siren(rng: np.random.Generator, count: int) -> Stereo:
    """A wail that rises and falls, and wanders slowly across."""
    t = times(count)
    swing = 0.5 - 0.5 * np.cos(2 * np.pi * t / 3.6 + rng.uniform(0, 2))
    wail = tone(620 + 720 * swing, count, (1, 0.35, 0.18, 0.08))
    return panned(wail, np.linspace(-0.5, 0.5, count, dtype=np.float32))


def clock(rng: np.random.Generator, count: int) -> Stereo:
    """Tick and tock, one each second together."""
    out = np.zeros((count, 2), np.float32)
    length = int(0.06 * RATE)
    at, tick = 0.25, True
    while at < count / RATE:
        pitch = 2500 if tick else 1950
        body = tone(pitch, length, (1, 0.5)) * decay(length, 0.035, 0.0004) + 0.5 * tone(
            pitch * 1.83, length
        ) * decay(length, 0.02, 0.0004)
        knock = band_noise(rng, length, 700, 7000) * decay(length, 0.008, 0.0002)
        place(out, at, body + knock, 1 if tick else 0.82, 0.25)
        at, tick = at + 0.5, not tick
    return out
