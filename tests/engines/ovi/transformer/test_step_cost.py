"""The formula for a step's arithmetic, against what is counted while a step is made, and against figures by hand."""

from collections.abc import Callable

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from tests.engines.ovi.transformer import small
from tests.engines.ovi.transformer.shallow import shallow
from understudy.engines.ovi.config import REAL, FusionConfig
from understudy.engines.ovi.guidance import Network, apart, together
from understudy.engines.ovi.transformer.cost import Cost, step_cost
from understudy.engines.ovi.transformer.fusion import Fusion
from understudy.engines.ovi.transformer.loading import build_fusion

MINIMUM = {
    "720 5s": ((31, 44, 44), 157, (456.4, 290.9, 165.6)),
    "960 5s": ((31, 60, 60), 157, (1102.4, 538.1, 564.3)),
    "960 10s": ((61, 60, 60), 314, (3238.2, 1059.0, 2179.2)),
}
"""Latent size, audio positions, and TFLOP with 160 text tokens, by hand: all, linear layers, attention."""


@pytest.mark.parametrize("name", MINIMUM)
def test_the_real_model_at_its_usual_sizes(name: str) -> None:
    size, length, wanted = MINIMUM[name]
    cost = step_cost(REAL.fusion, size, length, 160)
    assert tuple(round(operations / 1e12, 1) for operations in (cost.total, *cost)) == wanted


@pytest.mark.parametrize("network", [together, apart])
@pytest.mark.parametrize("name", MINIMUM)
def test_the_real_widths_are_what_is_counted(name: str, network: Callable[[Fusion], Network]) -> None:
    """Three blocks: what each more of them costs is the same."""
    size, length, _ = MINIMUM[name]
    config = shallow(3)
    counted = count(config, size, length, 160, 2, 1, network)
    assert step_cost(config, size, length, 160) == counted


@pytest.mark.parametrize("passes", [1, 2, 3])
@pytest.mark.parametrize("skip", [None, 2])
def test_it_is_what_is_counted(passes: int, skip: int | None) -> None:
    config = small.config(dim=96, heads=3, blocks=4)
    # 64 words are two buckets full: nothing but the one merged row stands for padding.
    counted = count(config, (3, 6, 8), 11, 64, passes, skip if passes > 1 else None)
    assert step_cost(config, (3, 6, 8), 11, 64, passes=passes, skip=skip is not None) == counted


def test_text_that_fills_all_positions_has_no_padding() -> None:
    config = small.config(text_len=80)
    assert step_cost(config, (3, 6, 8), 11, 80) == step_cost(config, (3, 6, 8), 11, 79)


def count(
    config: FusionConfig,
    size: tuple[int, int, int],
    length: int,
    words: int,
    passes: int,
    skip: int | None,
    network: Callable[[Fusion], Network] = together,
) -> Cost:
    """What a step does, on shapes alone; the last pass leaves out a block."""
    model = build_fusion(config, device="meta", dtype=torch.bfloat16)
    geometry = model.geometry(size, length, clean_first=False)
    [moment] = model.moments([500.0], clean_first=False)
    text = torch.zeros(words, config.video.text_dim, device="meta")
    each = [model.read(text, text) for _ in range(passes - 1)] + [model.read(text, text, skip=skip)]
    video = torch.zeros(config.video.channels, *size, device="meta")
    audio = torch.zeros(length, config.audio.channels, device="meta")
    counter = FlopCounterMode(display=False)
    with counter:
        network(model)(video, audio, moment, geometry, each)
    counts = counter.get_flop_counts()["Global"]
    # PyTorch does small attentions with batched products; everything else is a linear layer or a convolution.
    attention = sum(
        operations for name, operations in counts.items() if "attention" in str(name) or "bmm" in str(name)
    )
    linear = counter.get_total_flops() - attention
    # The merged row is mixed in element by element, which the counter does not see: as much as one key.
    frames, height, width = size
    tokens = frames * height * width // 4 + length
    times = passes * config.video.blocks - (skip is not None)
    return Cost(linear, attention + 4 * tokens * config.video.dim * times)
