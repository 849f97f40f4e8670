"""Whole runs of the transformer: their ends, each network call of theirs, and their times."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from understudy.engines.ovi.denoiser import DenoiseRequest, Solo
from understudy.engines.ovi.guidance import Scales, together
from understudy.engines.ovi.sampling.schedule import SolverName
from understudy.engines.ovi.transformer.fusion import Fusion
from understudy.engines.ovi.verify.case import (
    Case,
    Limit,
    Measure,
    NotJudged,
    Unreadable,
    Where,
    compare,
    forward_limits,
    worst,
)
from understudy.engines.ovi.verify.files import entries, needed, read_json, read_tensors, unbatched
from understudy.engines.ovi.verify.fusion import Models, skipped_block
from understudy.engines.ovi.verify.sampler import compare_times, schedule_of


class Recorded(NamedTuple):
    """One run: what was asked, what was recorded of it, and the model."""

    request: DenoiseRequest
    data: dict[str, Tensor]
    model: Fusion


def cases(path: Path, where: Where) -> Iterator[Case]:
    """Every run of a `denoise.json`, three times over."""
    models, folder = Models(where), path.parent
    for name, run in entries(read_json(path), "file"):
        file = folder / str(run.get("file", f"{name}.safetensors"))
        load = partial(_recorded, folder, file, run, models)
        yield Case(f"denoise/{file.stem}", partial(_end, load, where))
        yield Case(f"denoise/{file.stem}, each call", partial(_calls, load, run, where))
        yield Case(f"denoise/{file.stem}, times", partial(_times, file, run))


def end_limit(solver: SolverName, dtype: torch.dtype) -> Limit:
    """What the latents at the end of a run may differ by; euler's times are not whole, and rounded elsewhere."""
    if dtype != torch.float32:
        return Limit("rel", 0.03)
    return Limit("rel", 5e-5 if solver == "euler" else 2e-5)


def _recorded(folder: Path, path: Path, run: dict[str, Any], models: Models) -> Recorded:
    data = read_tensors(path)
    model = models.load(
        folder / str(run.get("config", "../fusion/config.json")),
        folder / str(run.get("weights", "../fusion/model.safetensors")),
    )
    given = data.get("first_frame_latent")
    if bool(run.get("first_frame", given is not None)) != (given is not None):
        raise Unreadable(
            "Whether a first frame is given, the list of runs and the run's file say differently."
        )
    request = DenoiseRequest(
        video_noise=unbatched(needed(data, "video_noise"), 4),
        audio_noise=unbatched(needed(data, "audio_noise"), 2),
        positive=unbatched(needed(data, "text_pos"), 2),
        video_negative=unbatched(needed(data, "text_video_neg"), 2),
        audio_negative=unbatched(needed(data, "text_audio_neg"), 2),
        first_frame=None if given is None else unbatched(given, 4),
        solver=run["solver"],
        steps=run["steps"],
        shift=run.get("shift", 5.0),
        scales=Scales(run["video_guidance"], run["audio_guidance"]),
        skip=skipped_block(run.get("slg_layer")),
    )
    return Recorded(request, data, model)


def _end(load: partial[Recorded], where: Where) -> Iterator[Measure]:
    request, data, model = load()
    schedule_of(request.solver, request.steps, request.shift)  # says so if there is no such solver
    latents = Solo(model, together(model))(request, _untold)
    limit = end_limit(request.solver, where.dtype)
    yield from compare("final_video", latents.video, unbatched(needed(data, "final_video"), 4), limit)
    yield from compare("final_audio", latents.audio, unbatched(needed(data, "final_audio"), 2), limit)


def _calls(load: partial[Recorded], run: dict[str, Any], where: Where) -> Iterator[Measure]:
    """Both passes of each step, from the latents that the reference's network saw."""
    request, data, model = load()
    if "step_video_in" not in data or "step_audio_in" not in data:
        raise NotJudged("The latents at each step were not recorded.")
    clean_first = request.first_frame is not None
    frames, height, width = request.video_noise.shape[1:]
    geometry = model.geometry((frames, height, width), len(request.audio_noise), clean_first=clean_first)
    passes = (
        model.read(request.positive, request.positive),
        model.read(request.video_negative, request.audio_negative, skip=request.skip),
    )
    measures: list[Measure] = []
    moments = model.moments(_recorded_times(run, data)[0], clean_first=clean_first)
    for step, moment in enumerate(moments):
        video = unbatched(data["step_video_in"][step], 4).to(model.device)
        audio = unbatched(data["step_audio_in"][step], 2).to(model.device)
        for kind, velocity in zip(("pos", "neg"), model(video, audio, moment, geometry, passes), strict=True):
            for tower, dims, found in (("video", 4, velocity.video), ("audio", 2, velocity.audio)):
                name = f"{kind}_{tower}"
                if name in data:
                    recorded = unbatched(data[name][step], dims)
                    limits = forward_limits(where.dtype)
                    measures += compare(name, found, recorded, *limits, note=f"step {step}")
    for name in dict.fromkeys(measure.what for measure in measures):
        yield from worst(measure for measure in measures if measure.what == name)


def _times(path: Path, run: dict[str, Any]) -> Iterator[Measure]:
    data = read_tensors(path)
    ours = schedule_of(run["solver"], run["steps"], run.get("shift", 5.0)).timesteps
    for recorded in _recorded_times(run, data):
        yield from compare_times("timesteps", ours, recorded)


def _recorded_times(run: dict[str, Any], data: dict[str, Tensor]) -> list[list[float]]:
    """From the run's file and from the list of runs, where they are."""
    found = [data["timesteps"].tolist()] if "timesteps" in data else []
    found += [run["timesteps"]] if "timesteps" in run else []
    if not found:
        raise NotJudged("The times were not recorded.")
    return found


def _untold(step: int, total: int, /) -> None:
    pass
