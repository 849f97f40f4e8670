"""The network against the recorded reference, and against the plain form."""

import json

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from tests.engines.ovi.distance import rel
from tests.engines.ovi.golden import GOLDEN
from tests.engines.ovi.transformer import plain, small
from understudy.engines.ovi.config import FusionConfig
from understudy.engines.ovi.transformer.fusion import Fusion, Velocity
from understudy.engines.ovi.transformer.loading import build_fusion, load_fusion
from understudy.errors import EngineUnavailable

FUSION = GOLDEN / "fusion"
CONFIG = FusionConfig.of(json.loads((FUSION / "config.json").read_text()))
CASES = {case["name"]: case for case in json.loads((FUSION / "cases.json").read_text())}


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    return load_file(FUSION / "model.safetensors")


def run(model: Fusion, case: dict[str, object]) -> tuple[Velocity, dict[str, Tensor]]:
    data = load_file(FUSION / str(case["file"]))
    clean = bool(case["first_frame_is_clean"])
    geometry = model.geometry(tuple(data["vid"].shape[1:]), len(data["audio"]), clean_first=clean)
    [moment] = model.moments([float(str(case["t"]))], clean_first=clean)
    only = model.read(data["vid_context"], data["audio_context"], skip=case["slg_layer"])
    [velocity] = model(data["vid"], data["audio"], moment, geometry, [only])
    return velocity, data


@pytest.mark.parametrize("name", CASES)
def test_a_forward_pass_is_the_references(state: dict[str, Tensor], name: str) -> None:
    model = small.model_of(CONFIG, state)
    velocity, data = run(model, CASES[name])
    for found, wanted in ((velocity.video, data["out_vid"]), (velocity.audio, data["out_audio"])):
        assert rel(found, wanted) < 2e-6
        assert float((found - wanted).abs().max()) < 2e-5


@pytest.mark.parametrize("name", CASES)
def test_in_bfloat16_it_is_as_near_as_the_reference_in_bfloat16(state: dict[str, Tensor], name: str) -> None:
    model = build_fusion(CONFIG, device="cpu", dtype=torch.bfloat16)
    load_fusion(model, state.items())
    velocity, data = run(model, CASES[name])
    assert velocity.video.dtype == velocity.audio.dtype == torch.float32
    assert rel(velocity.video, data["out_vid"]) < 0.02
    assert rel(velocity.audio, data["out_audio"]) < 0.02


@pytest.mark.parametrize(
    ("dim", "heads", "eps"), [(64, 2, 1e-6), (72, 4, 1e-6), (40, 5, 1e-6), (64, 2, 1e-3)]
)
def test_other_settings_are_the_plain_forms(dim: int, heads: int, eps: float) -> None:
    config = small.config(dim=dim, heads=heads, blocks=2, eps=eps)
    state, given = small.random_state(config), small.inputs(config)
    model = small.model_of(config, state)
    geometry = model.geometry((3, 6, 8), 11, clean_first=True)
    [moment] = model.moments([437.5], clean_first=True)
    only = model.read(given.prompt, given.audio_negative)
    [found] = model(given.video, given.audio, moment, geometry, [only])
    wanted = plain.forward(
        state, config, given.video, given.audio, 437.5, given.prompt, given.audio_negative, clean_first=True
    )
    assert rel(found.video, wanted[0]) < 2e-6
    assert rel(found.audio, wanted[1]) < 2e-6


def test_block_0_is_never_skipped() -> None:
    config = small.config(blocks=1)
    given = small.inputs(config)
    model = small.model_of(config, small.random_state(config))
    geometry = model.geometry((3, 6, 8), 11, clean_first=False)
    [moment] = model.moments([500], clean_first=False)
    kept = model.read(given.prompt, given.prompt)
    skipped = model.read(given.prompt, given.prompt, skip=0)
    for one, other in zip(
        model(given.video, given.audio, moment, geometry, [kept])[0],
        model(given.video, given.audio, moment, geometry, [skipped])[0],
        strict=True,
    ):
        assert torch.equal(one, other)


def test_a_checkpoint_of_another_model_is_refused(state: dict[str, Tensor]) -> None:
    model = build_fusion(CONFIG, device="cpu", dtype=torch.float32)
    name = "video_model.head.head.bias"
    with pytest.raises(
        EngineUnavailable, match=r"transformer .*1 tensor missing: video_model\.head\.head\.bias\."
    ):
        load_fusion(model, [item for item in state.items() if item[0] != name])
    with pytest.raises(EngineUnavailable, match=r"1 tensor unexpected: video_model\.head\.gain\."):
        load_fusion(model, [("video_model.head.gain", state[name])])
    with pytest.raises(EngineUnavailable, match=r"head\.bias is 1, not 192\."):
        load_fusion(model, [(name, state[name][:1])])
