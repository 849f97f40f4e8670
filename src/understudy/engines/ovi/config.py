"""Hyper-parameters as data: the real model's, and those that a folder of weights gives of itself.

The structs are what the reference's own configuration files say, under names of this field. Importing this costs
nothing: no torch.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, Self

import msgspec

from understudy.errors import EngineUnavailable

TagStyle = Literal["tags", "label"]
"""How a checkpoint was taught sounds: `<AUDCAP>...<ENDAUDCAP>`, or a trailing `Audio: ...`."""


class TowerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One of the twin transformers."""

    dim: int
    """Width D of the hidden state."""
    ffn_dim: int
    freq_dim: int
    """Width of the sinusoidal time embedding."""
    heads: int
    blocks: int
    channels: int
    """Channels of the latent, in and out."""
    patch: tuple[int, ...]
    """Cells of the latent in one token: (frame, row, column) for video, (position,) for audio."""
    text_len: int
    """Text positions that every prompt is padded to."""
    text_dim: int
    eps: float = 1e-6
    rope_scale: float = 1.0
    """Factor on positions in time: audio's are counted in video frames by it."""

    def __post_init__(self) -> None:
        if min(self.dim, self.heads) < 1 or self.dim % self.heads:
            raise ValueError(f"dim {self.dim} cannot be shared evenly by {self.heads} heads")

    @property
    def head_dim(self) -> int:
        """Width of one head."""
        return self.dim // self.heads

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Self:
        """From one dictionary of the reference's model configuration files."""
        return cls(
            dim=config["dim"],
            ffn_dim=config["ffn_dim"],
            freq_dim=config["freq_dim"],
            heads=config["num_heads"],
            blocks=config["num_layers"],
            channels=config["in_dim"],
            patch=tuple(config["patch_size"]),
            text_len=config["text_len"],
            text_dim=config["text_dim"],
            eps=config.get("eps", 1e-6),
            rope_scale=config.get("temporal_rope_scaling_factor", 1.0),
        )


class FusionConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The twin towers, fused block by block: equal width, heads and number of blocks."""

    video: TowerConfig
    audio: TowerConfig

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Self:
        """From `{"video": ..., "audio": ...}`, each in the reference's own form."""
        return cls(video=TowerConfig.of(config["video"]), audio=TowerConfig.of(config["audio"]))


class TextConfig(msgspec.Struct, frozen=True, kw_only=True):
    """UMT5's encoder, in the terms of transformers."""

    vocab_size: int
    d_model: int
    d_ff: int
    d_kv: int
    num_heads: int
    num_layers: int
    relative_attention_num_buckets: int = 32
    relative_attention_max_distance: int = 128
    layer_norm_epsilon: float = 1e-6


class VideoVaeConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Wan 2.2's video autoencoder, in the terms of diffusers' `AutoencoderKLWan`."""

    base_dim: int
    decoder_base_dim: int
    latents_mean: tuple[float, ...]
    latents_std: tuple[float, ...]
    z_dim: int = 48
    dim_mult: tuple[int, ...] = (1, 2, 4, 4)
    num_res_blocks: int = 2
    attn_scales: tuple[float, ...] = ()
    temperal_downsample: tuple[bool, ...] = (False, True, True)
    dropout: float = 0.0
    is_residual: bool = True
    in_channels: int = 12
    out_channels: int = 12
    patch_size: int = 2
    scale_factor_temporal: int = 4
    scale_factor_spatial: int = 16


class AudioVaeConfig(msgspec.Struct, frozen=True, kw_only=True):
    """MMAudio's mel autoencoder."""

    data_dim: int = 80
    """Mel bands."""
    embed_dim: int = 20
    """Channels of the latent."""
    hidden_dim: int = 384
    ch_mult: tuple[int, ...] = (1, 2, 4)
    num_res_blocks: int = 2
    attention_levels: tuple[int, ...] = ()
    down_sampled_levels: tuple[int, ...] = (0,)
    kernel_size: int = 3
    activation_clamp: float = 256.0


class VocoderConfig(msgspec.Struct, frozen=True, kw_only=True):
    """BigVGAN, version 1."""

    num_mels: int = 80
    upsample_rates: tuple[int, ...] = (4, 4, 2, 2, 2, 2)
    upsample_kernel_sizes: tuple[int, ...] = (8, 8, 4, 4, 4, 4)
    upsample_initial_channel: int = 1536
    resblock_kernel_sizes: tuple[int, ...] = (3, 7, 11)
    resblock_dilation_sizes: tuple[tuple[int, ...], ...] = ((1, 3, 5), (1, 3, 5), (1, 3, 5))


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """One trained checkpoint of the transformer: what it makes, and how it is spoken to."""

    checkpoint: str
    """File name in the folder `Ovi`."""
    area: int
    """Pixels of one frame, as trained; every size is scaled to it."""
    video_latent_frames: int
    audio_latent_length: int
    style: TagStyle
    fps: int = 24
    sample_rate: int = 16_000

    @property
    def frames(self) -> int:
        """Frames of the clip: the first latent frame is one, every other four."""
        return 4 * (self.video_latent_frames - 1) + 1

    @property
    def seconds(self) -> float:
        """Length of the picture."""
        return self.frames / self.fps

    @property
    def samples(self) -> int:
        """Samples of the sound: 512 for each latent."""
        return 512 * self.audio_latent_length


class OviConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a folder of weights has to fit."""

    fusion: FusionConfig
    text: TextConfig
    video_vae: VideoVaeConfig
    audio_vae: AudioVaeConfig
    vocoder: VocoderConfig
    variants: dict[str, Variant]
    skip_block: int
    """The block that the negative pass leaves out (skip-layer guidance); 0 leaves out none."""


DEFAULT_VARIANT: Final = "720x720_5s"

# Source of all figures: the configuration files and checkpoints of character-ai/Ovi (commit 5b69b25), Wan 2.2 TI2V
# 5B, and MMAudio's 16 kHz models.
_TOWER: Final[dict[str, Any]] = {
    "dim": 3072,
    "ffn_dim": 14336,
    "freq_dim": 256,
    "heads": 24,
    "blocks": 30,
    "text_len": 512,
    "text_dim": 4096,
}

# fmt: off
_LATENTS_MEAN: Final = (
    -0.2289, -0.0052, -0.1323, -0.2339, -0.2799, 0.0174, 0.1838, 0.1557,
    -0.1382, 0.0542, 0.2813, 0.0891, 0.157, -0.0098, 0.0375, -0.1825,
    -0.2246, -0.1207, -0.0698, 0.5109, 0.2665, -0.2108, -0.2158, 0.2502,
    -0.2055, -0.0322, 0.1109, 0.1567, -0.0729, 0.0899, -0.2799, -0.123,
    -0.0313, -0.1649, 0.0117, 0.0723, -0.2839, -0.2083, -0.052, 0.3748,
    0.0152, 0.1957, 0.1433, -0.2944, 0.3573, -0.0548, -0.1681, -0.0667,
)
_LATENTS_STD: Final = (
    0.4765, 1.0364, 0.4514, 1.1677, 0.5313, 0.499, 0.4818, 0.5013,
    0.8158, 1.0344, 0.5894, 1.0901, 0.6885, 0.6165, 0.8454, 0.4978,
    0.5759, 0.3523, 0.7135, 0.6804, 0.5833, 1.4146, 0.8986, 0.5659,
    0.7069, 0.5338, 0.4889, 0.4917, 0.4069, 0.4999, 0.6866, 0.4093,
    0.5709, 0.6065, 0.6415, 0.4944, 0.5726, 1.2042, 0.5458, 1.6887,
    0.3971, 1.06, 0.3943, 0.5537, 0.5444, 0.4089, 0.7468, 0.7744,
)
# fmt: on

REAL: Final = OviConfig(
    fusion=FusionConfig(
        video=TowerConfig(channels=48, patch=(1, 2, 2), **_TOWER),
        audio=TowerConfig(channels=20, patch=(1,), rope_scale=0.19676, **_TOWER),
    ),
    text=TextConfig(vocab_size=256384, d_model=4096, d_ff=10240, d_kv=64, num_heads=64, num_layers=24),
    video_vae=VideoVaeConfig(
        base_dim=160,
        decoder_base_dim=256,
        latents_mean=_LATENTS_MEAN,
        latents_std=_LATENTS_STD,
    ),
    audio_vae=AudioVaeConfig(),
    vocoder=VocoderConfig(),
    variants={
        "720x720_5s": Variant(
            checkpoint="model.safetensors",
            area=720 * 720,
            video_latent_frames=31,
            audio_latent_length=157,
            style="tags",
        ),
        "960x960_5s": Variant(
            checkpoint="model_960x960.safetensors",
            area=960 * 960,
            video_latent_frames=31,
            audio_latent_length=157,
            style="label",
        ),
        "960x960_10s": Variant(
            checkpoint="model_960x960_10s.safetensors",
            area=960 * 960,
            video_latent_frames=61,
            audio_latent_length=314,
            style="label",
        ),
    },
    skip_block=11,
)


def config_of(weights: Path) -> OviConfig:
    """The configuration of a folder of weights: its `ovi.json` if it has one, as small models do, else the real one.

    Raises `EngineUnavailable` if the file cannot be read or does not say everything.
    """
    path = weights / "ovi.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=OviConfig)
    except FileNotFoundError:
        return REAL
    except OSError as error:
        raise EngineUnavailable(
            f"The file ovi.json beside the weights cannot be read: {error.strerror or type(error).__name__}."
        ) from error
    except msgspec.MsgspecError as error:
        raise EngineUnavailable(f"The file ovi.json beside the weights cannot be used: {error}.") from error
