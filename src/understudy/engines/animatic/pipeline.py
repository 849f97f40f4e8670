"""The pipeline: reads the inputs, then draws, while what is drawn is encoded."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from understudy.engines.animatic import VERSION
from understudy.engines.animatic.contracts import Spec, spec_for
from understudy.engines.animatic.notes import cue_name, move_note
from understudy.engines.animatic.picture.film import frames
from understudy.engines.animatic.picture.photo import picture_size
from understudy.engines.animatic.picture.type import settable
from understudy.engines.animatic.prompt.reading import Reading, read
from understudy.engines.animatic.sound.mix import Spoken, soundtrack
from understudy.engines.animatic.sound.signal import RATE
from understudy.engines.animatic.speech import available, speak
from understudy.engines.animatic.timeline import Timeline, most_shots, plan, reading_time
from understudy.engines.engine import Job, Output, Report
from understudy.errors import EngineFailed, StorageFailed
from understudy.files.clip import ClipWriter
from understudy.files.encoding import encode

_NAME: Final = "animatic.mp4"
_CRF: Final = 21
_X264: Final[dict[str, str | int]] = {
    "rc-lookahead": 10,
    "subme": 1,
    "trellis": 0,
    "weightp": 0,
    "scenecut": 0,
}
"""What costs time and gives still, calm pictures nothing."""


def load(options: Mapping[str, object]) -> "AnimaticPipeline":
    """What a replica calls. There are no options, and nothing to load."""
    return AnimaticPipeline()


class AnimaticPipeline:
    """Renders animatics; keeps nothing between two runs."""

    def run(self, job: Job, report: Report) -> Sequence[Output]:
        """Render one clip into the job's folder; reports once for each second of it.

        The same job gives the same bytes. Raises `Cancelled` out of `report`, `EngineInputError` for an image that
        cannot be read, `EngineFailed` if the clip cannot be written.
        """
        image = next((paths[0] for paths in job.files.values() if paths), None)
        spec = spec_for(job.model, job.values, picture_size(image) if image else None)
        reading = read(_prompt(job), most_shots(spec.seconds))
        timeline, spoken = _voiced(reading, spec)
        _tell(reading, spec, timeline, image, voice=bool(spoken))
        report(0, _whole_seconds(spec), stage="Generate", unit="s")
        pictures = frames(timeline, reading.cues, spec, job.seed, image, subtitles=reading.subtitles)
        writer = ClipWriter(
            Path(job.folder) / _NAME,
            width=spec.width,
            height=spec.height,
            fps=spec.fps,
            audio_rate=RATE if spec.sound else None,
            metadata=_metadata(job),
            crf=_CRF,
            preset="superfast",
            x264=_X264,
        )
        # The sound is made while the first scene is built.
        with ThreadPoolExecutor(1, "animatic-sound") as mixer:
            sound = mixer.submit(_sound, reading, spec, job.seed, spoken) if spec.sound else None
            try:
                encode(pictures, sound, writer, _seconds_told(spec, report))
            except StorageFailed as error:
                raise EngineFailed(str(error)) from error
        return (Output(_NAME),)

    def close(self) -> None:
        """Nothing is kept, so nothing is given back."""


def _seconds_told(spec: Spec, report: Report) -> Callable[[int], None]:
    """Reports once for each second of the clip, as its frames are drawn."""

    def tell(drawn: int) -> None:
        if drawn % spec.fps == 0 or drawn == spec.frames:
            report(-(-drawn // spec.fps), _whole_seconds(spec), stage="Generate", unit="s")

    return tell


def _prompt(job: Job) -> str:
    named = next((job.values[name] for name in ("prompt", "text", "description") if name in job.values), "")
    return str(named)


def _voiced(reading: Reading, spec: Spec) -> tuple[Timeline, tuple[Spoken, ...]]:
    """The plan, with the voice's own lengths where there is a voice; a line that it cannot say is read instead."""
    if not (spec.sound and reading.lines and available()):
        return plan(reading, spec.seconds), ()
    room = max(0.5, (spec.seconds - 1.0) / len(reading.lines))
    said = [speak(line.text, line.voice, RATE, at_most=room) for line in reading.lines]
    lengths = [
        reading_time(line.text) if samples is None else max(0.8, len(samples) / RATE)
        for line, samples in zip(reading.lines, said, strict=True)
    ]
    timeline = plan(reading, spec.seconds, lengths)
    spoken = (
        Spoken(speech.start, samples[: round((speech.end - speech.start) * RATE)])
        for speech, samples in zip(timeline.speeches, said, strict=True)
        if samples is not None
    )
    return timeline, tuple(spoken)


def _sound(reading: Reading, spec: Spec, seed: int, spoken: tuple[Spoken, ...]) -> NDArray[np.float32]:
    dark = reading.shots[0].setting.time in ("dusk", "night", "midnight")
    return soundtrack(reading.cues, spec.seconds, seed, spoken=spoken, minor=dark)


def _whole_seconds(spec: Spec) -> int:
    return -(-spec.frames // spec.fps)


def _metadata(job: Job) -> dict[str, str]:
    """Keys that players show, and the same facts under names that programs can look up."""
    return {
        "title": f"Animatic for {job.model}",
        "comment": f"A preview by the animatic engine, not the work of {job.model}.",
        "model": job.model,
        "engine": f"animatic/{VERSION}",
        "task": job.id,
        "preview": "true",
    }


def _tell(reading: Reading, spec: Spec, timeline: Timeline, image: str | None, *, voice: bool) -> None:
    """Say in the run's log what was understood."""
    sound = "48 kHz stereo" if spec.sound else "no sound"
    lines = [f"Clip: {spec.width} x {spec.height}, {spec.seconds:g} s at {spec.fps} frames a second, {sound}"]
    lines.append("Picture: the input image" if image else f"Picture: cards, {len(timeline.scenes)} shot(s)")
    for number, shot in enumerate(reading.shots, 1):
        moves = ", ".join(move_note(move) for move in shot.moves) or "slow drift"
        size = f"{shot.framing.size}, " if shot.framing.size else ""
        lines.append(f"Shot {number}: {size}{shot.setting.time}, {shot.setting.place}; camera: {moves}")
    if spec.sound:
        lines.append(f"Sound: {', '.join(cue_name(cue) for cue in reading.cues) or 'room tone'}")
    lines += [
        f"Line: {speech.start:.1f} to {speech.end:.1f} s ({speech.line.voice}) {speech.line.text}"
        for speech in timeline.speeches
    ]
    if timeline.speeches and spec.sound and not voice:
        lines.append("Voice: none; install understudy[speech] to hear the lines")
    if reading.text and not settable(reading.text) and not image:
        lines.append("Captions: left out, the bundled typeface lacks this script")
    for line in lines:
        print(line.encode("utf-8", "replace").decode("utf-8"), flush=True)  # noqa: T201 - the run's log
