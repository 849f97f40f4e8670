"""Whole clips, made by a tiny model of the real one's build."""

from collections import Counter
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from tests.engines.ovi.tiny_weights import SHORT, picture, tiny_options
from understudy.engines.engine import Job
from understudy.engines.ovi.pipeline import OviPipeline, load
from understudy.engines.ovi.weights.tiny import TINY_VARIANT
from understudy.errors import (
    Cancelled,
    ConfigurationError,
    EngineInputError,
    EngineOutOfMemory,
    EngineUnavailable,
)
from understudy.files.probe import probe

PROMPT = 'A man at a window. He says, "It will rain." Audio: wind'


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    return tiny_options(tmp_path_factory.mktemp("weights"), variant=SHORT)


@pytest.fixture(scope="module")
def pipeline(options: dict[str, object]) -> OviPipeline:
    return load(options)


def job(
    folder: Path, *, seed: int = 7, model: str = "chetwinlow1/ovi", image: Path | None = None, **values
) -> Job:
    folder.mkdir(exist_ok=True)
    given = {
        "prompt": PROMPT,
        "steps": 3,
        "resolution": "720x720",
        "negativePrompt": "",
        "audioNegativePrompt": "",
    }
    return Job(
        id="1",
        model=model,
        values={**given, **values},
        files={"inputImage": (str(image),)} if image else {},
        seed=seed,
        folder=str(folder),
    )


def pictures(path: Path) -> np.ndarray:
    """[F, H, W, 3], 0 to 255."""
    with av.open(str(path)) as clip:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)]).astype(float)


