"""What the parts of a model weigh, worked out from the tables of their tensors. In bytes. No torch."""

from collections.abc import Iterable
from math import prod

from understudy.engines.ovi.audio.tensors import vae_tensors, vocoder_tensors
from understudy.engines.ovi.config import FusionConfig, OviConfig
from understudy.engines.ovi.text.names import text_tensors
from understudy.engines.ovi.transformer.names import fusion_tensors
from understudy.engines.ovi.video_vae.names import video_vae_tensors

Shape = tuple[int, ...]

SCALE_BYTES = 4
"""Of a row of a float8 matrix."""
SOUND_BYTES = 4
"""Sound is decoded in float32 everywhere."""


def ends_bytes(config: FusionConfig, element_bytes: int) -> int:
    """The transformer without its blocks: how latents, time and texts come in, and predictions come out."""
    shapes = (shape for name, shape in fusion_tensors(config).items() if ".blocks." not in name)
    return _elements(shapes) * element_bytes


def block_bytes(config: FusionConfig, element_bytes: int, *, float8: bool) -> int:
    """One block, both towers; `float8`: its matrices in 8 bits, with a scale for each row."""
    return sum(
        _matrix_bytes(shape) if float8 and _is_matrix(shape) else prod(shape) * element_bytes
        for name, shape in fusion_tensors(config).items()
        if ".blocks.0." in name
    )


def text_bytes(config: OviConfig, element_bytes: int) -> int:
    """The text encoder."""
    return _elements(text_tensors(config.text).values()) * element_bytes


def decoders_bytes(config: OviConfig, element_bytes: int) -> int:
    """The video autoencoder in that type, the sound's decoder and vocoder in float32."""
    sound = _elements(vae_tensors(config.audio_vae, encoder=False).values())
    sound += _elements(vocoder_tensors(config.vocoder).values())
    return _elements(video_vae_tensors(config.video_vae).values()) * element_bytes + sound * SOUND_BYTES


def _elements(shapes: Iterable[Shape]) -> int:
    return sum(prod(shape) for shape in shapes)


def _is_matrix(shape: Shape) -> bool:
    return len(shape) == 2


def _matrix_bytes(shape: Shape) -> int:
    rows, columns = shape
    return rows * (columns + SCALE_BYTES)
