import torch

from tests.engines.ovi.audio import formulas
from tests.engines.ovi.audio.states import VAE, VOCODER, noise, random_state
from tests.engines.ovi.distance import rel
from understudy.engines.ovi.audio.decoder import AudioDecoder
from understudy.engines.ovi.audio.tensors import vae_tensors, vocoder_tensors
from understudy.engines.ovi.audio.vae import load_audio_vae
from understudy.engines.ovi.audio.vocoder import load_vocoder

VAE_STATE = random_state(vae_tensors(VAE))
VOCODER_STATE = random_state(vocoder_tensors(VOCODER))


def decoder(vae: torch.dtype, vocoder: torch.dtype) -> AudioDecoder:
    return AudioDecoder(
        load_audio_vae(VAE_STATE, VAE, device="cpu", dtype=vae),
        load_vocoder(VOCODER_STATE, VOCODER, device="cpu", dtype=vocoder),
    )


def test_latents_become_sound() -> None:
    latent = noise(7, 5)
    waveform = decoder(torch.float32, torch.float32)(latent)
    mel = formulas.decoded(VAE_STATE, VAE, latent.T[None]) * VAE_STATE["data_std"] + VAE_STATE["data_mean"]
    expected = formulas.vocoded(VOCODER_STATE, VOCODER, mel)
    assert waveform.shape == (280,)  # four frames of mel to a latent, ten samples to a frame
    assert rel(waveform, expected.flatten()) < 1e-4


def test_each_part_may_have_its_own_precision() -> None:
    latent = noise(7, 5).to(torch.bfloat16)
    waveform = decoder(torch.bfloat16, torch.float32)(latent)
    assert waveform.dtype == torch.float32
    assert rel(waveform, decoder(torch.float32, torch.float32)(latent)) < 0.2
