"""Streamed blocks compute what resident ones do, in as little memory as their slots."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tests.engines.ovi.memory.live_bytes import LiveBytes
from tests.engines.ovi.transformer.small import config, inputs, model_of, random_state
from understudy.engines.ovi.guidance import Network, apart, together
from understudy.engines.ovi.memory.placement import Placed, place_transformer
from understudy.engines.ovi.memory.profiles import Profile
from understudy.engines.ovi.transformer.fusion import Fusion

CPU = torch.device("cpu")
BLOCKS = 5
CONFIG = config(blocks=BLOCKS)
STATE = random_state(CONFIG)
INPUTS = inputs(CONFIG)
PROFILES = {
    **{f"{slots} slots": Profile(name="", blocks="streamed", slots=slots) for slots in (1, 2, 3, 9)},
    "visiting": Profile(name="", blocks="visiting"),
}


def placed(profile: Profile) -> Placed:
    return place_transformer(profile, CONFIG, lambda _: STATE.items(), CPU, torch.float32)


def played(model: Fusion, network: Callable[[Fusion], Network], steps: int = 2) -> list[Tensor]:
    """Texts read, and some steps."""
    with torch.inference_mode():
        geometry = model.geometry((3, 6, 8), 11, clean_first=True)
        passes = [
            model.read(INPUTS.prompt, INPUTS.prompt),
            model.read(INPUTS.video_negative, INPUTS.audio_negative, skip=2),
        ]
        video, audio = INPUTS.video, INPUTS.audio
        for moment in model.moments([900.0, 400.0][:steps], clean_first=True):
            found = network(model)(video, audio, moment, geometry, passes)
            video, audio = video - 0.1 * found[0].video, audio - 0.1 * found[1].audio
        return [video, audio]


@pytest.mark.parametrize("network", [together, apart])
@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_streaming_changes_nothing(profile: Profile, network) -> None:
    wanted = played(model_of(CONFIG, STATE), network)
    part = placed(profile)
    for _ in range(2):
        with part.on_card() as model:
            found = played(model, network)
        assert all(torch.equal(x, y) for x, y in zip(found, wanted, strict=True))


def largest(part: Placed) -> int:
    """The most that a run adds to what was there before it, in bytes."""
    with LiveBytes() as count, part.on_card() as model:
        played(model, apart, steps=1)
    return count.peak


@pytest.mark.parametrize("name", ["2 slots", "visiting"])
def test_the_second_run_needs_no_more_than_the_first(name: str) -> None:
    part = placed(PROFILES[name])
    assert largest(part) >= largest(part)


def test_slots_are_all_that_a_run_adds() -> None:
    # The CPU's memory stands for the card's here, and the blocks' homes are there before.
    few, many = (largest(placed(PROFILES[name])) for name in ("2 slots", "visiting"))
    block = placed(PROFILES["2 slots"]).model.blocks[1]
    size = sum(parameter.nbytes for parameter in block.parameters())
    assert many - few == pytest.approx((BLOCKS - 1 - 2) * size, rel=0.02)


def test_what_a_run_took_is_given_back() -> None:
    part = placed(PROFILES["3 slots"])
    with LiveBytes() as count:
        with part.on_card() as model:
            played(model, together)
            assert count.live > 0
        assert count.live == 0


def test_blocks_stay_where_there_is_room_for_each() -> None:
    with placed(PROFILES["visiting"]).on_card() as model:
        first, second = (
            [next(block.parameters()).data_ptr() for block in model.visit(model.blocks)] for _ in range(2)
        )
    assert first == second
    assert len(set(first)) == BLOCKS


def test_slots_are_used_in_turn() -> None:
    with placed(PROFILES["2 slots"]).on_card() as model:
        places = [next(block.parameters()).data_ptr() for block in model.visit(model.blocks)]
    assert places[1:] == [places[1], places[2]] * 2


def test_a_run_that_was_stopped_half_way_harms_nothing() -> None:
    part = placed(PROFILES["2 slots"])
    wanted = played(model_of(CONFIG, STATE), together)
    with part.on_card() as model:
        for number, _ in enumerate(model.visit(model.blocks)):
            if number == 3:
                break
        found = played(model, together)
    assert all(torch.equal(x, y) for x, y in zip(found, wanted, strict=True))


def test_weights_are_at_home_between_runs() -> None:
    part = placed(PROFILES["2 slots"])
    with part.on_card() as model:
        played(model, together)
    fresh = dict(model_of(CONFIG, STATE).named_parameters())
    assert all(torch.equal(value, fresh[name]) for name, value in part.model.named_parameters())
