"""Whole sampling runs against the recorded ones."""

import pytest
import torch
from torch import Tensor

from tests.engines.ovi.distance import rel
from tests.engines.ovi.runs import NAMES, recorded, recorded_model
from understudy.engines.ovi.denoiser import Solo
from understudy.engines.ovi.guidance import Guided, apart, together
from understudy.engines.ovi.transformer.fusion import Fusion, Velocity
from understudy.errors import Cancelled, EngineInputError


@pytest.fixture(scope="module")
def model() -> Fusion:
    return recorded_model()


def quiet(step: int, total: int) -> None:
    pass


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("network", [together, apart])
def test_it_ends_where_the_reference_ends(model: Fusion, name: str, network: object) -> None:
    request, expected = recorded(name)
    ours = Solo(model, network(model))(request, quiet)  # type: ignore[operator]
    limit = 5e-6 if request.solver == "euler" else 2e-6
    assert rel(ours.video, expected.video) < limit
    assert rel(ours.audio, expected.audio) < limit
    if request.first_frame is not None:
        assert torch.equal(ours.video[:, :1], request.first_frame)


def test_every_step_is_told(model: Fusion) -> None:
    told: list[tuple[int, int]] = []
    Solo(model, together(model))(recorded("t2v").request, lambda *step: told.append(step))
    assert told == [(step, 4) for step in range(5)]


def test_it_stops_when_asked_to(model: Fusion) -> None:
    told: list[int] = []

    def done(step: int, total: int) -> None:
        told.append(step)
        if step == 2:
            raise Cancelled("enough")

    with pytest.raises(Cancelled, match="enough"):
        Solo(model, together(model))(recorded("t2v").request, done)
    assert told == [0, 1, 2]


def test_a_preset_may_put_a_predictor_of_its_own_in(model: Fusion) -> None:
    request, _ = recorded("t2v")
    made: list[Guided] = []

    class Resting(Guided):
        """Guided at the first step, and never again."""

        def __call__(self, step: int, video: Tensor, audio: Tensor) -> Velocity:
            made.append(self)
            moving = super().__call__(step, video, audio)
            return moving if step == 0 else Velocity(*map(torch.zeros_like, moving))

    solo = Solo(model, together(model), predictor=Resting)
    assert rel(solo(request, quiet).video, Solo(model, together(model))(request, quiet).video) > 0.1
    solo(request, quiet)
    assert len(set(map(id, made))) == 2  # one for each run


def test_a_schedule_that_does_not_exist_is_refused_before_any_work(model: Fusion) -> None:
    with pytest.raises(EngineInputError, match="0 steps"):
        Solo(model, together(model))(recorded("t2v").request._replace(steps=0), quiet)
