"""Frames a second of the animatic at 720p, with and without an input picture, in a warm replica of its own."""

import asyncio
import tempfile
import time
from pathlib import Path

from benchmarks.report import Figure
from understudy.catalogue.loader import load_catalogue
from understudy.engines.animatic import engine
from understudy.engines.engine import Job
from understudy.executors.local import LocalExecutor

SECONDS = 8
FPS = 30


def measure(folder: Path) -> list[Figure]:
    """Two figures: seconds of clip by seconds of work."""
    return asyncio.run(_measure(folder))


async def _measure(folder: Path) -> list[Figure]:
    catalogue = load_catalogue()
    model = catalogue.find("openai", "sora-2-pro")
    assert model is not None
    prompt = model.input("prompt")
    picture = catalogue.sample("openai_sora_pro_2_input_4.jpg")
    assert prompt is not None
    assert picture is not None
    executor = LocalExecutor()
    figures = []
    for name, files in (("storyboard cards", {}), ("input picture", {"inputImage": (str(picture),)})):
        times = []
        for _ in range(3):
            job = Job(
                id="benchmark",
                model=model.address,
                values={
                    "prompt": str(prompt.default),
                    "seconds": str(SECONDS),
                    "resolution": "720p",
                    "ratio": "16:9",
                },
                files=files,
                seed=1,
                folder=tempfile.mkdtemp(dir=folder),
            )
            began = time.perf_counter()
            await executor.run(engine, {"replicas": 1}, job, lambda _: None)
            times.append(time.perf_counter() - began)
        best = sorted(times[1:])[0]
        figures.append(
            Figure(
                what=f"animatic, 720p, {name}, times real time",
                measured=SECONDS / best,
                goal=1,
                unit="x",
                at_least=True,
                note=f"{SECONDS * FPS / best:.0f} frames/s",
            )
        )
    await executor.close()
    return figures
