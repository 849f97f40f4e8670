"""What lives on the card besides weights while a part computes, in bytes. No torch.

Counted from the code, for its plain form: what is compiled needs less. A test counts what is alive while the code runs.
"""

from math import prod

from understudy.engines.ovi.config import OviConfig, TowerConfig, Variant

WIDE = 4
"""Bytes of a float32, in which norms and rotations are computed."""


def tokens_of(config: OviConfig, variant: Variant, height: int, width: int) -> int:
    """Tokens of both towers for frames of that many pixels."""
    cell = config.video_vae.scale_factor_spatial
    latent = (variant.video_latent_frames, height // cell, width // cell)
    video = prod(size // patch for size, patch in zip(latent, config.fusion.video.patch, strict=True))
    return video + variant.audio_latent_length


def step_bytes(tower: TowerConfig, tokens: int, element_bytes: int, *, passes: int) -> int:
    """The most that a denoising step holds: `passes` in one batch, tokens of both towers, blocks in that type.

    Two moments are rivals; both hold what enters the block, and if passes come one after the other, the state, queries
    and sight that all of them start from.
    """
    alone = tokens * tower.dim * element_bytes
    state = passes * alone
    started = 3 * alone if passes == 1 else 0
    # The audio tower looks at the video's state: both states after self-attention, the video's queries and sight, keys
    # and values in one piece, normed keys, and their rotation.
    looking = state * (1 + 1 + 2 + 2 + 1) + _rotation_bytes(tower, passes * tokens, element_bytes)
    # The feed-forward: this block's crossing, what was read, the sum, its norm, and the inner layer twice.
    inner = 2 * passes * tokens * tower.ffn_dim * element_bytes
    feeding = state * (1 + 3 + 1 + 1 + 1) + inner
    return started + max(looking, feeding)


def side_bytes(tower: TowerConfig, tokens: int, element_bytes: int, *, passes: int) -> int:
    """What the audio tower's own CUDA stream holds at most, as memory is not shared between streams.

    It looks at the video: keys and values in one piece, normed keys, and their rotation.
    """
    state = passes * tokens * tower.dim * element_bytes
    return 3 * state + _rotation_bytes(tower, passes * tokens, element_bytes)


def remembered_bytes(tower: TowerConfig, tokens: int, element_bytes: int, *, passes: int) -> int:
    """What a step cache keeps: what entered this step and the last, and what each pass left and added."""
    return (2 + 2 * passes) * tokens * tower.dim * element_bytes


def prompt_bytes(config: OviConfig, rows: int, element_bytes: int) -> int:
    """Keys and values of two passes' texts of `rows` rows, in every block of both towers."""
    row = 2 * config.fusion.video.dim * element_bytes
    return 2 * 2 * config.fusion.video.blocks * (rows + 1) * row


def loop_bytes(config: OviConfig, variant: Variant, height: int, width: int, steps: int) -> int:
    """What a whole run keeps: latents and their solvers' histories, positions, and the times of all steps. float32."""
    tower, cell = config.fusion.video, config.video_vae.scale_factor_spatial
    latent = tower.channels * variant.video_latent_frames * (height // cell) * (width // cell)
    positions = tokens_of(config, variant, height, width) * tower.head_dim
    times = 3 * 7 * tower.dim * steps  # two rows for video and one for audio
    return WIDE * (12 * latent + positions + times)


def embedding_bytes(config: OviConfig, rows: int) -> int:
    """What the text encoder holds for a text of `rows` tokens: one layer's, the bias on its scores, and its scores."""
    text = config.text
    return WIDE * rows * (8 * text.d_model + 3 * text.d_ff + 4 * text.num_heads * rows)


def _rotation_bytes(tower: TowerConfig, tokens: int, element_bytes: int) -> int:
    """Input, both halves and their interleaving in float32, and the result; what is float32 already is not copied."""
    elements = tokens * tower.dim
    copies = WIDE + element_bytes if element_bytes < WIDE else 0
    return elements * (2 * WIDE + copies)
