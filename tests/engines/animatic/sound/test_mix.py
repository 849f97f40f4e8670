from typing import get_args

import numpy as np
import pytest

from understudy.engines.animatic.prompt.cues import Cue, Kind
from understudy.engines.animatic.sound.mix import Spoken, soundtrack
from understudy.engines.animatic.sound.signal import RATE, tone


def rms(sound: np.ndarray) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(np.square(sound, dtype=np.float64))) + 1e-12))


def share(sound: np.ndarray, low: float, high: float) -> float:
    """The part of the energy that lies between two frequencies."""
    power = np.abs(np.fft.rfft(sound.mean(axis=1))) ** 2
    frequency = np.fft.rfftfreq(len(sound), 1 / RATE)
    return float(power[(frequency >= low) & (frequency < high)].sum() / power.sum())


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ("rain", 500, 12_000), ("thunder", 20, 200), ("wind", 60, 1800), ("leaves", 2000, 12_000), ("sea", 40, 7000),
        ("fire", 40, 9000), ("birds", 1800, 7000), ("eagle", 1200, 9000), ("crickets", 3500, 6000), ("dog", 80, 3500),
        ("traffic", 25, 2000), ("engine", 35, 900), ("tires", 400, 7000), ("siren", 550, 4200), ("crowd", 200, 3500),
        ("footsteps", 30, 5000), ("clock", 700, 8000), ("music", 50, 3000),
    ],
)  # fmt: skip
def test_each_cue_is_heard_in_its_band(kind: Kind, low: float, high: float) -> None:
    sound = soundtrack([Cue(kind=kind)], 3, seed=5)
    assert sound.shape == (3 * RATE, 2)
    assert sound.dtype == np.float32
    assert -42 < rms(sound) < -20
    assert share(sound, low, high) > 0.85


def test_every_kind_is_in_the_table_above() -> None:
    assert len(get_args(Kind)) == 18


def test_without_cues_there_is_a_quiet_room() -> None:
    assert -68 < rms(soundtrack([], 2, seed=1)) < -54


def test_far_is_quieter_and_duller() -> None:
    near, far = (soundtrack([Cue(kind="birds", distant=distant)], 2, seed=3) for distant in (False, True))
    assert rms(far) < rms(near) - 3
    assert share(far, 5000, 20_000) < share(near, 5000, 20_000)


def test_what_fades_is_gone_at_the_end() -> None:
    sound = soundtrack([Cue(kind="tires", fades=True)], 4, seed=3)
    assert rms(sound[int(3.2 * RATE) : int(3.6 * RATE)]) < rms(sound[RATE : 2 * RATE]) - 12


def test_the_bed_is_ducked_under_the_voice() -> None:
    # The voice is put in the middle: the difference of both sides is the bed alone.
    voice = Spoken(1.0, tone(300.0, RATE))
    with_voice = soundtrack([Cue(kind="rain")], 3, seed=3, spoken=[voice])
    alone = soundtrack([Cue(kind="rain")], 3, seed=3)
    side = with_voice[:, 0] - with_voice[:, 1]
    bare = alone[:, 0] - alone[:, 1]
    inside = slice(int(1.3 * RATE), int(1.7 * RATE))
    assert rms(side[inside]) == pytest.approx(rms(bare[inside]) - 9, abs=1)
    after = slice(int(2.5 * RATE), int(2.6 * RATE))
    assert rms(side[after]) == pytest.approx(rms(bare[after]), abs=0.5)


def test_the_same_seed_gives_the_same_samples_and_another_other_ones() -> None:
    cues = [Cue(kind="rain"), Cue(kind="music", style="piano")]
    first, again, other = (soundtrack(cues, 1, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("style", ["", "piano", "orchestral", "lo-fi"])
def test_music_in_every_style(style: str) -> None:
    sound = soundtrack([Cue(kind="music", style=style)], 2, seed=3, minor=True)  # type: ignore[arg-type]
    assert -40 < rms(sound) < -20
