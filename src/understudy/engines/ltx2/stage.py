"""The loaded model: two pipelines of diffusers that share their parts, one for texts and one for pictures."""

from importlib.util import find_spec
from inspect import signature
from typing import Any

import torch
from diffusers import LTX2ImageToVideoPipeline, LTX2Pipeline
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from understudy.engines.ltx2.options import Options
from understudy.engines.ltx2.weights import UNUSED, located, missing, remedy
from understudy.errors import EngineUnavailable


class Stage:
    """The pipelines, and what they need for a call beyond what is asked of them."""

    def __init__(self, text: Any, picture: Any, device: torch.device, *, offload: bool) -> None:
        self._text = text
        self._picture = picture
        self._device = device
        self._offload = offload

    def pipeline(self, *, with_picture: bool) -> Any:
        """The pipeline for a call, ready; the other one must not be called meanwhile."""
        pipeline = self._picture if with_picture else self._text
        if self._offload:
            # The hooks that bring parts to the card belong to one pipeline at a time.
            pipeline.enable_model_cpu_offload(device=self._device)
        return pipeline

    @property
    def steps(self) -> int:
        """How many steps the pipeline takes unless it is told."""
        default: int = signature(self._text.__call__).parameters["num_inference_steps"].default
        return default

    @property
    def rate(self) -> int:
        """Samples a second of the sound."""
        rate: int = self._text.vocoder.config.output_sampling_rate
        return rate

    @property
    def generation(self) -> dict[str, object]:
        """What a call of this generation of the model differs by: LTX-2.0, or 2.3 and later.

        Source: diffusers' documentation of the two arguments.
        """
        later = self._text.connectors.config.per_modality_projections
        return {"use_cross_timestep": later, "spatio_temporal_guidance_blocks": [28 if later else 29]}

    def rest(self, pipeline: Any) -> None:
        """After a call, however it ended: what was brought to the card is taken back."""
        if self._offload:
            pipeline.maybe_free_model_hooks()

    def close(self) -> None:
        """Give the memory back."""
        self._text = self._picture = None
        if self._device.type == "cuda":
            torch.cuda.empty_cache()


def load_stage(options: Options) -> Stage:
    """Read the weights; nothing is downloaded. Raises `EngineUnavailable` for weights that are missing or no LTX-2's."""
    folder = located(options.weights)
    if folder is None or missing(folder):
        raise EngineUnavailable(f"Its weights are missing or incomplete. {remedy(options.weights)}")
    # Their bars would stand in the log of the run that the replica was started for.
    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    dtype = torch.bfloat16 if options.dtype == "bfloat16" else torch.float32
    try:
        text = LTX2Pipeline.from_pretrained(
            folder,
            dtype=dtype,
            local_files_only=True,
            low_cpu_mem_usage=find_spec("accelerate") is not None,
            **dict.fromkeys(UNUSED),
        )
    except (OSError, ValueError, KeyError) as error:
        raise EngineUnavailable(f"The weights cannot be loaded: {type(error).__name__}: {error}") from error
    # Not `from_pipe`: it converts all parts to a number format once more, and warns of it.
    picture = LTX2ImageToVideoPipeline(**text.components)
    for pipeline in (text, picture):
        pipeline.set_progress_bar_config(disable=True)
    device = torch.device("cpu" if options.device == "cpu" else "cuda")
    offload = options.memory == "offload"
    if offload:
        text.vae.enable_tiling()
    else:
        text.to(device)
    return Stage(text, picture, device, offload=offload)
