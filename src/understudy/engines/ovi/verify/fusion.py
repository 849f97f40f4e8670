"""Single passes through the transformer."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from understudy.engines.ovi.config import FusionConfig
from understudy.engines.ovi.transformer.fusion import Fusion
from understudy.engines.ovi.transformer.loading import build_fusion, load_fusion
from understudy.engines.ovi.verify.case import Case, Measure, Unreadable, Where, compare, forward_limits
from understudy.engines.ovi.verify.files import entries, needed, read_json, read_tensors, unbatched
from understudy.engines.ovi.verify.intermediates import intermediates


class Models:
    """Transformers by their files, each loaded once."""

    def __init__(self, where: Where) -> None:
        self._where = where
        self._loaded: dict[tuple[Path, Path], Fusion] = {}

    def load(self, config: Path, weights: Path) -> Fusion:
        """Raises `NotJudged` if a file is not there, and what reading it and loading from it raise."""
        key = config.resolve(), weights.resolve()
        if key not in self._loaded:
            state = read_tensors(weights)
            model = build_fusion(
                _config(read_json(config), state), device=self._where.device, dtype=self._where.dtype
            )
            load_fusion(model, state.items())
            self._loaded[key] = model
        return self._loaded[key]


class Asked(NamedTuple):
    """What one pass is given."""

    video: Tensor  # [C, F, h, w]
    audio: Tensor  # [L, C]
    video_text: Tensor  # [n, text_dim]
    audio_text: Tensor  # [n, text_dim]
    t: float
    clean_first: bool
    skip: int | None


def cases(path: Path, where: Where) -> Iterator[Case]:
    """Every pass of a `cases.json`, and what happens on the way of those whose inner states were recorded."""
    models, folder = Models(where), path.parent
    for name, case in entries(read_json(path), "name"):
        yield Case(f"fusion/{name}", partial(_pass, folder, name, case, models, where))
        inner = folder / f"intermediates_{name}.safetensors"
        if inner.exists() and where.dtype == torch.float32:
            yield Case(f"fusion/{name}, inside", partial(_inside, folder, name, case, inner, models))


def skipped_block(value: object) -> int | None:
    """`slg_layer` as recorded: none of the blocks for 0, false and null."""
    return int(value) if isinstance(value, int | float) and value > 0 else None


def _pass(folder: Path, name: str, case: dict[str, Any], models: Models, where: Where) -> Iterator[Measure]:
    model, data = _model(folder, case, models), _data(folder, name, case)
    asked = _asked(case, data)
    frames, height, width = asked.video.shape[1:]
    geometry = model.geometry((frames, height, width), len(asked.audio), clean_first=asked.clean_first)
    [moment] = model.moments([asked.t], clean_first=asked.clean_first)
    only = model.read(asked.video_text, asked.audio_text, skip=asked.skip)
    video, audio = asked.video.to(model.device), asked.audio.to(model.device)
    [velocity] = model(video, audio, moment, geometry, [only])
    limits = forward_limits(where.dtype)
    yield from compare("out_vid", velocity.video, unbatched(needed(data, "out_vid"), 4), *limits)
    yield from compare("out_audio", velocity.audio, unbatched(needed(data, "out_audio"), 2), *limits)


def _inside(folder: Path, name: str, case: dict[str, Any], inner: Path, models: Models) -> Iterator[Measure]:
    recorded = read_tensors(inner)
    shown = intermediates(_model(folder, case, models), *_asked(case, _data(folder, name, case)))
    for what, found in shown:
        if what in recorded:
            yield from compare(what, found, recorded[what], *forward_limits(torch.float32))


def _model(folder: Path, case: dict[str, Any], models: Models) -> Fusion:
    weights = folder / str(case.get("weights", "model.safetensors"))
    return models.load(folder / str(case.get("config", "config.json")), weights)


def _data(folder: Path, name: str, case: dict[str, Any]) -> dict[str, Tensor]:
    return read_tensors(folder / str(case.get("file", f"case_{name}.safetensors")))


def _asked(case: dict[str, Any], data: dict[str, Tensor]) -> Asked:
    return Asked(
        video=unbatched(needed(data, "vid"), 4),
        audio=unbatched(needed(data, "audio"), 2),
        video_text=unbatched(needed(data, "vid_context"), 2),
        audio_text=unbatched(needed(data, "audio_context"), 2),
        t=_time(case, data),
        clean_first=bool(case.get("first_frame_is_clean")),
        skip=skipped_block(case.get("slg_layer")),
    )


def _time(case: dict[str, Any], data: dict[str, Tensor]) -> float:
    """As the network was given it; the two places that it is recorded in have to agree."""
    listed = case.get("t")
    if "t" not in data:
        if listed is None:
            raise Unreadable("The time t is recorded nowhere.")
        return float(listed)
    given = float(data["t"].flatten()[0])
    if listed is not None and abs(float(listed) - given) > 1e-5 * max(1.0, abs(given)):
        raise Unreadable(f"The time t is {listed} in the list of cases, and {given} in the case's file.")
    return given


def _config(document: Mapping[str, Any], state: Mapping[str, Tensor]) -> FusionConfig:
    """Both towers' settings; those beside the towers are of both, and the text's width is told by the weights, too."""
    shared = {name: value for name, value in document.items() if not isinstance(value, dict)}
    towers = {}
    for tower in ("video", "audio"):
        text = state.get(f"{tower}_model.text_embedding.0.weight")
        told = {} if text is None else {"text_dim": text.shape[1]}
        towers[tower] = told | shared | dict(document[tower])
    return FusionConfig.of(towers)
