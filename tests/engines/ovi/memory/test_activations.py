"""The estimate, against a count of what is alive while blocks of the real size run without data."""

import msgspec
import pytest
import torch

from tests.engines.ovi.memory.live_bytes import LiveBytes
from understudy.engines.ovi.config import REAL, FusionConfig, OviConfig
from understudy.engines.ovi.guidance import Network, apart, together
from understudy.engines.ovi.memory.activations import prompt_bytes, side_bytes, step_bytes, tokens_of
from understudy.engines.ovi.transformer.block import TwinBlock
from understudy.engines.ovi.transformer.fusion import Fusion, Pass
from understudy.engines.ovi.transformer.lanes import Lanes
from understudy.engines.ovi.transformer.loading import build_fusion

SIZES = {"720x720_5s": (704, 704), "960x960_5s": (960, 960), "960x960_10s": (960, 960)}
WORDS = 160
TOWER = REAL.fusion.video
SKIPPED = 3
SHORT = FusionConfig(
    video=msgspec.structs.replace(REAL.fusion.video, blocks=SKIPPED + 1),
    audio=msgspec.structs.replace(REAL.fusion.audio, blocks=SKIPPED + 1),
)
"""Every block is as large as any other; the third is the first to find another whole one's leavings."""


def short_model() -> Fusion:
    return build_fusion(SHORT, device="meta", dtype=torch.bfloat16)


def read(model: Fusion, words: int) -> list[Pass]:
    text = torch.zeros(words, TOWER.text_dim, device="meta")
    return [model.read(text, text), model.read(text, text, skip=SKIPPED)]


def step(model: Fusion, network: Network, variant: str, count: LiveBytes, *, clean_first: bool) -> int:
    """One step, of which all is counted but what a whole run keeps. The number of tokens."""
    each, (height, width) = REAL.variants[variant], SIZES[variant]
    latent = (each.video_latent_frames, height // 16, width // 16)
    geometry = model.geometry(latent, each.audio_latent_length, clean_first=clean_first)
    [moment] = model.moments([500.0], clean_first=clean_first)
    passes = read(model, WORDS)
    video = torch.zeros(TOWER.channels, *latent, device="meta")
    audio = torch.zeros(each.audio_latent_length, REAL.fusion.audio.channels, device="meta")
    with torch.inference_mode(), count:
        network(video, audio, moment, geometry, passes)
    return tokens_of(REAL, each, height, width)


@pytest.mark.parametrize(("network", "passes"), [(together, 2), (apart, 1)])
@pytest.mark.parametrize(
    ("variant", "clean_first"), [*((variant, False) for variant in SIZES), ("960x960_10s", True)]
)
def test_a_step_holds_what_was_computed(variant: str, network, passes: int, clean_first: bool) -> None:
    model, count = short_model(), LiveBytes()
    tokens = step(model, network(model), variant, count, clean_first=clean_first)
    assert 0.98 * count.peak <= step_bytes(TOWER, tokens, 2, passes=passes) <= 1.1 * count.peak


class Overheard(Lanes):
    """Notes the most that the audio tower's work adds while it goes on."""

    def __init__(self, count: LiveBytes) -> None:
        self.count = count
        self.most = 0

    def both(self, video, audio):
        before, self.count.peak = self.count.live, self.count.live
        heard = audio()
        self.most = max(self.most, self.count.peak - before)
        return video(), heard


def test_the_audio_towers_own_stream_holds_what_was_computed() -> None:
    model, count = short_model(), LiveBytes()
    lanes = Overheard(count)
    for block in model.blocks:
        assert isinstance(block, TwinBlock)
        block.lanes = lanes
    tokens = step(model, together(model), "960x960_10s", count, clean_first=True)
    assert 0.98 * lanes.most <= side_bytes(TOWER, tokens, 2, passes=2) <= 1.1 * lanes.most


@pytest.mark.parametrize("words", [20, 512])
def test_prompts_take_what_was_computed(words: int) -> None:
    config: OviConfig = msgspec.structs.replace(REAL, fusion=SHORT)
    count = LiveBytes()
    with torch.inference_mode(), count:
        passes = read(short_model(), words)
        kept = count.live
    del passes
    rows = -(-words // 32) * 32  # filled up, so that few shapes occur
    assert 0.98 * kept <= prompt_bytes(config, rows, 2) <= 1.1 * kept
