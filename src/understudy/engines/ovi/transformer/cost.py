"""What a sampling step costs in arithmetic: the least that leaves the result as it is. No torch.

One multiply-add counts as two operations; only matrix products and convolutions count, not norms, gates or rotations.
What depends on the prompt or the times only is computed before the loop and is not counted: text keys and values, time
rows. What the passes of a step share is counted once: the embeddings, and the first block up to its text.
"""

from math import prod
from typing import NamedTuple

from understudy.engines.ovi.config import FusionConfig
from understudy.engines.ovi.transformer.names import audio_patch_width

KERNEL = 7
"""Width of the convolutions that embed audio."""


class Cost(NamedTuple):
    """Floating point operations, by what they are done with."""

    linear: int
    """In linear layers and convolutions."""
    attention: int
    """In scores and their values."""

    @property
    def total(self) -> int:
        """All of them."""
        return self.linear + self.attention


def step_cost(
    config: FusionConfig,
    latent_size: tuple[int, int, int],
    length: int,
    words: int,
    *,
    passes: int = 2,
    skip: bool = True,
) -> Cost:
    """One step for a video latent of (frames, height, width) and an audio latent of that length.

    `words`: text rows in each pass; the padding behind them is one row more, for all of it is alike. `skip`: one of the
    passes leaves out a block, as the negative one does; a step with one pass leaves out none.

    With D the width, N tokens and M those of the other tower, a block costs, for each tower: before the text 8 N D^2
    for self-attention's projections, 2 N D^2 for the queries, 4 M D^2 for the other's keys and values, 4 N^2 D for
    self-attention and 4 N M D for what is seen of the other; from the text on 4 N D (words + 1) for reading it,
    2 N D^2 for the output and 4 N D F for the feed-forward of width F.
    """
    dim, blocks = config.video.dim, config.video.blocks
    video = prod(size // patch for size, patch in zip(latent_size, config.video.patch, strict=True))
    tokens = video + length
    feed_forward = 4 * dim * (video * config.video.ffn_dim + length * config.audio.ffn_dim)
    rows = min(words + 1, config.video.text_len)
    after = passes * blocks - (1 if skip and passes > 1 else 0)
    before = after - (passes - 1)  # the first block's is shared
    return Cost(
        linear=before * 14 * tokens * dim**2
        + after * (2 * tokens * dim**2 + feed_forward)
        + _ends(config, video, length, passes),
        # Each tower attends to itself and to the other: to all tokens.
        attention=before * 4 * tokens**2 * dim + after * 4 * tokens * rows * dim,
    )


def _ends(config: FusionConfig, video: int, length: int, passes: int) -> int:
    """Operations of embedding both latents once, and each pass's prediction."""
    dim = config.video.dim
    cells = prod(config.video.patch) * config.video.channels
    inner = audio_patch_width(dim)
    enter = 2 * video * cells * dim + 2 * length * KERNEL * dim * (config.audio.channels + 3 * inner)
    leave = 2 * dim * (video * cells + length * config.audio.channels)
    return enter + passes * leave
