"""Sound: the mel autoencoder, both ways, and the vocoder."""

from collections.abc import Iterator
from functools import cache, partial
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


def cases(folder: Path, where: Where) -> Iterator[Case]:
    """What every `io*.safetensors` has both ends of, and the real model's configuration."""

    @cache
    def vae(encoder: bool) -> AudioVae:
        config = msgspec.convert(read_json(folder / "config.json")["vae"], AudioVaeConfig)
        state = read_tensors(folder / "vae.safetensors")
        return load_audio_vae(state, config, encoder=encoder, device=where.device, dtype=torch.float32)

    @cache
    def vocoder() -> Vocoder:
        config = msgspec.convert(read_json(folder / "config.json")["vocoder"], VocoderConfig)
        state = read_tensors(folder / "bigvgan.safetensors")
        return load_vocoder(state, config, device=where.device, dtype=torch.float32)

    def decode(io: dict[str, Tensor]) -> Iterator[Measure]:
        normalised = vae(False).decode(_on(io["latent"]))
        if "mel_normalised" in io:
            yield from compare("mel_normalised", normalised, io["mel_normalised"], AUTOENCODER)
        if "mel" in io:
            yield from compare("mel", vae(False).denormalise(normalised), io["mel"], AUTOENCODER)

    def encode(io: dict[str, Tensor]) -> Iterator[Measure]:
        for name, found in zip(("enc_mean", "enc_logvar"), vae(True).encode(_on(io["enc_mel"])), strict=True):
            if name in io:
                yield from compare(name, found, io[name], AUTOENCODER)

    def vocode(mel: str, waveform: str, io: dict[str, Tensor]) -> Iterator[Measure]:
        yield from compare(waveform, vocoder()(_on(io[mel])), io[waveform], VOCODER)

    def sound(io: dict[str, Tensor]) -> Iterator[Measure]:
        decoder = AudioDecoder(vae(False), vocoder())
        waveforms = [decoder(latent.mT) for latent in _on(io["latent"])]  # each [20, L] -> [512 L]
        yield from compare("waveform", torch.stack(waveforms).unsqueeze(1), io["waveform"], VOCODER)

    def _on(tensor: Tensor) -> Tensor:
        return tensor.to(where.device)

    for path in sorted(folder.glob("io*.safetensors")):
        io = read_tensors(path)
        name = "audio_vae" if path.stem == "io" else f"audio_vae/{path.stem}"
        if "latent" in io and ("mel" in io or "mel_normalised" in io):
            yield Case(f"{name}/decode", partial(decode, io))
        if "enc_mel" in io:
            yield Case(f"{name}/encode", partial(encode, io))
        for mel, waveform in (("mel", "waveform"), ("mel_only_input", "mel_only_waveform")):
            if mel in io and waveform in io:
                yield Case(f"{name}/vocoder, {mel}", partial(vocode, mel, waveform, io))
        if "latent" in io and "waveform" in io:
            yield Case(f"{name}/latent to sound", partial(sound, io))
    if (folder / "real_config.json").exists():
        yield Case("audio_vae/real_config", partial(_real_config, folder / "real_config.json"))


def _real_config(path: Path) -> Iterator[Measure]:
    document: dict[str, Any] = read_json(path)
    for name, config in (("vae", REAL.audio_vae), ("vocoder", REAL.vocoder)):
        if name in document:
            ours = msgspec.to_builtins(config)
            recorded = document[name]
            yield equal(name, [(key, ours[key], recorded[key]) for key in ours if key in recorded])
