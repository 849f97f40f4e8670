"""The loaded parts on their devices, and what is on the card while another part plays."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from understudy.engines.cards import has_card
from understudy.engines.ovi.assembly import Parts, Weights, for_one_run, network_of, predictor_for
from understudy.engines.ovi.audio.decoder import AudioDecoder
from understudy.engines.ovi.config import OviConfig, config_of
from understudy.engines.ovi.denoiser import Denoiser, Solo
from understudy.engines.ovi.memory.choice import choose
from understudy.engines.ovi.memory.profiles import AUTO, PROFILES, RESIDENT, Profile
from understudy.engines.ovi.memory.residence import Visitors
from understudy.engines.ovi.options import Options, read_options
from understudy.engines.ovi.parallel.arrangement import arrange
from understudy.engines.ovi.parallel.ensemble import Ensemble
from understudy.engines.ovi.text.source import TextSource
from understudy.engines.ovi.video_vae.vae import VideoVae
from understudy.errors import EngineUnavailable

Entering = Callable[[], AbstractContextManager[object]]
"""What is entered while a part is used, to have its weights on the card."""

CPU = torch.device("cpu")


class Stage:
    """Everything that a run needs, ready to be used."""

    def __init__(
        self,
        config: OviConfig,
        device: torch.device,
        profile: Profile,
        *,
        texts: TextSource,
        denoiser: Denoiser,
        video_vae: VideoVae,
        sound: AudioDecoder,
        denoising: Entering = nullcontext,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        """`denoising` is entered while the denoiser is used, to have its weights on the card."""
        self.config = config
        self.device = device
        self.profile = profile
        self._texts = texts
        self._denoiser = denoiser
        self._video_vae = video_vae
        self._sound = sound
        self._denoising = denoising
        self._close = close
        visiting = profile.decoders == "visiting"
        self._seeing = Visitors(video_vae.modules if visiting else (), device)
        self._hearing = Visitors(sound.modules if visiting else (), device)

    @contextmanager
    def texts(self) -> Iterator[TextSource]:
        """The text encoder, for as long as texts are embedded."""
        try:
            yield self._texts
        finally:
            self._texts.offload()

    @contextmanager
    def denoiser(self) -> Iterator[Denoiser]:
        """The transformer, for as long as it denoises."""
        with self._denoising():
            yield self._denoiser

    def encode(self, image: Tensor) -> Tensor:
        """A picture [1, 3, H, W] in about [-1, 1] to a latent frame, float32 [z, 1, h, w]."""
        with self._seeing.on_card():
            return self._video_vae.encode_image(image)

    def frames(self, latent: Tensor) -> Iterator[NDArray[np.uint8]]:
        """A latent [z, F, h, w] to frames, uint8 [n, H, W, 3], as they are decoded."""
        with self._seeing.on_card():
            yield from self._video_vae.frames(latent)

    def decode_sound(self, latent: Tensor) -> Tensor:
        """A latent [L, C] to a waveform [512 L]: float32, mono, on the device."""
        with self._hearing.on_card():
            return self._sound(latent)

    def close(self) -> None:
        """End what was started besides this process; its own memory goes with it."""
        self._close()


def load_stage(options: Options) -> Stage:
    """Load what the options ask for. Raises `EngineUnavailable`, `EngineOutOfMemory`."""
    device = device_of(options)
    config = config_of(options.folder)
    weights = _weights(options, config)
    return build_stage(options, config, weights, device)


def build_stage(options: Options, config: OviConfig, parts: Parts, device: torch.device) -> Stage:
    """Put the parts together under the memory profile that fits. Raises as `load_stage`."""
    profile = profile_for(options, config, device)
    if options.gpus > 1:
        together = _ensemble(options, config, device)
        return _stage(options, config, parts, device, profile, denoiser=together, close=together.close)
    placed = parts.transformer(profile, device)
    solo = Solo(
        placed.model,
        network_of(placed.model, options, profile, device),
        predictor_for(options, placed.model, device),
        for_one_run=for_one_run(options, profile, device),
        attentive=True,
    )
    return _stage(options, config, parts, device, profile, denoiser=solo, denoising=placed.on_card)


def profile_for(options: Options, config: OviConfig, device: torch.device) -> Profile:
    """The memory profile for what is free on the card; on a CPU, where everything is in one memory, the one asked for.

    Raises `EngineOutOfMemory` if none fits, or not the one that the options name.
    """
    preset = options.playing
    if device.type != "cuda":
        wanted = RESIDENT if options.memory == AUTO else options.memory
        found = next(profile for profile in PROFILES if profile.name == wanted)
        return msgspec.structs.replace(found, float8=found.float8 or preset.float8)
    return choose(
        torch.cuda.mem_get_info(device)[0],
        RESIDENT if options.gpus > 1 else options.memory,
        config,
        options.variant,
        element_bytes=getattr(torch, options.dtype).itemsize,
        step_cache=preset.cache is not None,
        float8=preset.float8,
    )


def device_of(options: Options) -> torch.device:
    """Where to compute: the first card that this process sees, or the CPU. Raises `EngineUnavailable` without a card."""
    if options.device == "cpu" or (options.device == "auto" and not has_card()):
        return CPU
    if not torch.cuda.is_available():
        raise EngineUnavailable(
            f"torch {torch.__version__} sees no card here: it was built without CUDA, or the card's driver is too old for"
            " it. Install a torch with CUDA that the driver can play, or a newer driver."
        )
    return torch.device("cuda", 0)


def load_member(device: torch.device, options: Mapping[str, object]) -> Solo:
    """One process's share of an engine on several cards. Raises as `load_stage`."""
    read = read_options(options)
    config = config_of(read.folder)
    profile = profile_for(read, config, device)
    model = _weights(read, config).transformer(profile, device).model
    network = network_of(model, read, profile, device)
    return Solo(model, network, predictor_for(read, model, device))


def _weights(options: Options, config: OviConfig) -> Weights:
    return Weights(options.folder, options.variant, config, getattr(torch, options.dtype))


def _ensemble(options: Options, config: OviConfig, device: torch.device) -> Ensemble:
    arrangement = arrange(options.gpus, config.fusion.video.heads)
    devices = [f"cuda:{index}" if device.type == "cuda" else "cpu" for index in range(options.gpus)]
    return Ensemble(arrangement, devices, load_member, msgspec.structs.asdict(options))


def _stage(
    options: Options,
    config: OviConfig,
    parts: Parts,
    device: torch.device,
    profile: Profile,
    *,
    denoiser: Denoiser,
    denoising: Entering = nullcontext,
    close: Callable[[], None] = lambda: None,
) -> Stage:
    return Stage(
        config,
        device,
        profile,
        texts=parts.texts(
            CPU if profile.text == "host" else device, home=device if profile.text == "kept" else CPU
        ),
        denoiser=denoiser,
        video_vae=parts.video_vae(device),
        sound=parts.sound(device),
        denoising=denoising,
        close=close,
    )
