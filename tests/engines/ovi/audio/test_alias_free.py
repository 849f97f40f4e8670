import pytest
import torch

from tests.engines.ovi.audio import formulas
from tests.engines.ovi.audio.states import noise
from tests.engines.ovi.distance import rel
from understudy.engines.ovi.audio.alias_free import AliasFreeSnake, folded_snake


@pytest.mark.parametrize("length", [1, 2, 5, 64])
def test_two_short_filters_are_the_cropped_transposed_convolution(length: int) -> None:
    # Filters without any symmetry, so that taps in the wrong order show.
    state = {
        "a.act.alpha": noise(3, seed=1),
        "a.act.beta": noise(3, seed=2),
        "a.upsample.filter": noise(1, 1, 12, seed=3),
        "a.downsample.lowpass.filter": noise(1, 1, 12, seed=4),
    }
    snake = AliasFreeSnake(3)
    snake.load_state_dict(folded_snake(*state.values()))
    x = noise(2, 3, length, seed=5)
    expected = formulas.snake(state, "a", x)
    assert snake(x).shape == x.shape
    assert rel(snake(x), expected) < 1e-6


def test_the_input_is_left_alone() -> None:
    snake = AliasFreeSnake(2)
    snake.load_state_dict(
        folded_snake(torch.zeros(2), torch.zeros(2), noise(1, 1, 12), noise(1, 1, 12, seed=2))
    )
    x = noise(1, 2, 16)
    before = x.clone()
    snake(x)
    assert torch.equal(x, before)
