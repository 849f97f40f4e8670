"""One cell: a whole run through the pipeline, then its video decoded alone, then runs that are stopped."""

import contextlib
import statistics
import sys
import tempfile
from itertools import cycle, islice
from math import prod
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from benchmarks.ovi.cancelling import measured_cancel
from benchmarks.ovi.cell import Arithmetic, Cell, Errors, Machine, Rates, Reference, Steps
from benchmarks.ovi.clock import Clock, settle
from benchmarks.ovi.rates import measured_rates
from benchmarks.ovi.timed import TimedStage, frames_of
from benchmarks.ovi.weights import random_stage
from understudy.engines.engine import Job
from understudy.engines.ovi.config import OviConfig
from understudy.engines.ovi.contracts import OVI
from understudy.engines.ovi.denoise import Latents
from understudy.engines.ovi.options import Options
from understudy.engines.ovi.pipeline import OviPipeline
from understudy.engines.ovi.sizes import Size, requested_size
from understudy.engines.ovi.stage import Stage, load_stage
from understudy.engines.ovi.transformer.cost import step_cost

WORDS = 160
"""Tokens of a usual prompt."""
BOUND = 790e12
"""Operations a second: 80% of the dense bfloat16 peak of an H100 or H200."""
_LINE = "rain on a tin roof while two people talk in the kitchen about boats"


class Plan(NamedTuple):
    """What all cells have in common."""

    config: OviConfig
    device: torch.device
    dtype: str
    compile: bool
    graphs: bool
    weights: str | None
    """Folder of trained weights; random ones without."""


class Loaded(NamedTuple):
    """An engine under one preset, with one variant's checkpoint: for every cell of the two."""

    plan: Plan
    options: Options
    stage: Stage
    seconds: float


def load(plan: Plan, preset: str, variant: str) -> Loaded:
    """Draw the weights, or load them. Raises `EngineUnavailable`."""
    options = _options(plan, preset, variant, 1)
    began = settle(plan.device)
    if plan.weights is not None:
        stage = load_stage(options)
    else:
        with tempfile.TemporaryDirectory() as folder:
            stage = random_stage(options, plan.config, plan.device, Path(folder), _prompt(plan.config))
    with stage.texts() as source:
        source.embed("warm")  # the text encoder is made when it is first needed
    return Loaded(plan, options, stage, settle(plan.device) - began)


def measured(
    engine: Loaded,
    machine: Machine,
    variant: str,
    steps: int,
    exact: Latents | None,
    reference: Reference | None,
) -> tuple[Cell, Latents]:
    """The cell, and the latents of its run on the CPU. `exact`: those of the exact preset, to compare with."""
    plan = engine.plan
    config, device = plan.config, plan.device
    options = _options(plan, engine.options.preset, variant, steps)
    clock = Clock(device)
    timed = TimedStage(engine.stage, clock)
    size = clip_size(config, variant)
    warm_up = _warm_up(OviPipeline(options, engine.stage), device)
    # It has all of a stage that a pipeline uses.
    pipeline = OviPipeline(options, timed)  # type: ignore[arg-type]
    total = _run(pipeline, size, steps, device, _prompt(config))
    assert timed.request is not None
    assert timed.latents is not None
    with clock.lap("decode"):
        frames = frames_of(engine.stage, timed.latents.video)
    each = timed.marks.seconds()
    step = Steps(fastest=min(each), median=statistics.median(each), slowest=max(each))
    tokens = prod(timed.request.video_noise.shape[1:]) // prod(config.fusion.video.patch)
    rates = measured_rates(config.fusion, tokens, device, getattr(torch, plan.dtype))
    latents = Latents(*(tensor.cpu() for tensor in timed.latents))
    words = len(timed.request.positive)
    cell = Cell(
        machine=machine,
        variant=variant,
        size=size,
        frames=frames,
        steps=steps,
        preset=options.preset,
        words=words,
        dtype=plan.dtype,
        compiled=options.compile and device.type == "cuda",
        graphs=options.graphs and device.type == "cuda",
        load=engine.seconds,
        warm_up=warm_up,
        text=clock.stages["text"],
        denoise=clock.stages["denoise"],
        loop=sum(each),
        step=step,
        sound=clock.stages["sound"],
        video=clock.stages["video"],
        video_decode=clock.stages["decode"].seconds,
        total=total,
        arithmetic=_arithmetic(
            config, timed.request.video_noise, timed.request.audio_noise, words, each, rates
        ),
        rates=rates,
        cancel=measured_cancel(engine.stage, timed.request, step.median),
        errors=None if exact is None else _errors(latents, exact),
        reference=reference,
    )
    return cell, latents


def clip_size(config: OviConfig, variant: str) -> Size:
    """Height and width: a square."""
    return requested_size(1, 1, config.variants[variant].area)


def words_of(config: OviConfig) -> int:
    """Tokens of the prompt: a usual one's, or half of what a small model takes."""
    return min(WORDS, config.fusion.video.text_len // 2)


def _options(plan: Plan, preset: str, variant: str, steps: int) -> Options:
    return Options(
        weights=plan.weights or "",
        variant=variant,
        preset=preset,  # type: ignore[arg-type]  # checked by the command line
        device="cuda" if plan.device.type == "cuda" else "cpu",
        dtype=plan.dtype,  # type: ignore[arg-type]
        steps=steps,
        compile=plan.compile,
        graphs=plan.graphs,
    )


def _prompt(config: OviConfig) -> str:
    """Each word is one token, and the end is one."""
    return " ".join(islice(cycle(_LINE.split()), words_of(config) - 1))


def _warm_up(pipeline: OviPipeline, device: torch.device) -> float:
    """Kernels are chosen and compiled for the variant's size."""
    began = settle(device)
    with contextlib.redirect_stdout(sys.stderr):
        pipeline.warm_up()
    return settle(device) - began


def _run(pipeline: OviPipeline, size: Size, steps: int, device: torch.device, prompt: str) -> float:
    """From a job to a file, in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        job = Job(
            id="benchmark",
            model=OVI,
            values={"prompt": prompt, "resolution": f"{size[0]}x{size[1]}", "steps": steps},
            files={},
            seed=1,
            folder=folder,
        )
        began = settle(device)
        with contextlib.redirect_stdout(sys.stderr):
            (output,) = pipeline.run(job, lambda *_, **__: None)
        seconds = settle(device) - began
        assert Path(folder, output.path).stat().st_size
        return seconds


def _arithmetic(
    config: OviConfig, video: Tensor, audio: Tensor, words: int, steps: list[float], rates: Rates
) -> Arithmetic:
    frames, height, width = video.shape[1:]
    cost = step_cost(config.fusion, (frames, height, width), len(audio), words, skip=bool(config.skip_block))
    loop, achieved = sum(steps), cost.total * len(steps) / sum(steps)
    ideal = cost.linear / rates.matmul + cost.attention / rates.attention
    return Arithmetic(
        step_linear=cost.linear,
        step_attention=cost.attention,
        achieved=achieved,
        of_matmul_rate=achieved / rates.matmul,
        of_rates=ideal * len(steps) / loop,
        of_bound=achieved / BOUND if video.device.type == "cuda" else None,
    )


def _errors(found: Latents, exact: Latents) -> Errors:
    video, audio = (
        float((x.double() - y.double()).norm() / y.double().norm()) for x, y in zip(found, exact, strict=True)
    )
    return Errors(video=video, audio=audio)
