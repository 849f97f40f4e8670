"""Every profile gives the same transformer, and reads what stays on the card straight to it."""

import pytest
import torch

from tests.engines.ovi.transformer.small import config, model_of, random_state
from understudy.engines.ovi.memory.placement import place_transformer
from understudy.engines.ovi.memory.profiles import PROFILES, Profile
from understudy.engines.ovi.memory.residence import Visitors
from understudy.errors import EngineUnavailable

CPU = torch.device("cpu")
CONFIG = config(blocks=4)
STATE = random_state(CONFIG)
EXACT = [profile for profile in PROFILES if not profile.float8]


@pytest.mark.parametrize("profile", EXACT, ids=lambda profile: profile.name)
def test_every_exact_profile_has_the_same_weights(profile: Profile) -> None:
    placed = place_transformer(profile, CONFIG, lambda _: STATE.items(), CPU, torch.float32)
    wanted = dict(model_of(CONFIG, STATE).named_parameters())
    found = dict(placed.model.named_parameters())
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    assert not any(parameter.requires_grad for parameter in found.values())


@pytest.mark.parametrize("profile", [EXACT[0], EXACT[-1]], ids=lambda profile: profile.name)
def test_a_checkpoint_that_is_not_complete_is_refused(profile: Profile) -> None:
    state = dict(list(STATE.items())[:-1])
    with pytest.raises(EngineUnavailable, match="1 tensor missing"):
        place_transformer(profile, CONFIG, lambda _: state.items(), CPU, torch.float32)


def test_visitors_never_move_where_there_is_no_card() -> None:
    layer = torch.nn.Linear(3, 3)
    before = layer.weight.data_ptr()
    with Visitors([layer], CPU).on_card():
        assert layer.weight.data_ptr() == before
    assert layer.weight.data_ptr() == before
