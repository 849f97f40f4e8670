"""The pipeline: text to embeddings, noise to latents, latents to a clip."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from understudy.engines.engine import Job, Output, Report
from understudy.engines.ovi import VERSION
from understudy.engines.ovi.config import OviConfig, Variant
from understudy.engines.ovi.contracts import (
    NEGATIVE_AUDIO,
    NEGATIVE_VIDEO,
    Request,
    made_otherwise,
    request_for,
)
from understudy.engines.ovi.denoise import Latents, draw_noise
from understudy.engines.ovi.denoiser import DenoiseRequest
from understudy.engines.ovi.guidance import Scales
from understudy.engines.ovi.memory.profiles import PROFILES
from understudy.engines.ovi.options import Options, read_options
from understudy.engines.ovi.picture import first_frame, load_picture
from understudy.engines.ovi.prompt import Prompt, compose
from understudy.engines.ovi.sizes import Size, requested_size
from understudy.engines.ovi.stage import Stage, load_stage
from understudy.errors import EngineFailed, EngineOutOfMemory, StorageFailed
from understudy.files.clip import ClipWriter
from understudy.files.encoding import encode

_NAME: Final = "ovi.mp4"
_CRF: Final = 16
_THREADS: Final = 4
"""Fixed, so that the same frames give the same bytes on every machine."""


def load(options: Mapping[str, object]) -> "OviPipeline":
    """What a replica calls. Raises `EngineUnavailable`, or `EngineOutOfMemory` if no memory profile fits the card."""
    read = read_options(options)
    with _memory_told("loading", lambda: read.memory):
        pipeline = OviPipeline(read, load_stage(read))
        pipeline.warm_up()
    return pipeline


class OviPipeline:
    """Makes clips with one checkpoint; embeddings of texts are kept between runs, nothing else is."""

    def __init__(self, options: Options, stage: Stage) -> None:
        self._options = options
        self._stage = stage
        self._config: OviConfig = stage.config
        self._variant: Variant = stage.config.variants[options.variant]

    def run(self, job: Job, report: Report) -> Sequence[Output]:
        """One clip with sound, an mp4 in the job's folder.

        The same job gives the same latents on every machine, up to rounding. Raises `Cancelled` out of `report`,
        `EngineInputError` for inputs that it cannot play, `EngineOutOfMemory`, `EngineFailed`.
        """
        request = request_for(job)
        prompt = compose(request.prompt, self._variant.style)
        frame = self._frame(request)
        size = _size(frame, request, self._variant)
        steps = request.steps or self._options.steps
        self._tell(request, prompt, size, steps, job.seed)
        clock = _Clock()
        with torch.inference_mode(), _memory_told("making this clip", lambda: self._stage.profile.name):
            texts = self._embed(prompt, request, report)
            clock.lap("text")
            latents = self._denoise(texts, frame, size, steps, job.seed, report)
            clock.lap("denoising")
            sound = self._sound(latents.audio) if request.sound else None
            self._write(job, latents.video, sound, size, report)
            clock.lap("decoding and encoding")
        _say(f"Time: {clock}")
        return (Output(_NAME),)

    def warm_up(self) -> None:
        """One step without a picture and one with, and a decoding, at the usual size and with the default negative texts:
        so that the text encoder is read, and kernels are chosen and compiled, before the first run."""
        if not self._options.warm_up or self._stage.device.type != "cuda":
            return
        side = requested_size(720, 720, self._variant.area)
        with torch.inference_mode():
            with self._stage.texts() as source:
                video, audio = (source.embed(text, lasting=True) for text in (NEGATIVE_VIDEO, NEGATIVE_AUDIO))
            for frame in (None, torch.zeros(1, 3, *side)):
                latents = self._denoise((video, video, audio), frame, side, 1, 0, lambda *_, **__: None)
            self._sound(latents.audio)
            for _ in self._stage.frames(latents.video[:, :2]):
                pass

    def close(self) -> None:
        """Give the card's memory back."""
        self._stage.close()

    def _frame(self, request: Request) -> Tensor | None:
        """The picture that the clip begins with, [1, 3, H, W]."""
        if request.image is None:
            return None
        return first_frame(load_picture(request.image), request.size, self._variant.area)

    def _embed(self, prompt: Prompt, request: Request, report: Report) -> tuple[Tensor, Tensor, Tensor]:
        texts = (prompt.text, request.negative_video, request.negative_audio)
        report(0, len(texts), stage="Text", unit="prompt")
        embeddings = []
        with self._stage.texts() as source:
            for number, text in enumerate(texts):
                embeddings.append(source.embed(text, lasting=number > 0))
                report(number + 1, len(texts), stage="Text", unit="prompt")
        positive, video_negative, audio_negative = embeddings
        return positive, video_negative, audio_negative

    def _denoise(
        self,
        texts: tuple[Tensor, Tensor, Tensor],
        frame: Tensor | None,
        size: Size,
        steps: int,
        seed: int,
        report: Report,
    ) -> Latents:
        options, variant, stage = self._options, self._variant, self._stage
        cell = self._config.video_vae.scale_factor_spatial
        shape = (
            self._config.fusion.video.channels,
            variant.video_latent_frames,
            size[0] // cell,
            size[1] // cell,
        )
        sound = (variant.audio_latent_length, self._config.fusion.audio.channels)
        noise = draw_noise(shape, sound, seed, stage.device)
        given = None if frame is None else stage.encode(frame)

        def done(step: int, total: int, /) -> None:
            report(step, total, stage="Generate", unit="it")

        request = DenoiseRequest(
            video_noise=noise.video,
            audio_noise=noise.audio,
            positive=texts[0],
            video_negative=texts[1],
            audio_negative=texts[2],
            first_frame=given,
            solver=options.solver,
            steps=steps,
            shift=options.shift,
            scales=Scales(options.video_guidance, options.audio_guidance),
            skip=self._config.skip_block,
        )
        with stage.denoiser() as denoise:
            return denoise(request, done)

    def _sound(self, latent: Tensor) -> NDArray[np.float32]:
        """[L, C] -> mono samples in [-1, 1]."""
        samples: NDArray[np.float32] = self._stage.decode_sound(latent).cpu().numpy()
        return samples

    def _write(
        self, job: Job, latent: Tensor, sound: NDArray[np.float32] | None, size: Size, report: Report
    ) -> None:
        """Decode and encode at the same time: while later latents are decoded, earlier frames become H.264."""
        total = self._variant.frames
        report(0, total, stage="Decode", unit="frame")
        writer = ClipWriter(
            Path(job.folder) / _NAME,
            width=size[1],
            height=size[0],
            fps=self._variant.fps,
            audio_rate=None if sound is None else self._variant.sample_rate,
            channels=1,
            metadata=self._metadata(job),
            crf=_CRF,
            preset="fast",
            threads=_THREADS,
        )
        frames = (frame for chunk in self._stage.frames(latent) for frame in chunk)
        try:
            encode(
                frames,
                None if sound is None else _seconds(sound, self._variant.sample_rate),
                writer,
                lambda number: report(number, total, stage="Decode", unit="frame"),
            )
        except StorageFailed as error:
            raise EngineFailed(str(error)) from error
        report(total, total, stage="Encode", unit="frame")

    def _metadata(self, job: Job) -> dict[str, str]:
        return {
            "title": f"Ovi for {job.model}",
            "model": job.model,
            "engine": f"ovi/{VERSION}",
            "variant": self._options.variant,
            "preset": self._options.preset,
            "seed": str(job.seed),
            "task": job.id,
        }

    def _tell(self, request: Request, prompt: Prompt, size: Size, steps: int, seed: int) -> None:
        """Say in the run's log what will be made, and how that differs from what was asked."""
        variant, options = self._variant, self._options
        _say(f"Prompt: {prompt.text}")
        for note in (
            *prompt.notes,
            *request.notes,
            *made_otherwise(self._config.variants, options.variant, request),
        ):
            _say(f"Note: {note}")
        _say(
            f"Clip: {size[1]} x {size[0]}, {variant.frames} frames at {variant.fps} a second,"
            f" {'16 kHz sound' if request.sound else 'no sound'};"
            f" {'from the input image' if request.image else 'from the prompt alone'}"
        )
        _say(
            f"Run: variant {options.variant}, preset {options.preset}, memory {self._stage.profile.name},"
            f" {steps} steps, seed {seed}"
        )


