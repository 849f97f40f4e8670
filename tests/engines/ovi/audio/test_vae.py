import json

import msgspec
import pytest
import torch
from safetensors.torch import load_file

from tests.engines.ovi.audio import formulas
from tests.engines.ovi.audio.states import VAE, noise, random_state
from tests.engines.ovi.distance import rel
from tests.engines.ovi.golden import WHOLE, needs_whole
from understudy.engines.ovi.audio.blocks import plain_weight, split_rows
from understudy.engines.ovi.audio.tensors import vae_tensors
from understudy.engines.ovi.audio.vae import load_audio_vae
from understudy.engines.ovi.config import AudioVaeConfig
from understudy.errors import EngineFailed, EngineUnavailable

STATE = random_state(vae_tensors(VAE))
LATENT = noise(2, VAE.embed_dim, 7)
MEL = noise(2, VAE.data_dim, 28)


def test_decoding_is_the_formula() -> None:
    vae = load_audio_vae(STATE, VAE, device="cpu", dtype=torch.float32)
    mel = vae.decode(LATENT)
    assert mel.shape == (2, 12, 28)
    assert rel(mel, formulas.decoded(STATE, VAE, LATENT)) < 1e-5


def test_a_low_clamp_is_felt_where_the_formula_has_it() -> None:
    config = msgspec.structs.replace(VAE, activation_clamp=0.5)
    vae = load_audio_vae(STATE, config, encoder=True, device="cpu", dtype=torch.float32)
    mel = formulas.decoded(STATE, config, LATENT)
    assert rel(vae.decode(LATENT), mel) < 1e-5
    assert rel(formulas.decoded(STATE, VAE, LATENT), mel) > 0.01
    mean, _ = formulas.encoded(STATE, config, MEL)
    assert rel(vae.encode(MEL)[0], mean) < 1e-5
    assert rel(formulas.encoded(STATE, VAE, MEL)[0], mean) > 0.01


def test_encoding_is_the_formula() -> None:
    vae = load_audio_vae(STATE, VAE, encoder=True, device="cpu", dtype=torch.float32)
    mean, logvar = vae.encode(MEL)
    expected_mean, expected_logvar = formulas.encoded(STATE, VAE, MEL)
    assert mean.shape == (2, 5, 7)
    assert rel(mean, expected_mean) < 1e-5
    assert rel(logvar, expected_logvar) < 1e-5


def test_log_variances_stay_in_bounds() -> None:
    state = {**STATE, "encoder.learnable_gain": torch.tensor(99.0)}
    vae = load_audio_vae(state, VAE, encoder=True, device="cpu", dtype=torch.float32)
    _, logvar = vae.encode(MEL)
    assert logvar.min() == -30
    assert logvar.max() == 20


def test_denormalising_undoes_the_statistics() -> None:
    vae = load_audio_vae(STATE, VAE, device="cpu", dtype=torch.bfloat16)
    mel = vae.denormalise(MEL)
    assert mel.dtype == torch.float32
    torch.testing.assert_close(mel, MEL * STATE["data_std"] + STATE["data_mean"])


def test_rows_of_a_weight_get_unit_magnitude() -> None:
    weight = plain_weight(5 * noise(4, 3, 2))
    torch.testing.assert_close(weight.square().sum(dim=(1, 2)), torch.ones(4), atol=1e-4, rtol=0)


def test_rows_of_qkv_are_told_apart() -> None:
    stored = torch.arange(12.0).view(6, 2, 1)  # rows q0 k0 v0 q1 k1 v1
    assert split_rows(stored)[:, 0, 0].tolist() == [0, 6, 2, 8, 4, 10]


def test_bfloat16_is_close() -> None:
    vae = load_audio_vae(STATE, VAE, device="cpu", dtype=torch.bfloat16)
    mel = vae.decode(LATENT)
    assert mel.dtype == torch.bfloat16
    assert rel(mel, formulas.decoded(STATE, VAE, LATENT)) < 0.03


def test_the_encoder_is_neither_needed_nor_loaded_unless_asked_for() -> None:
    half = {name: tensor for name, tensor in STATE.items() if not name.startswith("encoder.")}
    vae = load_audio_vae(half, VAE, device="cpu", dtype=torch.float32)
    whole = load_audio_vae(STATE, VAE, device="cpu", dtype=torch.float32)
    assert torch.equal(vae.decode(LATENT), whole.decode(LATENT))
    with pytest.raises(EngineFailed, match="without its encoder"):
        whole.encode(MEL)
    with pytest.raises(EngineUnavailable, match=r"missing: encoder\.learnable_gain"):
        load_audio_vae(half, VAE, encoder=True, device="cpu", dtype=torch.float32)


def test_a_tensor_of_another_shape_is_named() -> None:
    state = {**STATE, "decoder.conv_in.weight": noise(1, 2, 3)}
    with pytest.raises(EngineUnavailable, match=r"audio autoencoder .*decoder\.conv_in\.weight is 1x2x3,"):
        load_audio_vae(state, VAE, device="cpu", dtype=torch.float32)


@needs_whole
def test_recorded_decoding_and_encoding() -> None:
    assert WHOLE is not None
    folder = WHOLE / "audio_vae"
    config = msgspec.convert(json.loads((folder / "config.json").read_bytes())["vae"], AudioVaeConfig)
    recorded = load_file(folder / "io.safetensors")
    state = load_file(folder / "vae.safetensors")
    vae = load_audio_vae(state, config, encoder=True, device="cpu", dtype=torch.float32)
    normalised = vae.decode(recorded["latent"])
    assert rel(normalised, recorded["mel_normalised"]) < 2e-6
    assert rel(vae.denormalise(normalised), recorded["mel"]) < 2e-6
    mean, logvar = vae.encode(recorded["enc_mel"])
    assert rel(mean, recorded["enc_mean"]) < 2e-6
    assert rel(logvar, recorded["enc_logvar"]) < 2e-6
