"""Draws a clip frame by frame: scenes through their cameras, and the words over them."""

from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from understudy.engines.animatic.contracts import Spec
from understudy.engines.animatic.notes import cue_note, shot_note
from understudy.engines.animatic.picture.card import Card
from understudy.engines.animatic.picture.motion import Path, path
from understudy.engines.animatic.picture.overlay import (
    Layout,
    Notes,
    Timed,
    captions,
    mark,
    notes,
    scrims,
    subtitle,
    timecode,
)
from understudy.engines.animatic.picture.palette import palette_for
from understudy.engines.animatic.picture.photo import Photo
from understudy.engines.animatic.picture.places import build_card
from understudy.engines.animatic.picture.planes import Sprite
from understudy.engines.animatic.prompt.cues import Cue
from understudy.engines.animatic.timeline import Scene, Timeline

_SEED_STEP: Final = 7919


class Take(msgspec.Struct, frozen=True):
    """One scene, ready to be drawn."""

    start: float
    end: float
    picture: Photo | Card
    way: Path
    still: tuple[Sprite, ...]
    timed: tuple[Timed, ...]


def frames(
    timeline: Timeline,
    cues: tuple[Cue, ...],
    spec: Spec,
    seed: int,
    image: str | None,
    *,
    subtitles: bool = True,
) -> Iterator[NDArray[np.uint8]]:
    """Every frame of the clip, one after the other, as planar YUV (see `Planes.array`).

    Scenes are built when their time comes, and forgotten after it. Raises `EngineInputError` for a bad image.
    """
    layout = Layout(spec.width, spec.height)
    draw_timecode = timecode(layout, spec.fps)
    spoken = tuple(
        made
        for speech in timeline.speeches
        for span in speech.subtitles
        if subtitles and (made := subtitle(layout, span)) is not None
    )
    photo = Photo(image, spec.width, spec.height) if image else None
    takes = _takes(timeline, cues, layout, seed, photo)
    take = next(takes)
    for number in range(spec.frames):
        seconds = number / spec.fps
        while seconds >= take.end and (following := next(takes, None)) is not None:
            take = following
        view = take.way.at((seconds - take.start) / max(1e-6, take.end - take.start))
        frame = (
            take.picture.draw(view) if isinstance(take.picture, Photo) else take.picture.draw(view, seconds)
        )
        for sprite in take.still:
            sprite.draw(frame)
        for timed in (*take.timed, *spoken):
            timed.draw(frame, seconds)
        draw_timecode(frame, number)
        yield frame.array()


def _takes(
    timeline: Timeline, cues: tuple[Cue, ...], layout: Layout, seed: int, photo: Photo | None
) -> Iterator[Take]:
    for number, scene in enumerate(timeline.scenes):
        setting = scene.shot.setting
        accent = palette_for(setting).accent
        still = (
            *scrims(layout, strong=photo is not None),
            mark(layout, accent),
            *notes(layout, Notes(shot_note(scene.shot), cue_note(cues), accent)),
        )
        yield Take(
            start=scene.start,
            end=scene.end,
            picture=photo or build_card(setting, seed + number * _SEED_STEP, layout.width, layout.height),
            way=path(scene.shot.moves, scene.end - scene.start),
            still=still,
            timed=() if photo else _captions(scene, number, len(timeline.scenes), layout, accent),
        )


def _captions(
    scene: Scene, number: int, shots: int, layout: Layout, accent: tuple[int, int, int]
) -> tuple[Timed, ...]:
    count = len(scene.captions)
    labelled = [(span, _label(number, shots, beat, count)) for beat, span in enumerate(scene.captions)]
    return captions(layout, labelled, accent)


def _label(shot: int, shots: int, beat: int, beats: int) -> str:
    parts = [f"SHOT {shot + 1}"]
    if shots > 1:
        parts = [f"SHOT {shot + 1} OF {shots}"]
    if beats > 1:
        parts.append(f"BEAT {beat + 1} OF {beats}")
    return "  ·  ".join(parts)
