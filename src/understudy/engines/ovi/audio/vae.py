"""MMAudio's mel autoencoder: latents of sound to mel spectrograms, and back."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from understudy.engines.ovi.audio.blocks import (
    Doubling,
    Halving,
    Middle,
    Residual,
    activate,
    convolution,
    plain_weight,
    split_rows,
)
from understudy.engines.ovi.audio.tensors import vae_tensors
from understudy.engines.ovi.config import AudioVaeConfig
from understudy.engines.ovi.tensor_table import must_match
from understudy.errors import EngineFailed


class UpLevel(nn.Module):
    """Residual blocks of one width, then perhaps twice the length."""

    def __init__(self, inside: int, width: int, config: AudioVaeConfig, *, doubling: bool) -> None:
        super().__init__()
        self.limit = config.activation_clamp
        self.block = nn.ModuleList(
            Residual(width if number else inside, width, config.kernel_size)
            for number in range(config.num_res_blocks + 1)
        )
        self.upsample = Doubling(width, config.kernel_size) if doubling else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """[B, I, L] to [B, W, L], or to [B, W, 2L]."""
        for block in self.block:
            x = block(x).clamp(-self.limit, self.limit)
        out: Tensor = self.upsample(x)
        return out


class DownLevel(nn.Module):
    """Residual blocks of one width, then perhaps half the length."""

    def __init__(self, inside: int, width: int, config: AudioVaeConfig, *, halving: bool) -> None:
        super().__init__()
        self.limit = config.activation_clamp
        self.block = nn.ModuleList(
            Residual(width if number else inside, width, config.kernel_size)
            for number in range(config.num_res_blocks)
        )
        self.downsample = Halving(width) if halving else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """[B, I, L] to [B, W, L], or to [B, W, L // 2]."""
        for block in self.block:
            x = block(x).clamp(-self.limit, self.limit)
        out: Tensor = self.downsample(x)
        return out


class Decoder(nn.Module):
    """From latents to the normalised mel spectrogram: from the widest level, the last, to the first."""

    def __init__(self, config: AudioVaeConfig) -> None:
        super().__init__()
        kernel = config.kernel_size
        widths = [factor * config.hidden_dim for factor in config.ch_mult]
        self.limit = config.activation_clamp
        self.conv_in = convolution(config.embed_dim, widths[-1], kernel)
        self.mid = Middle(widths[-1], kernel)
        self.up = nn.ModuleList()
        for number, (width, above) in enumerate(zip(widths, [*widths[1:], widths[-1]], strict=True)):
            doubling = number - 1 in config.down_sampled_levels
            self.up.append(UpLevel(above, width, config, doubling=doubling))
        self.conv_out = convolution(widths[0], config.data_dim, kernel)

    def forward(self, latent: Tensor) -> Tensor:
        """[B, 20, L] to [B, 80, 2L]."""
        x = self.mid(self.conv_in(latent)).clamp(-self.limit, self.limit)
        for level in reversed(self.up):
            x = level(x)
        out: Tensor = self.conv_out(activate(x))
        return out


class Encoder(nn.Module):
    """From the normalised mel spectrogram to the distribution of latents."""

    def __init__(self, config: AudioVaeConfig) -> None:
        super().__init__()
        kernel, width = config.kernel_size, config.hidden_dim
        self.limit = config.activation_clamp
        self.conv_in = convolution(config.data_dim, width, kernel)
        self.down = nn.ModuleList()
        for number, factor in enumerate(config.ch_mult):
            out = factor * config.hidden_dim
            self.down.append(DownLevel(width, out, config, halving=number in config.down_sampled_levels))
            width = out
        self.mid = Middle(width, kernel)
        self.conv_out = convolution(width, 2 * config.embed_dim, kernel)

    def forward(self, mel: Tensor) -> Tensor:
        """[B, 80, T] to [B, 40, T / 2]: means, then logarithms of variances."""
        x = self.conv_in(mel)
        for level in self.down:
            x = level(x)
        x = self.mid(x).clamp(-self.limit, self.limit)
        out: Tensor = self.conv_out(activate(x))
        return out


class AudioVae(nn.Module):
    """The autoencoder with its statistics of mel bands. Made by `load_audio_vae`."""

    data_mean: Tensor
    data_std: Tensor

    def __init__(self, config: AudioVaeConfig, *, encoder: bool) -> None:
        super().__init__()
        self.register_buffer("data_mean", torch.empty(1, config.data_dim, 1))
        self.register_buffer("data_std", torch.empty(1, config.data_dim, 1))
        self.encoder = Encoder(config) if encoder else None
        self.decoder = Decoder(config)

    def decode(self, latent: Tensor) -> Tensor:
        """Latents [B, 20, L] to a mel spectrogram [B, 80, 2L], normalised band by band."""
        mel: Tensor = self.decoder(latent.to(self.decoder.conv_in.weight.dtype))
        return mel

    def denormalise(self, mel: Tensor) -> Tensor:
        """A normalised mel spectrogram [B, 80, T] as log10 of magnitudes, in float32."""
        return torch.addcmul(self.data_mean, mel.to(self.data_std.dtype), self.data_std)

    def encode(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """Mel [B, 80, T], log10 of magnitudes, to mean and log-variance of its latents, each [B, 20, T / 2].

        Raises `EngineFailed` if the encoder was not loaded.
        """
        if self.encoder is None:
            raise EngineFailed("The audio autoencoder was loaded without its encoder.")
        normalised = (mel - self.data_mean) / self.data_std
        moments = self.encoder(normalised.to(self.encoder.conv_in.weight.dtype))
        mean, logvar = moments.chunk(2, dim=1)
        return mean, logvar.clamp(-30.0, 20.0)


def load_audio_vae(
    state: Mapping[str, Tensor],
    config: AudioVaeConfig,
    *,
    encoder: bool = False,
    device: torch.device | str,
    dtype: torch.dtype,
) -> AudioVae:
    """The autoencoder from its stored tensors; the encoder's may be absent unless `encoder` asks for it.

    Raises `EngineUnavailable` if the tensors are not those of `config`.
    """
    needed = vae_tensors(config, encoder=encoder)
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    must_match("audio autoencoder", shapes, needed, known=vae_tensors(config))
    with torch.device("meta"):
        vae = AudioVae(config, encoder=encoder)
    wide = {name: state[name].detach().to(device, torch.float32) for name in needed}
    plain = {
        # The statistics stay in float32: mel bands are logarithms, and rounding them is heard.
        name: tensor if name.startswith("data_") else tensor.to(dtype)
        for name, tensor in _folded(wide).items()
    }
    vae.load_state_dict(plain, assign=True)
    return vae.eval().requires_grad_(False)


def _folded(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Plain weights from those that the reference brings to unit magnitude each time it uses them."""
    plain: dict[str, Tensor] = {}
    for name, tensor in stored.items():
        half, _, layer = name.partition(".")
        if layer == "learnable_gain":
            continue
        weight = plain_weight(tensor) if name.endswith(".weight") else tensor
        if layer == "conv_out.weight":
            weight = weight * (1 + stored[f"{half}.learnable_gain"])
        plain[name] = split_rows(weight) if name.endswith(".qkv.weight") else weight
    return plain
