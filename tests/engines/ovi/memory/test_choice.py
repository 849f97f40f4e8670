"""Which profile a card gets, and what is said when none fits."""

import itertools

import pytest

from understudy.engines.ovi.config import REAL
from understudy.engines.ovi.memory.choice import RESERVE, choose, largest_size
from understudy.engines.ovi.memory.estimate import Peak, peak_bytes
from understudy.engines.ovi.memory.profiles import PROFILES, Profile, forms
from understudy.engines.ovi.sizes import image_size, limited, requested_size
from understudy.errors import EngineOutOfMemory, EngineUnavailable

SMALL, MIDDLE, LONG = REAL.variants
LEFT_BY_A_DRIVER = 500_000_000


def free(gigabytes: int) -> int:
    """What a card sold with so much memory has free."""
    return gigabytes * 2**30 - LEFT_BY_A_DRIVER


@pytest.mark.parametrize(
    ("gigabytes", "small", "long"),
    [
        (141, "resident", "resident"),
        (80, "resident", "resident"),
        (40, "resident", "text-off"),
        (32, "alternating", "alternating"),
        (24, "streamed", "streamed"),
        (16, "streamed", "streamed"),
    ],
)
def test_each_size_of_card_has_its_profile(gigabytes: int, small: str, long: str) -> None:
    assert choose(free(gigabytes), "auto", REAL, SMALL).name == small
    assert choose(free(gigabytes), "auto", REAL, LONG).name == long


@pytest.mark.parametrize("gigabytes", [141, 80, 40, 32, 24, 16])
def test_matrices_are_rounded_only_where_that_is_asked_for(gigabytes: int) -> None:
    assert not choose(free(gigabytes), "auto", REAL, SMALL).float8
    assert choose(free(gigabytes), "auto", REAL, SMALL, float8=True).float8
    assert choose(free(141), "float8", REAL, SMALL).float8


def test_rounded_matrices_keep_more_on_a_card() -> None:
    assert choose(free(32), "auto", REAL, SMALL, float8=True).name == "resident"
    assert choose(free(24), "auto", REAL, SMALL, float8=True).blocks != "streamed"


def test_the_smallest_card_plays_the_small_variant() -> None:
    assert choose(free(12), "auto", REAL, SMALL).name == "streamed-small"


def test_there_is_a_profile_for_every_amount_above_the_least() -> None:
    least = needs(PROFILES[-1], SMALL)
    for more in range(0, 60 * 10**9, 3 * 10**9):
        chosen = choose(least + more, "auto", REAL, SMALL)
        assert peaks(chosen, SMALL).card + RESERVE <= least + more


def test_passes_go_apart_before_more_is_moved_off_the_card() -> None:
    resident = PROFILES[0]
    together, alone, apart = (peaks(form, LONG).card for form in forms(resident))
    assert together > alone > apart
    assert choose(apart + RESERVE, "auto", REAL, LONG) == forms(resident)[2]
    assert choose(apart + RESERVE - 1, "auto", REAL, LONG).name == "text-off"


def test_what_is_asked_for_is_taken_if_it_fits() -> None:
    for profile in PROFILES:
        assert choose(free(141), profile.name, REAL, SMALL) == profile


def test_what_is_asked_for_and_does_not_fit_is_refused() -> None:
    with pytest.raises(EngineOutOfMemory) as raised:
        choose(free(24), "resident", REAL, SMALL)
    message = str(raised.value)
    assert "25.3 GB of memory free" in message
    assert "resident 42." in message
    assert 'memory = "auto"' in message
    assert "streamed" not in message


def test_the_refusal_names_what_each_needs_and_what_helps() -> None:
    with pytest.raises(EngineOutOfMemory) as raised:
        choose(free(12) - 10**9, "auto", REAL, LONG)
    message = str(raised.value)
    assert all(f"{profile.name} " in message for profile in PROFILES if not profile.float8)
    assert f'variant = "{SMALL}"' in message


def test_no_variant_is_advised_that_does_not_fit() -> None:
    with pytest.raises(EngineOutOfMemory, match=r"To help, close what else uses the card\.$"):
        choose(10**9, "auto", REAL, LONG)


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(EngineUnavailable, match='"auto" or to one of "resident", "text-off"'):
        choose(free(80), "tiny", REAL, SMALL)


@pytest.mark.parametrize("area", [720 * 720, 960 * 960, 128 * 128])
def test_no_frame_is_larger_than_the_largest(area: int) -> None:
    height, width = largest_size(area)
    sides = range(64, 2048, 61)
    for shape in itertools.product(sides, sides):
        for size in (requested_size(*limited(shape), area), image_size(*limited(shape), area)):
            assert size[0] * size[1] <= height * width


def peaks(profile: Profile, variant: str) -> Peak:
    each = REAL.variants[variant]
    return peak_bytes(profile, REAL, each, largest_size(each.area), REAL.fusion.video.text_len)


def needs(profile: Profile, variant: str) -> int:
    return peaks(forms(profile)[-1], variant).card + RESERVE
