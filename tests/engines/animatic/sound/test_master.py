import numpy as np
import pytest

from understudy.engines.animatic.sound.master import limited, mastered, true_peaks
from understudy.engines.animatic.sound.signal import RATE


def db(value: float) -> float:
    return float(20 * np.log10(value))


def test_a_peak_between_the_samples_is_seen() -> None:
    # A quarter of the sample rate, 45 degrees off: the samples reach 0.707, the wave 1.
    wave = np.sin(np.pi / 2 * np.arange(RATE) + np.pi / 4).astype(np.float32)
    assert np.abs(wave).max() == pytest.approx(0.707, abs=0.001)
    assert np.median(true_peaks(np.stack([wave, wave], axis=1))) == pytest.approx(1.0, abs=0.01)


def test_loud_parts_are_brought_under_the_ceiling_and_the_rest_is_left_alone() -> None:
    rng = np.random.default_rng(1)
    sound = (0.05 * rng.standard_normal((2 * RATE, 2))).astype(np.float32)
    sound[RATE : RATE + 4800] *= 30
    quiet = limited(sound)
    assert db(float(true_peaks(quiet).max())) <= -2 + 0.25
    assert np.array_equal(quiet[: RATE - 4800], sound[: RATE - 4800])
    assert limited(quiet[: RATE // 2]) is not None


def test_both_ends_fade() -> None:
    sound = mastered(np.full((RATE, 2), 0.5, np.float32))
    assert np.abs(sound[0]).max() < 1e-6
    assert np.abs(sound[-1]).max() < 1e-6
    assert sound[RATE // 2] == pytest.approx(0.5)
