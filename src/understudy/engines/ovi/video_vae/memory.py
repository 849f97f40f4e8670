"""How much memory decoding takes. Importing this needs no torch."""

from itertools import pairwise

from understudy.engines.ovi.config import VideoVaeConfig


def peak_bytes(config: VideoVaeConfig, height: int, width: int, element_bytes: int) -> int:
    """The most that a card's decoder holds at once for pictures of this size, without weights, in bytes.

    It does not depend on the length of the clip. What is counted, on the way of four frames through the decoder:
    the history (two input frames of each causal convolution), and the tensors alive around the convolution where they
    take most: what enters the stage, what enters the residual block, the convolution's input, the same behind its
    history, that history, and the output. The working memory of the library that computes convolutions comes on top.
    """
    cells = height // config.scale_factor_spatial * (width // config.scale_factor_spatial)
    widths = [
        config.decoder_base_dim * factor for factor in (config.dim_mult[-1], *reversed(config.dim_mult))
    ]
    doubles_time = (*reversed(config.temperal_downsample), False)
    blocks = config.num_res_blocks + 1

    # In elements. The convolution at the entry, and four in the two residual blocks of the middle.
    history = 2 * cells * (config.z_dim + 4 * widths[0])
    most = 0
    frames, pixels = 1, cells
    for level, (taken, given) in enumerate(pairwise(widths)):
        history += 2 * pixels * (taken + (2 * blocks - 1) * given)
        window = frames + 2
        entering = taken * (2 * frames + window + 2) + given * frames
        inside = taken * frames + given * (3 * frames + window + 2)
        most = max(most, pixels * entering, pixels * inside)
        if level < len(widths) - 2:
            if doubles_time[level]:
                history += 2 * pixels * given
                frames *= 2
            pixels *= 4
    history += 2 * pixels * widths[-1]
    return (history + most) * element_bytes