class _Clock:
    """How long the parts of a run took."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._laps: list[str] = []

    def lap(self, name: str) -> None:
        """Everything since the last lap was `name`."""
        now = time.monotonic()
        self._laps.append(f"{name} {now - self._started:.1f} s")
        self._started = now

    def __str__(self) -> str:
        return ", ".join(self._laps)


def _size(frame: Tensor | None, request: Request, variant: Variant) -> Size:
    """Height and width of the clip."""
    if frame is not None:
        return frame.shape[2], frame.shape[3]
    assert request.size is not None
    return requested_size(*request.size, variant.area)


def _seconds(samples: NDArray[np.float32], rate: int) -> Iterator[NDArray[np.float32]]:
    return (samples[start : start + rate] for start in range(0, len(samples), rate))


@contextmanager
def _memory_told(doing: str, profile: Callable[[], str]) -> Iterator[None]:
    """Out of memory is told with the setting that helps; `profile` is what plays now."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        names = [each.name for each in PROFILES]
        later = names[names.index(profile()) + 1 :] if profile() in names else names[-2:]
        advice = (
            f'Set memory = "{later[0]}" in [engine.ovi] to keep less on it'
            if later
            else "Ask for a smaller size"
        )
        raise EngineOutOfMemory(
            f"The card ran out of memory while {doing}. {advice}, or close what else uses the card."
        ) from error


def _say(line: str) -> None:
    print(line.encode("utf-8", "replace").decode("utf-8"), flush=True)  # noqa: T201 - the run's log
