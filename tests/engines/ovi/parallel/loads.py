"""What the processes of an ensemble load."""

import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from tests.engines.ovi.runs import recorded_model
from tests.engines.ovi.transformer import small
from understudy.engines.ovi.denoiser import DenoiseRequest, Solo
from understudy.engines.ovi.guidance import Guided, Scales, together
from understudy.engines.ovi.transformer.fusion import Fusion, Geometry, Moment, Pass, Velocity
from understudy.errors import EngineUnavailable


def recorded_solo(device: torch.device, options: Mapping[str, object]) -> Solo:
    """The recorded model: three heads."""
    torch.set_num_threads(1)
    model = recorded_model()
    return Solo(model, together(model))


def small_solo(device: torch.device, options: Mapping[str, object]) -> Solo:
    """A random model with as many heads as the options say."""
    torch.set_num_threads(1)
    model = small_model(int(str(options["heads"])))
    return Solo(model, together(model))


def small_model(heads: int) -> Fusion:
    """Three blocks of random weights."""
    config = small.config(dim=16 * heads, heads=heads)
    return small.model_of(config, small.random_state(config))


def small_request(*, clean_first: bool) -> DenoiseRequest:
    """For `small_model`: 36 tokens of picture, 11 of sound."""
    given = small.inputs(small.config())
    return DenoiseRequest(
        video_noise=given.video,
        audio_noise=given.audio,
        positive=given.prompt,
        video_negative=given.video_negative,
        audio_negative=given.audio_negative,
        first_frame=given.video[:, 1:2] if clean_first else None,
        solver="unipc",
        steps=3,
        shift=5.0,
        scales=Scales(),
        skip=1,
    )


def only_the_first(device: torch.device, options: Mapping[str, object]) -> Solo:
    """Fails to load in every other process."""
    if os.getpid() != options["leader"]:
        raise EngineUnavailable("The weights are not there.")
    return recorded_solo(device, options)


def dying(device: torch.device, options: Mapping[str, object]) -> Solo:
    """As `recorded_solo`, but the other processes die at the second step; with a `mark` once, a file of which tells."""
    solo = recorded_solo(device, options)
    mark = Path(str(options["mark"])) if "mark" in options else None

    class Dying(Guided):
        def __call__(self, step: int, video: Tensor, audio: Tensor) -> Velocity:
            if step == 1 and os.getpid() != options["leader"] and not (mark and mark.exists()):
                if mark:
                    mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return super().__call__(step, video, audio)

    return Solo(solo.model, solo.network, Dying)


def out_of_memory(device: torch.device, options: Mapping[str, object]) -> Solo:
    """As `recorded_solo`, but there is too little memory in the other processes."""
    solo = recorded_solo(device, options)

    def network(
        video: Tensor, audio: Tensor, moment: Moment, geometry: Geometry, passes: Sequence[Pass]
    ) -> list[Velocity]:
        if os.getpid() != options["leader"]:
            raise torch.OutOfMemoryError("too large")
        return solo.network(video, audio, moment, geometry, passes)

    return Solo(solo.model, network)
