"""How the parts of an estimate add up."""

import msgspec
import pytest

from understudy.engines.ovi.config import REAL
from understudy.engines.ovi.memory.estimate import Peak, peak_bytes
from understudy.engines.ovi.memory.profiles import PROFILES, Profile
from understudy.engines.ovi.memory.sizes import block_bytes, decoders_bytes, ends_bytes, text_bytes

VARIANT = REAL.variants["720x720_5s"]
TEXT = text_bytes(REAL, 2)
DECODERS = decoders_bytes(REAL, 2)
BLOCK = block_bytes(REAL.fusion, 2, float8=False)
TRANSFORMER = ends_bytes(REAL.fusion, 2) + 30 * BLOCK


def peak(profile: Profile, **how: bool) -> Peak:
    return peak_bytes(profile, REAL, VARIANT, (704, 704), 160, **how)


def changed(profile: Profile, **fields: object) -> Profile:
    return msgspec.structs.replace(profile, **fields)


def test_what_is_kept_is_counted_at_every_stage() -> None:
    kept = Profile(name="", text="kept", decoders="kept")
    visiting = changed(kept, text="visiting")
    host = changed(kept, text="host")
    assert peak(kept).text == peak(visiting).text > peak(host).text + TEXT
    assert peak(kept).denoise - peak(visiting).denoise == TEXT
    assert peak(kept).decode - peak(visiting).decode == TEXT
    assert peak(visiting).denoise == peak(host).denoise


def test_visitors_are_counted_where_they_are_used() -> None:
    kept, visiting = Profile(name="", decoders="kept"), Profile(name="")
    assert peak(kept).denoise - peak(visiting).denoise == DECODERS
    assert peak(kept).decode == peak(visiting).decode
    away = Profile(name="", blocks="visiting")
    assert peak(away).denoise == peak(visiting).denoise
    assert peak(visiting).decode - peak(away).decode == TRANSFORMER


def test_streamed_blocks_take_their_slots() -> None:
    three = Profile(name="", blocks="streamed", slots=3)
    assert peak(three).denoise - peak(changed(three, slots=2)).denoise == BLOCK
    whole = changed(three, blocks="visiting", slots=0)
    assert peak(whole).denoise - peak(three).denoise == (30 - 4) * BLOCK


def test_what_is_not_on_the_card_for_good_is_in_the_machines_memory() -> None:
    resident, *_, smallest = PROFILES
    assert peak(resident).host == 0
    assert peak(smallest).host == TRANSFORMER + TEXT + DECODERS


@pytest.mark.parametrize("field", ["side_by_side", "together"])
def test_less_at_the_same_time_takes_less(field: str) -> None:
    profile = Profile(name="", side_by_side=True)
    assert peak(changed(profile, **{field: False})).denoise < peak(profile).denoise


def test_a_step_cache_takes_more() -> None:
    profile = Profile(name="")
    assert peak(profile, step_cache=True).denoise - peak(profile).denoise == pytest.approx(
        6 * (15004 + 157) * 3072 * 2
    )
