"""Passes on processes of their own: all velocities, in the passes' order, in every process."""

from pathlib import Path

import pytest
import torch

from tests.engines.ovi.distance import rel
from tests.engines.ovi.parallel.loads import small_model
from tests.engines.ovi.parallel.rooms import everyone
from tests.engines.ovi.transformer import small
from understudy.engines.ovi.guidance import together
from understudy.engines.ovi.parallel.group import Group
from understudy.engines.ovi.parallel.guidance import PassesApart
from understudy.engines.ovi.transformer.fusion import Velocity

GIVEN = small.inputs(small.config())


@pytest.mark.parametrize("count", [1, 2, 3])
def test_as_many_velocities_as_passes(count: int, tmp_path: Path) -> None:
    """One pass (the late steps of a draft), as many as processes, and more."""
    model = small_model(heads=2)
    [moment] = model.moments([700.0], clean_first=False)
    geometry = model.geometry((3, 6, 8), 11, clean_first=False)
    passes = [
        model.read(GIVEN.prompt, GIVEN.audio_negative),
        model.read(GIVEN.video_negative, GIVEN.prompt),
        model.read(GIVEN.audio_negative, GIVEN.prompt, skip=1),
    ][:count]
    expected = model(GIVEN.video, GIVEN.audio, moment, geometry, passes)

    def act(group: Group) -> list[Velocity]:
        network = PassesApart(together(model), group)
        return network(GIVEN.video, GIVEN.audio, moment, geometry, passes)

    first, second = everyone(2, tmp_path, act)
    assert len(first) == count
    for ours, same, theirs in zip(first, second, expected, strict=True):
        assert torch.equal(ours.video, same.video)
        assert torch.equal(ours.audio, same.audio)
        assert rel(ours.video, theirs.video) < 1e-6
        assert rel(ours.audio, theirs.audio) < 1e-6
