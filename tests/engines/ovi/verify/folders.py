"""Folders of recordings for tests: parts of the recorded one, altered, and ones of other shapes."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from tests.engines.ovi.golden import GOLDEN
from tests.engines.ovi.transformer import plain, small
from understudy.engines.ovi.config import FusionConfig, TowerConfig
from understudy.engines.ovi.sampling.schedule import SolverName, make_schedule
from understudy.engines.ovi.sampling.solvers import make_solver
from understudy.engines.ovi.verify.__main__ import main
from understudy.engines.ovi.verify.case import Outcome


class Run(NamedTuple):
    """What the command did."""

    code: int
    outcomes: dict[str, Outcome]

    def wrong(self) -> dict[str, str]:
        """Cases that were neither within their tolerances nor skipped."""
        return {
            name: each.verdict
            for name, each in self.outcomes.items()
            if each.verdict not in ("ok", "skipped")
        }


def run(folder: Path, capsys: pytest.CaptureFixture[str], *options: str) -> Run:
    """The command on a folder."""
    capsys.readouterr()
    code = main([str(folder), "--json", *options])
    lines = capsys.readouterr().out.splitlines()
    outcomes = [msgspec.json.decode(line, type=Outcome) for line in lines]
    assert len({each.case for each in outcomes}) == len(outcomes)
    return Run(code, {each.case: each for each in outcomes})


def copy(folder: Path, *sections: str, of: Path = GOLDEN) -> Path:
    """Some of the recorded folders, to be altered."""
    for section in sections:
        shutil.copytree(of / section, folder / section, copy_function=shutil.copyfile)
        (folder / section).chmod(0o755)
    return folder


def alter_json(path: Path, change: Callable[[Any], object]) -> None:
    """Read, changed in place, written."""
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def alter_tensors(path: Path, change: Callable[[dict[str, Tensor]], object]) -> None:
    """Read, changed in place, written."""
    tensors = load_file(path)
    change(tensors)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)


def write(path: Path, document: object) -> None:
    """A JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))


def reference_form(tower: TowerConfig) -> dict[str, Any]:
    """A tower's settings in the reference's words."""
    return {
        "dim": tower.dim,
        "ffn_dim": tower.ffn_dim,
        "freq_dim": tower.freq_dim,
        "num_heads": tower.heads,
        "num_layers": tower.blocks,
        "in_dim": tower.channels,
        "out_dim": tower.channels,
        "patch_size": list(tower.patch),
        "text_len": tower.text_len,
        "text_dim": tower.text_dim,
        "eps": tower.eps,
        **({} if tower.rope_scale == 1 else {"temporal_rope_scaling_factor": tower.rope_scale}),
    }


class Shape(NamedTuple):
    """Of latents, and of texts in rows."""

    video: tuple[int, int, int] = (2, 4, 10)
    length: int = 7
    words: tuple[int, int, int] = (9, 5, 3)


def write_model(folder: Path, config: FusionConfig, weights: str, settings: str) -> dict[str, Tensor]:
    """A random checkpoint and its settings, under the given names."""
    folder.mkdir(parents=True, exist_ok=True)
    state = small.random_state(config)
    save_file(state, folder / weights)
    document = {"video": reference_form(config.video), "audio": reference_form(config.audio)}
    write(folder / settings, document)
    return state


def write_pass(
    folder: Path,
    state: dict[str, Tensor],
    config: FusionConfig,
    shape: Shape,
    *,
    t: float,
    clean_first: bool = False,
    skip: int | None = None,
    batched: bool = False,
) -> str:
    """A file with one pass of the plain form; its name."""
    video, audio, video_text, audio_text, _ = _inputs(config, shape)
    out = plain.forward(
        state, config, video, audio, t, video_text, audio_text, clean_first=clean_first, skip=skip
    )
    tensors = {
        "vid": video,
        "audio": audio,
        "vid_context": video_text,
        "audio_context": audio_text,
        "out_vid": out[0].float(),
        "out_audio": out[1].float(),
    }
    batch = {name: tensor.unsqueeze(0) if batched else tensor for name, tensor in tensors.items()}
    name = f"pass_{len([*folder.glob('pass_*')])}.safetensors"
    given = torch.tensor([t], dtype=torch.float32)
    save_file({"t": given, **{each: tensor.contiguous() for each, tensor in batch.items()}}, folder / name)
    return name


def write_run(
    path: Path,
    state: dict[str, Tensor],
    config: FusionConfig,
    shape: Shape,
    *,
    solver: SolverName,
    steps: int,
    shift: float,
    scales: tuple[float, float],
    skip: int | None,
    first_frame: bool,
) -> dict[str, Any]:
    """A file with a whole run of the plain form, led by our solvers; its entry in the list of runs."""
    video, audio, positive, video_negative, audio_negative = _inputs(config, shape)
    given = torch.randn(len(video), 1, *video.shape[2:], generator=torch.Generator().manual_seed(5))
    schedule = make_schedule(solver, steps, shift)
    solvers = make_solver(solver, schedule), make_solver(solver, schedule)
    data = {"video_noise": video, "audio_noise": audio, "text_pos": positive}
    data |= {"text_video_neg": video_negative, "text_audio_neg": audio_negative}
    seen: dict[str, list[Tensor]] = {}
    for t in schedule.timesteps:
        if first_frame:
            video = torch.cat([given, video[:, 1:]], 1)
        ahead = plain.forward(state, config, video, audio, t, positive, positive, clean_first=first_frame)
        away = plain.forward(
            state, config, video, audio, t, video_negative, audio_negative, clean_first=first_frame, skip=skip
        )
        calls = zip(
            ("step_video_in", "step_audio_in", "pos_video", "pos_audio", "neg_video", "neg_audio"),
            (video, audio, *ahead, *away),
            strict=True,
        )
        for name, tensor in calls:
            seen.setdefault(name, []).append(tensor.float())
        guided = [n + scale * (p - n) for p, n, scale in zip(ahead, away, scales, strict=True)]
        video, audio = (each.step(x, v) for each, x, v in zip(solvers, (video, audio), guided, strict=True))
    if first_frame:
        video = torch.cat([given, video[:, 1:]], 1)
        data["first_frame_latent"] = given
    data |= {name: torch.stack(tensors) for name, tensors in seen.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({**data, "final_video": video, "final_audio": audio}, path)
    return {
        "file": path.name,
        "solver": solver,
        "steps": steps,
        "shift": shift,
        "video_guidance": scales[0],
        "audio_guidance": scales[1],
        "slg_layer": skip,
        "first_frame": first_frame,
        "timesteps": list(schedule.timesteps),
    }


def _inputs(config: FusionConfig, shape: Shape) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(2)
    sizes = [(config.video.channels, *shape.video), (shape.length, config.audio.channels)]
    sizes += [(count, config.video.text_dim) for count in shape.words]
    return tuple(torch.randn(size, generator=generator) for size in sizes)
