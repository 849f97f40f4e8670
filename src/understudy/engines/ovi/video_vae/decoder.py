"""The decoder: one latent frame after another becomes one picture, then four at a time."""

from typing import Any

from torch import Tensor, nn

from understudy.engines.ovi.video_vae.blocks import Attention, NormedConv, ResidualBlock
from understudy.engines.ovi.video_vae.causal import CausalConv, History, Pointwise
from understudy.engines.ovi.video_vae.upsample import Upsampler, add_repeated


class Stage(nn.Module):
    """Residual blocks, and but for the last stage an upsampler beside a shortcut that repeats pixels."""

    def __init__(self, block: Any) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(ResidualBlock(resnet) for resnet in block.resnets)
        self.upsampler = Upsampler(block.upsampler) if block.upsampler is not None else None

    def forward(self, x: Tensor, history: History, first: bool) -> Tensor:
        """[B, C, T, H, W] -> [B, C', T or 2 T, 2 H, 2 W]; without an upsampler [B, C', T, H, W]."""
        y = x
        for block in self.blocks:
            y = block(y, history)
        if self.upsampler is None:
            return y
        doubles_time = self.upsampler.time_conv is not None
        return add_repeated(self.upsampler(y, history, first), x, doubles_time, first)


class Decoder(nn.Module):
    """The decoding half of diffusers' `AutoencoderKLWan`, with its weights.

    Computes the same, for less: nothing is copied that need not be (diffusers' blocks clone their inputs, pad each
    convolution's in a copy, and go through float32 to repeat pixels), norms are one operation each, and upsampling
    takes 16 products where it took 36.
    """

    def __init__(self, vae: Any) -> None:
        super().__init__()
        decoder = vae.decoder
        middle = decoder.mid_block
        self.patch: int = vae.config.patch_size
        self.post_quant = Pointwise(vae.post_quant_conv)
        self.entry = CausalConv(decoder.conv_in)
        self.before = ResidualBlock(middle.resnets[0])
        self.attention = Attention(middle.attentions[0])
        self.after = ResidualBlock(middle.resnets[1])
        self.stages = nn.ModuleList(Stage(block) for block in decoder.up_blocks)
        self.head = NormedConv(decoder.norm_out, decoder.conv_out)

    def forward(self, latent: Tensor, history: History) -> Tensor:
        """One more latent frame [1, z, 1, h, w], not normalised -> its pictures [3, 1 or 4, 16 h, 16 w], not clamped.

        `history` is empty before the first latent frame; it is brought up to date.
        """
        first = not history
        x: Tensor = self.entry(self.post_quant(latent), history)
        x = self.after(self.attention(self.before(x, history)), history)
        for stage in self.stages:
            x = stage(x, history, first)
        return _unfold(self.head(x, history)[0], self.patch)


def _unfold(x: Tensor, patch: int) -> Tensor:
    """[3 patch patch, T, H, W], a patch's column before its row, -> [3, T, patch H, patch W]."""
    pixels: Tensor = x.unflatten(0, (-1, patch, patch))  # [3, column, row, T, H, W]
    return pixels.permute(0, 3, 4, 2, 5, 1).flatten(4, 5).flatten(2, 3)
