import json

import msgspec
import pytest
import torch
from safetensors.torch import load_file

from tests.engines.ovi.audio import formulas
from tests.engines.ovi.audio.states import VOCODER, noise, random_state
from tests.engines.ovi.distance import rel
from tests.engines.ovi.golden import WHOLE, needs_whole
from understudy.engines.ovi.audio.tensors import vocoder_tensors
from understudy.engines.ovi.audio.vocoder import load_vocoder
from understudy.engines.ovi.config import VocoderConfig
from understudy.errors import EngineUnavailable

STATE = random_state(vocoder_tensors(VOCODER))
MEL = noise(2, VOCODER.num_mels, 9)


def test_the_waveform_is_the_formula() -> None:
    waveform = load_vocoder(STATE, VOCODER, device="cpu", dtype=torch.float32)(MEL)
    assert waveform.shape == (2, 1, 90)
    assert 0.1 < waveform.std() < 0.9
    assert rel(waveform, formulas.vocoded(STATE, VOCODER, MEL)) < 1e-5


def test_weight_norm_is_read_in_both_spellings() -> None:
    spelt = {
        name.replace("weight_g", "parametrizations.weight.original0").replace(
            "weight_v", "parametrizations.weight.original1"
        ): tensor
        for name, tensor in STATE.items()
    }
    assert spelt.keys() != STATE.keys()
    old = load_vocoder(STATE, VOCODER, device="cpu", dtype=torch.float32)
    new = load_vocoder(spelt, VOCODER, device="cpu", dtype=torch.float32)
    assert torch.equal(old(MEL), new(MEL))


def test_a_transposed_convolution_is_normed_over_what_goes_out() -> None:
    vocoder = load_vocoder(STATE, VOCODER, device="cpu", dtype=torch.float32)
    weight = vocoder.state_dict()["ups.0.0.weight"]
    assert weight.shape == (16, 8, 9)
    torch.testing.assert_close(weight, formulas.weight_normed(STATE, "ups.0.0"))


def test_bfloat16_is_close() -> None:
    vocoder = load_vocoder(STATE, VOCODER, device="cpu", dtype=torch.bfloat16)
    waveform = vocoder(MEL)
    assert waveform.dtype == torch.bfloat16
    assert rel(waveform, formulas.vocoded(STATE, VOCODER, MEL)) < 0.1


def test_a_missing_tensor_is_named() -> None:
    state = {name: tensor for name, tensor in STATE.items() if name != "activation_post.act.beta"}
    with pytest.raises(
        EngineUnavailable, match=r"vocoder do not fit\. 1 tensor missing: activation_post\.act\.beta\."
    ):
        load_vocoder(state, VOCODER, device="cpu", dtype=torch.float32)


@needs_whole
def test_recorded_waveforms() -> None:
    assert WHOLE is not None
    folder = WHOLE / "audio_vae"
    config = msgspec.convert(json.loads((folder / "config.json").read_bytes())["vocoder"], VocoderConfig)
    recorded = load_file(folder / "io.safetensors")
    state = load_file(folder / "bigvgan.safetensors")
    vocoder = load_vocoder(state, config, device="cpu", dtype=torch.float32)
    # In float32 both the recording and this are 3.5e-6 from the same in float64.
    assert rel(vocoder(recorded["mel"]), recorded["waveform"]) < 1e-5
    assert rel(vocoder(recorded["mel_only_input"]), recorded["mel_only_waveform"]) < 1e-5
