"""Sound: the mel autoencoder, both ways, and the vocoder."""

from collections.abc import Iterator
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

import msgspec
import torch
from torch import Tensor

from understudy.engines.ovi.audio.decoder import AudioDecoder
from understudy.engines.ovi.audio.vae import AudioVae, load_audio_vae
from understudy.engines.ovi.audio.vocoder import Vocoder, load_vocoder
from understudy.engines.ovi.config import REAL, AudioVaeConfig, VocoderConfig
from understudy.engines.ovi.verify.case import Case, Limit, Measure, Where, compare, equal
from understudy.engines.ovi.verify.files import read_json, read_tensors

AUTOENCODER: Final = Limit("rel", 1e-5)
VOCODER: Final = Limit("rel", 5e-5)


def recorded(path: Path, where: Where) -> Iterator[Case]:
    """What an `io.safetensors` has both ends of."""
    io = {name: _batch(tensor).to(where.device) for name, tensor in read_tensors(path).items()}
    sound = _Sound(path.parent, where, io)
    name = "audio_vae" if path.stem == "io" else f"audio_vae/{path.stem}"
    if "latent" in io and ("mel" in io or "mel_normalised" in io):
        yield Case(f"{name}/decode", sound.decode)
    if "enc_mel" in io:
        yield Case(f"{name}/encode", sound.encode)
    for mel, waveform in (("mel", "waveform"), ("mel_only_input", "mel_only_waveform")):
        if mel in io and waveform in io:
            yield Case(f"{name}/vocoder, {mel}", partial(sound.vocode, mel, waveform))
    if "latent" in io and "waveform" in io:
        yield Case(f"{name}/latent to sound", sound.latent_to_sound)


def real_config(path: Path, where: Where) -> Iterator[Case]:
    """Whether our figures of the real model are the recorded ones."""
    yield Case("audio_vae/real_config", partial(_settings, read_json(path)))


class _Sound:
    """Both networks of a folder, loaded when a case asks for them, and their recorded inputs and outputs."""

    def __init__(self, folder: Path, where: Where, io: dict[str, Tensor]) -> None:
        self._folder = folder
        self._where = where
        self._io = io

    def decode(self) -> Iterator[Measure]:
        normalised = self._vae.decode(self._io["latent"])
        for name, mel in (("mel_normalised", normalised), ("mel", self._vae.denormalise(normalised))):
            if name in self._io:
                yield from compare(name, mel, self._io[name], AUTOENCODER)

    def encode(self) -> Iterator[Measure]:
        vae = self._load_vae(encoder=True)
        for name, found in zip(("enc_mean", "enc_logvar"), vae.encode(self._io["enc_mel"]), strict=True):
            if name in self._io:
                yield from compare(name, found, self._io[name], AUTOENCODER)

    def vocode(self, mel: str, waveform: str) -> Iterator[Measure]:
        yield from compare(waveform, self._vocoder(self._io[mel]), self._io[waveform], VOCODER)

    def latent_to_sound(self) -> Iterator[Measure]:
        decoder = AudioDecoder(self._vae, self._vocoder)
        waveforms = [decoder(latent.mT) for latent in self._io["latent"]]  # each [20, L] -> [512 L]
        found = torch.stack(waveforms).unsqueeze(1)
        yield from compare("waveform", found, self._io["waveform"], VOCODER)

    @cached_property
    def _vae(self) -> AudioVae:
        return self._load_vae(encoder=False)

    def _load_vae(self, *, encoder: bool) -> AudioVae:
        config = msgspec.convert(read_json(self._folder / "config.json")["vae"], AudioVaeConfig)
        state = read_tensors(self._folder / "vae.safetensors")
        device = self._where.device
        return load_audio_vae(state, config, encoder=encoder, device=device, dtype=torch.float32)

    @cached_property
    def _vocoder(self) -> Vocoder:
        config = msgspec.convert(read_json(self._folder / "config.json")["vocoder"], VocoderConfig)
        state = read_tensors(self._folder / "bigvgan.safetensors")
        return load_vocoder(state, config, device=self._where.device, dtype=torch.float32)


def _settings(document: dict[str, Any]) -> Iterator[Measure]:
    for name, ours in (("vae", REAL.audio_vae), ("vocoder", REAL.vocoder)):
        settings = document.get(name, {})
        theirs = msgspec.convert(settings, type(ours))
        fields = [field for field in ours.__struct_fields__ if field in settings]
        yield equal(name, [(field, getattr(ours, field), getattr(theirs, field)) for field in fields])


def _batch(sounds: Tensor) -> Tensor:
    """[B, C, L], of a batch or of one recording without that axis."""
    return sounds if sounds.dim() == 3 else sounds.unsqueeze(0)
