"""The estimate, against a count of what is alive while the real architecture runs without data."""

import pytest
import torch

from tests.engines.ovi.memory.live_bytes import LiveBytes
from understudy.engines.ovi.config import REAL
from understudy.engines.ovi.guidance import Network, apart, together
from understudy.engines.ovi.memory.activations import prompt_bytes, side_bytes, step_bytes, tokens_of
from understudy.engines.ovi.memory.estimate import peak_bytes
from understudy.engines.ovi.memory.placement import place_transformer
from understudy.engines.ovi.memory.profiles import PROFILES, Profile
from understudy.engines.ovi.memory.sizes import block_bytes, ends_bytes
from understudy.engines.ovi.transformer.fusion import Fusion, Pass
from understudy.engines.ovi.transformer.lanes import A, Lanes, V
from understudy.engines.ovi.transformer.loading import build_fusion

CASES = {"720x720_5s": (704, 704), "960x960_5s": (960, 960), "960x960_10s": (960, 960)}
WORDS = 160
TOWER = REAL.fusion.video


@pytest.fixture(scope="module")
def model() -> Fusion:
    return build_fusion(REAL.fusion, device="meta", dtype=torch.bfloat16)


def read(model: Fusion, words: int) -> list[Pass]:
    text = torch.zeros(words, TOWER.text_dim, device="meta")
    return [model.read(text, text), model.read(text, text, skip=REAL.skip_block)]


def run(model: Fusion, network: Network, variant: str, *, clean_first: bool, count: LiveBytes) -> None:
    """One step for frames of that variant; only the step is counted."""
    each = REAL.variants[variant]
    height, width = CASES[variant]
    latent = (each.video_latent_frames, height // 16, width // 16)
    geometry = model.geometry(latent, each.audio_latent_length, clean_first=clean_first)
    [moment] = model.moments([500.0], clean_first=clean_first)
    passes = read(model, WORDS)
    video = torch.zeros(TOWER.channels, *latent, device="meta")
    audio = torch.zeros(each.audio_latent_length, REAL.fusion.audio.channels, device="meta")
    with torch.inference_mode(), count:
        network(video, audio, moment, geometry, passes)


@pytest.mark.parametrize("clean_first", [False, True])
@pytest.mark.parametrize(("network", "passes"), [(together, 2), (apart, 1)])
@pytest.mark.parametrize("variant", CASES)
def test_a_step_holds_what_was_computed(
    model: Fusion, variant: str, network, passes: int, clean_first: bool
) -> None:
    count = LiveBytes()
    run(model, network(model), variant, clean_first=clean_first, count=count)
    tokens = tokens_of(REAL, REAL.variants[variant], *CASES[variant])
    estimate = step_bytes(TOWER, tokens, 2, passes=passes)
    assert 0.98 * count.peak <= estimate <= 1.1 * count.peak


class Overheard(Lanes):
    """Counts what the audio tower's work adds while it goes on, beside what it leaves behind."""

    def __init__(self, count: LiveBytes) -> None:
        self.count = count
        self.most = 0

    def both(self, video, audio) -> tuple[V, A]:
        outer, self.count.peak = self.count.peak, self.count.live
        before = self.count.live
        heard = audio()
        self.most = max(self.most, self.count.peak - before)
        self.count.peak = max(outer, self.count.peak)
        return video(), heard


def test_the_audio_towers_stream_holds_what_was_computed(model: Fusion, monkeypatch) -> None:
    count = LiveBytes()
    lanes = Overheard(count)
    for block in model.blocks:
        monkeypatch.setattr(block, "lanes", lanes)
    run(model, together(model), "960x960_10s", clean_first=True, count=count)
    tokens = tokens_of(REAL, REAL.variants["960x960_10s"], *CASES["960x960_10s"])
    assert 0.98 * lanes.most <= side_bytes(TOWER, tokens, 2, passes=2) <= 1.1 * lanes.most


@pytest.mark.parametrize("words", [20, 512])
def test_prompts_take_what_was_computed(model: Fusion, words: int) -> None:
    count = LiveBytes()
    with torch.inference_mode(), count:
        passes = read(model, words)
        kept = count.live
    assert len(passes) == 2
    rows = -(-words // 32) * 32  # filled up, so that few shapes occur
    assert 0.98 * kept <= prompt_bytes(REAL, rows, 2) <= 1.1 * kept


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_weights_take_what_was_computed(profile: Profile) -> None:
    if profile.blocks == "kept":
        meta = torch.device("meta")
        nothing = Profile(name="", float8=profile.float8)
        model = shape_of(nothing)
        blocks = sum(parameter.nbytes for parameter in model.blocks[0].parameters())
        assert blocks == block_bytes(REAL.fusion, 2, float8=profile.float8)
        assert model.device == meta


def shape_of(profile: Profile) -> Fusion:
    from understudy.engines.ovi.memory.float8 import store_in_float8

    model = build_fusion(REAL.fusion, device="meta", dtype=torch.bfloat16)
    if profile.float8:
        store_in_float8(model)
    return model
