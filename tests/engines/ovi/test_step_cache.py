"""What is skipped, what it costs in exactness, and that nothing is skipped where it must not be."""

from collections.abc import Sequence
from functools import partial

import pytest
import torch
from torch import Tensor

from tests.engines.ovi.distance import rel
from tests.engines.ovi.parallel.loads import small_request
from tests.engines.ovi.transformer import small
from understudy.engines.ovi.denoise import Latents
from understudy.engines.ovi.denoiser import Solo
from understudy.engines.ovi.guidance import Guidance, Guided, GuidedFirst, Predictor, Scales, together
from understudy.engines.ovi.presets import CacheRule
from understudy.engines.ovi.step_cache import StepCache
from understudy.engines.ovi.transformer.fusion import Fusion

STEPS = 20
CONFIG = small.config()
REQUEST = small_request(clean_first=False)._replace(steps=STEPS)


@pytest.fixture(scope="module")
def model() -> Fusion:
    return small.model_of(CONFIG, small.random_state(CONFIG))


def ignore(step: int, total: int, /) -> None:
    pass


def exact(model: Fusion) -> Latents:
    return Solo(model, together(model))(REQUEST, ignore)


def cached(model: Fusion, rule: CacheRule, share: float = 1.0) -> tuple[Latents, StepCache]:
    made: list[StepCache] = []

    def make(run: Guidance) -> Predictor:
        made.append(StepCache(model, rule, len(run.moments)))
        return GuidedFirst(run._replace(network=made[-1]), share=share)

    return Solo(model, together(model), make)(REQUEST, ignore), made[0]


def test_a_threshold_of_zero_is_exact(model: Fusion) -> None:
    latents, cache = cached(model, CacheRule(threshold=0.0))
    assert cache.computed == STEPS
    wanted = exact(model)
    assert torch.equal(latents.video, wanted.video)
    assert torch.equal(latents.audio, wanted.audio)


def test_the_more_is_allowed_the_fewer_steps_are_computed_and_the_further_off_is_the_result(
    model: Fusion,
) -> None:
    wanted = exact(model)
    computed, errors = [], []
    for threshold in (0.01, 0.1, 10.0):
        latents, cache = cached(model, CacheRule(threshold=threshold, most=3))
        computed.append(cache.computed)
        errors.append(rel(latents.video, wanted.video))
    assert computed == sorted(computed, reverse=True)
    assert computed[0] > computed[-1]
    assert errors == sorted(errors)
    assert 0 < errors[-1] < 1


def test_the_first_steps_are_computed_and_then_one_in_so_many(model: Fusion) -> None:
    """Whatever the threshold allows: a fifth at the beginning, then at most two of three are taken over."""
    _, cache = cached(model, CacheRule(threshold=1e9, most=2, keep_first=0.2))
    assert cache.computed == 4 + 16 // 3


def test_the_cache_and_fewer_guided_steps_go_together(model: Fusion) -> None:
    latents, cache = cached(model, CacheRule(threshold=1e9, most=2), share=0.5)
    assert cache.computed < STEPS
    assert bool(torch.isfinite(latents.video).all() and torch.isfinite(latents.audio).all())


class Counted:
    """A network that counts the passes it is asked for."""

    def __init__(self, model: Fusion) -> None:
        self._network = together(model)
        self.passes: list[int] = []

    def __call__(self, video: Tensor, audio: Tensor, moment, geometry, passes: Sequence):
        self.passes.append(len(passes))
        return self._network(video, audio, moment, geometry, passes)


@pytest.mark.parametrize(("share", "guided"), [(1.0, 20), (0.6, 12), (0.51, 11), (0.0, 0)])
def test_only_the_first_steps_are_guided(model: Fusion, share: float, guided: int) -> None:
    counted = Counted(model)
    Solo(model, counted, partial(GuidedFirst, share=share))(REQUEST, ignore)
    assert counted.passes == [2] * guided + [1] * (STEPS - guided)


def test_a_scale_of_one_is_the_positive_pass(model: Fusion) -> None:
    plain = Solo(model, together(model), Guided)(REQUEST._replace(scales=Scales(1.0, 1.0)), ignore)
    alone = Solo(model, together(model), partial(GuidedFirst, share=0.0))(REQUEST, ignore)
    assert rel(plain.video, alone.video) < 1e-5
    assert rel(plain.audio, alone.audio) < 1e-5
