"""Where the parts are put."""

import pytest
import torch

from understudy.engines.ovi.options import Options
from understudy.engines.ovi.stage import device_of
from understudy.errors import EngineUnavailable


def test_a_cpu_is_taken_only_if_told_to() -> None:
    assert device_of(Options(device="cpu")).type == "cpu"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card here")
def test_a_card_that_torch_does_not_see_is_told_of() -> None:
    with pytest.raises(EngineUnavailable, match=r"sees no card.*newer driver"):
        device_of(Options(device="cuda"))
