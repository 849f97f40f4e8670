"""The pipeline: one call of diffusers for a job, and its frames and samples as a clip."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from diffusers.pipelines.ltx2.utils import DEFAULT_NEGATIVE_PROMPT
from numpy.typing import NDArray
from torch import Tensor

from understudy.engines.engine import Job, Output, Report
from understudy.engines.ltx2 import VERSION
from understudy.engines.ltx2.options import Options, read_options
from understudy.engines.ltx2.picture import first_frame
from understudy.engines.ltx2.stage import Stage, load_stage
from understudy.engines.ltx2.watch import Watch
from understudy.engines.mappings.ltx2 import FPS, Request, request_for
from understudy.engines.wish import wish_for
from understudy.errors import EngineFailed, EngineOutOfMemory, StorageFailed
from understudy.files.clip import ClipWriter
from understudy.files.encoding import encode

_NAME: Final = "ltx2.mp4"
_CRF: Final = 16
_THREADS: Final = 4
"""Fixed, so that the same frames give the same bytes on every machine."""


def load(options: Mapping[str, object]) -> "Ltx2Pipeline":
    """What a replica calls. Raises `EngineUnavailable`, or `EngineOutOfMemory` if the card is too small."""
    read = read_options(options)
    with _memory_told("loading", read):
        return Ltx2Pipeline(read, load_stage(read))


class Ltx2Pipeline:
    """Makes clips with one checkpoint; keeps nothing between two runs."""

    def __init__(self, options: Options, stage: Stage) -> None:
        self._options = options
        self._stage = stage

    def run(self, job: Job, report: Report) -> Sequence[Output]:
        """One clip with sound, an mp4 in the job's folder.

        The same job gives the same noise on every machine, and the same bytes on the same one. Raises `Cancelled` out
        of `report`, `EngineInputError` for a picture that cannot be read, `EngineOutOfMemory`, `EngineFailed`.
        """
        request = request_for(wish_for(job), self._options.limits)
        steps = request.steps or self._options.steps or self._stage.steps
        picture = first_frame(request.picture, request.size) if request.picture else None
        self._tell(request, steps, job.seed)
        began = time.monotonic()
        with _memory_told("making this clip", self._options):
            video, audio = self._make(request, steps, job.seed, picture, Watch(report, steps, request.kept))
            made = time.monotonic()
            self._write(job, request, video, audio, report)
        _say(f"Time: making {made - began:.1f} s, encoding {time.monotonic() - made:.1f} s")
        return (Output(_NAME),)

    def close(self) -> None:
        """Give the card's memory back."""
        self._stage.close()

    def _make(
        self, request: Request, steps: int, seed: int, picture: Any, watch: Watch
    ) -> tuple[Tensor, Tensor]:
        """Frames [F, 3, H, W] in [0, 1] and samples [C, L] in [-1, 1]."""
        guidance = request.guidance or self._options.guidance
        pipeline = self._stage.pipeline(with_picture=picture is not None)
        watch.text()
        try:
            with watch.over(pipeline.transformer, pipeline.vae.decoder):
                video, audio = pipeline(
                    **({} if picture is None else {"image": picture}),
                    **({} if guidance is None else {"guidance_scale": guidance}),
                    **self._stage.generation,
                    prompt=request.prompt,
                    negative_prompt=DEFAULT_NEGATIVE_PROMPT if request.negative is None else request.negative,
                    width=request.size[0],
                    height=request.size[1],
                    num_frames=request.frames,
                    frame_rate=float(FPS),
                    num_inference_steps=steps,
                    # On the CPU, so that a seed means the same on every card.
                    generator=torch.Generator("cpu").manual_seed(seed),
                    callback_on_step_end=watch.step,
                    output_type="pt",
                    return_dict=False,
                )
        finally:
            self._stage.rest(pipeline)
        return video[0], audio[0]

    def _write(self, job: Job, request: Request, video: Tensor, audio: Tensor, report: Report) -> None:
        """Encode frames while later ones are still fetched from the card."""
        sound = _samples(audio, request, self._stage.rate) if request.sound else None
        writer = ClipWriter(
            Path(job.folder) / _NAME,
            width=request.size[0],
            height=request.size[1],
            fps=FPS,
            audio_rate=None if sound is None else self._stage.rate,
            channels=2 if audio.shape[0] == 2 else 1,
            metadata=self._metadata(job),
            crf=_CRF,
            preset="fast",
            threads=_THREADS,
        )
        try:
            encode(
                _frames(video[: request.kept]),
                None if sound is None else _seconds(sound, self._stage.rate),
                writer,
                lambda number: report(number, request.kept, stage="Encode", unit="frame"),
            )
        except StorageFailed as error:
            raise EngineFailed(str(error)) from error

    def _metadata(self, job: Job) -> dict[str, str]:
        return {
            "title": f"LTX-2 for {job.model}",
            "model": job.model,
            "engine": f"ltx2/{VERSION}",
            "seed": str(job.seed),
            "task": job.id,
        }

    def _tell(self, request: Request, steps: int, seed: int) -> None:
        """Say in the run's log what will be made, and how that differs from what was asked."""
        for note in request.notes:
            _say(f"Note: {note}")
        sound = f"{self._stage.rate / 1000:g} kHz sound" if request.sound else "no sound"
        _say(
            f"Clip: {request.size[0]} x {request.size[1]}, {request.kept} of {request.frames} frames at {FPS} a second,"
            f" {sound}; {'from the input picture' if request.picture else 'from the prompt alone'}"
        )
        _say(f"Run: memory {self._options.memory}, {steps} steps, seed {seed}")


def _frames(video: Tensor) -> Iterator[NDArray[np.uint8]]:
    """[F, 3, H, W] in [0, 1] -> frames (H, W, 3), fetched one by one."""
    for frame in video:
        pixels: NDArray[np.uint8] = (
            (frame.float() * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
        )
        yield np.ascontiguousarray(pixels)


def _samples(audio: Tensor, request: Request, rate: int) -> NDArray[np.float32]:
    """[C, L] -> (L, C), no longer than the picture."""
    kept = audio[:, : round(request.seconds * rate)]
    samples: NDArray[np.float32] = kept.T.float().clamp(-1, 1).cpu().numpy()
    return samples


def _seconds(samples: NDArray[np.float32], rate: int) -> Iterator[NDArray[np.float32]]:
    return (samples[start : start + rate] for start in range(0, len(samples), rate))


@contextmanager
def _memory_told(doing: str, options: Options) -> Iterator[None]:
    """Out of memory is told with the setting that helps."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        advice = (
            'Set memory = "offload" in [engine.ltx2] to keep one part of the model on it at a time'
            if options.memory == "resident"
            else "Set max_pixels or max_seconds in [engine.ltx2] lower"
        )
        raise EngineOutOfMemory(
            f"The card ran out of memory while {doing}. {advice}, or close what else uses the card."
        ) from error


def _say(line: str) -> None:
    print(line.encode("utf-8", "replace").decode("utf-8"), flush=True)  # noqa: T201 - the run's log
