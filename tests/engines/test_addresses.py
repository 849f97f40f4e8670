import pytest

from understudy.engines.addresses import canonical


@pytest.mark.parametrize("spelling", ["google/veo3-1", "google/veo3.1", "Google/Veo3-1", "GOOGLE/VEO3.1"])
def test_spellings_of_one_address(spelling: str) -> None:
    assert canonical(spelling) == "google/veo3-1"


def test_other_addresses() -> None:
    assert canonical("google/veo31") != canonical("google/veo3-1")
