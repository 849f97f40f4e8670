"""How much of the card a run takes at most under a profile: computed before anything is loaded. No torch."""

from typing import NamedTuple

from understudy.engines.ovi.config import OviConfig, Variant
from understudy.engines.ovi.memory.activations import (
    embedding_bytes,
    loop_bytes,
    prompt_bytes,
    remembered_bytes,
    side_bytes,
    step_bytes,
    tokens_of,
)
from understudy.engines.ovi.memory.profiles import Profile
from understudy.engines.ovi.memory.sizes import block_bytes, decoders_bytes, ends_bytes, text_bytes
from understudy.engines.ovi.sizes import Size
from understudy.engines.ovi.video_vae.memory import peak_bytes as decoding_bytes

STEPS = 50
"""More make a difference of less than a megabyte each."""
DECODER_BYTES = 2
"""Of an element of the video autoencoder on a card."""


class Peak(NamedTuple):
    """The most that each stage holds at once, in bytes, of the card; and what lies in the machine's own memory."""

    text: int
    denoise: int
    decode: int
    host: int

    @property
    def card(self) -> int:
        """The most of a run."""
        return max(self.text, self.denoise, self.decode)


class _Weights(NamedTuple):
    """What the parts weigh on the card."""

    ends: int
    block: int
    blocks: int
    text: int
    decoders: int

    @property
    def transformer(self) -> int:
        """All of it."""
        return self.ends + self.blocks * self.block

    def lasting(self, profile: Profile) -> int:
        """What is on the card at every stage."""
        return (
            (self.transformer if profile.blocks == "kept" else 0)
            + (self.text if profile.text == "kept" else 0)
            + (self.decoders if profile.decoders == "kept" else 0)
        )

    def host(self, profile: Profile) -> int:
        """What is in the machine's memory."""
        return (
            (0 if profile.blocks == "kept" else self.transformer)
            + (0 if profile.text == "kept" else self.text)
            + (0 if profile.decoders == "kept" else self.decoders)
        )


def peak_bytes(
    profile: Profile,
    config: OviConfig,
    variant: Variant,
    size: Size,
    text_rows: int,
    *,
    element_bytes: int = 2,
    step_cache: bool = False,
) -> Peak:
    """The peaks of a run for frames of `size` (height, width) and texts of `text_rows` rows.

    `element_bytes` are those of the transformer's and the text encoder's type. What libraries take for themselves
    (cuDNN's working memory, gaps between pieces) comes on top; see `choice.RESERVE`.
    """
    tower = config.fusion.video
    passes = 2 if profile.together or step_cache else 1  # a step cache always has them in one batch
    weights = _Weights(
        ends=ends_bytes(config.fusion, element_bytes),
        block=block_bytes(config.fusion, element_bytes, float8=profile.float8),
        blocks=tower.blocks,
        text=text_bytes(config, element_bytes),
        decoders=decoders_bytes(config, DECODER_BYTES),
    )
    lasting = weights.lasting(profile)
    tokens = tokens_of(config, variant, *size)
    streamed = weights.ends + (1 + profile.slots) * weights.block
    denoise = (
        {"kept": 0, "visiting": weights.transformer, "streamed": streamed}[profile.blocks]
        + prompt_bytes(config, text_rows, element_bytes)
        + loop_bytes(config, variant, *size, STEPS)
        + step_bytes(tower, tokens, element_bytes, passes=passes)
        + (side_bytes(tower, tokens, element_bytes, passes=passes) if profile.side_by_side else 0)
        # Guidance looks at what both passes added, together or not.
        + (remembered_bytes(tower, tokens, element_bytes, passes=2) if step_cache else 0)
    )
    text = 0 if profile.text == "host" else embedding_bytes(config, text_rows)
    text += weights.text if profile.text == "visiting" else 0
    decode = decoding_bytes(config.video_vae, *size, DECODER_BYTES)
    decode += weights.decoders if profile.decoders == "visiting" else 0
    return Peak(
        text=lasting + text, denoise=lasting + denoise, decode=lasting + decode, host=weights.host(profile)
    )
