"""How soon a run stops after somebody wished it to."""

import random
import threading
import time

import torch

from benchmarks.ovi.cell import Cancel
from benchmarks.ovi.clock import settle
from understudy.engines.ovi.denoiser import DenoiseRequest
from understudy.engines.ovi.stage import Stage
from understudy.errors import Cancelled

TRIALS = 3
STEPS = 4
"""Of which the wish comes in the second or third."""


def measured_cancel(stage: Stage, request: DenoiseRequest, step: float) -> Cancel:
    """The slowest of a few trials; `step` is the time of a step in seconds, which the wish's moment is drawn from."""
    # Fixed, so that two runs compare; anywhere within a step, for a wish does not wait for one to end.
    draw = random.Random(0)
    trials = [_trial(stage, request._replace(steps=STEPS), step * draw.uniform(1, 3)) for _ in range(TRIALS)]
    return Cancel(returned=max(each.returned for each in trials), idle=max(each.idle for each in trials))


def _trial(stage: Stage, request: DenoiseRequest, after: float) -> Cancel:
    """The wish comes `after` seconds from the loop's begin."""
    wished = threading.Event()
    times: list[float] = []
    timers: list[threading.Timer] = []

    def wish() -> None:
        times.append(time.perf_counter())
        wished.set()

    def done(step: int, total: int, /) -> None:
        if not timers:
            timers.append(threading.Timer(after, wish))
            timers[0].start()
        if step == total:
            # A loop that is quicker than it was: the wish comes now at the latest, so that there is one to measure.
            timers[0].cancel()
            timers[0].join()
            if not times:
                wish()
        if wished.is_set():
            raise Cancelled("The benchmark stopped it.")

    try:
        with torch.inference_mode(), stage.denoiser() as denoise:
            denoise(request, done)
    except Cancelled:
        returned = time.perf_counter()
        return Cancel(returned=returned - times[0], idle=settle(stage.device) - times[0])
    raise AssertionError("the loop ended in spite of the wish")