class Told:
    """A report that remembers."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int, int, str]] = []

    def __call__(self, step: int, total: int, /, *, stage: str = "", unit: str = "") -> None:
        self.steps.append((stage, step, total, unit))


def test_text_becomes_a_clip_with_sound(options: dict[str, object], tmp_path: Path, capsys) -> None:
    told = Told()
    [output] = load({**options, "variant": TINY_VARIANT}).run(job(tmp_path), told)
    found = probe(tmp_path / output.path)
    [video], [audio] = found.video, found.audio
    assert (video.codec, video.width, video.height, video.frames, video.fps) == ("h264", 128, 128, 25, 24)
    assert (audio.codec, audio.rate, audio.channels) == ("aac", 16000, 1)
    assert video.duration == pytest.approx(25 / 24, abs=0.01)
    assert audio.duration == pytest.approx(32 * 512 / 16000, abs=0.07)
    assert found.tags["engine"] == "ovi/1"
    assert (found.tags["preset"], found.tags["seed"]) == ("exact", "7")
    assert list(dict.fromkeys(stage for stage, *_ in told.steps)) == ["Text", "Generate", "Decode", "Encode"]
    generate = [(step, total, unit) for stage, step, total, unit in told.steps if stage == "Generate"]
    assert list(dict.fromkeys(generate)) == [(0, 3, "it"), (1, 3, "it"), (2, 3, "it"), (3, 3, "it")]
    assert Counter(stage for stage, *_ in told.steps)["Decode"] == 26
    log = capsys.readouterr().out
    assert "Prompt: A man at a window. He says, <S>It will rain.<E> <AUDCAP>wind<ENDAUDCAP>" in log
    assert "seed 7" in log


def test_the_same_job_gives_the_same_bytes_and_another_seed_does_not(
    pipeline: OviPipeline, tmp_path: Path
) -> None:
    def made(name: str, seed: int) -> bytes:
        [output] = pipeline.run(job(tmp_path / name, seed=seed), Told())
        return (tmp_path / name / output.path).read_bytes()

    first = made("a", 7)
    between = made("b", 8)
    assert made("c", 7) == first != between


def test_torchs_own_generator_is_left_alone(pipeline: OviPipeline, tmp_path: Path) -> None:
    before = torch.random.get_rng_state()
    pipeline.run(job(tmp_path, steps=1), Told())
    assert torch.equal(torch.random.get_rng_state(), before)
    assert not torch.is_inference_mode_enabled()


def test_a_picture_gives_the_clip_its_shape(pipeline: OviPipeline, tmp_path: Path, capsys) -> None:
    image = picture(tmp_path / "in.png", 90, 120)
    [output] = pipeline.run(job(tmp_path / "out", image=image, resolution="default"), Told())
    [video] = probe(tmp_path / "out" / output.path).video
    assert (video.width, video.height) == (160, 96)
    assert "from the input image" in capsys.readouterr().out


def test_a_named_size_wins_over_the_pictures_shape(pipeline: OviPipeline, tmp_path: Path) -> None:
    image = picture(tmp_path / "in.png", 90, 120)
    [output] = pipeline.run(job(tmp_path / "out", image=image, resolution="992x512"), Told())
    [video] = probe(tmp_path / "out" / output.path).video
    assert video.height > video.width


@pytest.mark.parametrize(
    ("model", "values", "sound"),
    [
        ("google/veo3-1", {"aspectRatio": "9:16", "durationSeconds": "8", "generateAudio": "false"}, False),
        ("openai/sora-2-pro", {"seconds": "4", "ratio": "9:16", "resolution": "720p"}, True),
    ],
)
def test_it_stands_in_for_the_other_contracts_and_says_what_differs(
    pipeline: OviPipeline, tmp_path: Path, capsys, model: str, values: dict[str, str], sound: bool
) -> None:
    asked = Job(
        id="1", model=model, values={"prompt": "Rain.", **values}, files={}, seed=1, folder=str(tmp_path)
    )
    told = Told()

    def stop_after_a_step(step: int, total: int, /, *, stage: str = "", unit: str = "") -> None:
        told(step, total, stage=stage, unit=unit)
        assert total == 50 or stage != "Generate"  # the operator's default, where the contract says nothing

    [output] = pipeline.run(asked, stop_after_a_step)
    found = probe(tmp_path / output.path)
    assert found.video[0].height > found.video[0].width
    assert bool(found.audio) is sound
    assert "s; the checkpoint tiny_short makes 0.21 s." in capsys.readouterr().out


@pytest.mark.parametrize("stage", ["Text", "Generate", "Decode"])
def test_a_run_is_stopped_where_it_is_and_leaves_nothing(
    pipeline: OviPipeline, tmp_path: Path, stage: str
) -> None:
    told = Told()

    def report(step: int, total: int, /, **about: str) -> None:
        told(step, total, **about)
        if about["stage"] == stage and step == 2:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        pipeline.run(job(tmp_path), report)
    assert told.steps[-1][:2] == (stage, 2)
    assert list(tmp_path.iterdir()) == []
    pipeline.run(job(tmp_path, steps=1), Told())  # and the next one goes on


def test_a_step_is_broken_off_in_its_middle(pipeline: OviPipeline, tmp_path: Path) -> None:
    """The first step of three has not ended: between two of its blocks is soon enough for steps of many seconds."""
    calls = []

    def report(step: int, total: int, /, *, stage: str = "", unit: str = "") -> None:
        if stage == "Generate":
            calls.append(step)
            if len(calls) == 12:
                raise Cancelled("stop")

    with pytest.raises(Cancelled):
        pipeline.run(job(tmp_path), report)
    assert calls[-1] < 3
    pipeline.run(job(tmp_path, steps=1), Told())


@pytest.mark.parametrize("memory", ["text-off", "alternating", "streamed", "streamed-small"])
def test_every_memory_profile_makes_the_same_clip(
    options: dict[str, object], pipeline: OviPipeline, tmp_path: Path, memory: str
) -> None:
    def made(pipeline: OviPipeline, name: str) -> bytes:
        [output] = pipeline.run(job(tmp_path / name), Told())
        return (tmp_path / name / output.path).read_bytes()

    assert made(load({**options, "memory": memory}), "a") == made(pipeline, "b")


def test_two_processes_make_a_clip_together(
    options: dict[str, object], pipeline: OviPipeline, tmp_path: Path
) -> None:
    """Slow, because another process has to load torch. The same clip, up to the rounding of smaller products."""
    several = load({**options, "gpus": 2})
    try:
        [output] = several.run(job(tmp_path / "a"), Told())
        pipeline.run(job(tmp_path / "b"), Told())
        pipeline.run(job(tmp_path / "c", seed=8), Told())
        found, wanted, other = (pictures(tmp_path / name / output.path) for name in "abc")
        assert np.abs(found - wanted).mean() < 0.5 < np.abs(other - wanted).mean()
    finally:
        several.close()


def test_inputs_that_cannot_be_played_are_told_before_any_work(pipeline: OviPipeline, tmp_path: Path) -> None:
    told = Told()
    with pytest.raises(EngineInputError, match="line 1, column 9"):
        pipeline.run(job(tmp_path, prompt="He says <S>Hello."), told)
    (tmp_path / "in.png").write_bytes(b"no picture")
    with pytest.raises(EngineInputError, match="cannot be read"):
        pipeline.run(job(tmp_path / "out", image=tmp_path / "in.png"), told)
    assert told.steps == []


def test_out_of_memory_is_told_with_the_setting_that_helps(pipeline: OviPipeline, tmp_path: Path) -> None:
    def report(step: int, total: int, /, **about: str) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    with pytest.raises(EngineOutOfMemory, match=r'Set memory = "text-off" in \[engine\.ovi\]'):
        pipeline.run(job(tmp_path), report)


@pytest.mark.parametrize("preset", ["fast", "draft"])
def test_presets_make_clips_too(options: dict[str, object], tmp_path: Path, preset: str) -> None:
    [output] = load({**options, "preset": preset}).run(job(tmp_path, steps=6), Told())
    assert probe(tmp_path / output.path).tags["preset"] == preset


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"preset": "quick"}, "preset"),
        ({"steps": 0}, "steps"),
        ({"colour": "blue"}, "colour"),
        ({"variant": "1080p"}, "no variant '1080p'"),
        ({"memory": "small"}, 'no memory profile "small"'),
        ({"gpus": 2, "preset": "fast"}, 'preset = "exact" or gpus = 1'),
        ({"gpus": 2, "memory": "streamed"}, 'memory = "auto" or gpus = 1'),
        ({"gpus": 5}, "heads evenly"),
    ],
)
def test_wrong_options_are_named(options: dict[str, object], wrong: dict[str, object], message: str) -> None:
    with pytest.raises((EngineUnavailable, ConfigurationError), match=message):
        load({**options, **wrong})
