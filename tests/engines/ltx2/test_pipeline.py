"""Whole clips, made by a tiny model of the real one's build through diffusers' own pipelines."""

from collections import Counter
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from tests.engines.ltx2.jobs import Told, job, picture, tiny_options
from understudy.engines.ltx2.pipeline import Ltx2Pipeline, load
from understudy.errors import Cancelled, EngineInputError, EngineOutOfMemory, EngineUnavailable
from understudy.files.probe import probe


@pytest.fixture(scope="module")
def pipeline(weights: Path) -> Ltx2Pipeline:
    return load(tiny_options(weights))


def frames(path: Path) -> np.ndarray:
    """[F, H, W, 3], 0 to 255."""
    with av.open(str(path)) as clip:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)]).astype(float)


def test_text_becomes_a_clip_with_sound(pipeline: Ltx2Pipeline, tmp_path: Path, capsys) -> None:
    told = Told()
    [output] = pipeline.run(job(tmp_path), told)
    found = probe(tmp_path / output.path)
    [video], [audio] = found.video, found.audio
    assert (video.codec, video.width, video.height, video.frames, video.fps) == ("h264", 128, 64, 10, 24)
    assert (audio.codec, audio.rate, audio.channels) == ("aac", 24000, 2)
    assert video.duration == audio.duration == pytest.approx(10 / 24, abs=1e-6)
    assert (found.tags["engine"], found.tags["model"], found.tags["seed"]) == (
        "ltx2/1",
        "openai/sora-2-pro",
        "7",
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ltx2.mp4"]
    assert np.ptp(frames(tmp_path / output.path)) > 50  # noise, not a grey wall
    log = capsys.readouterr().out
    assert "Note: Asked for 1280 x 720 pixels; made are 128 x 64." in log
    assert "10 of 17 frames at 24 a second, 24 kHz sound; from the prompt alone" in log
    assert "3 steps, seed 7" in log


def test_progress_is_told_step_by_step(pipeline: Ltx2Pipeline, tmp_path: Path) -> None:
    told = Told()
    pipeline.run(job(tmp_path), told)
    assert list(dict.fromkeys(stage for stage, *_ in told.steps)) == ["Text", "Generate", "Decode", "Encode"]
    generate = [(step, total, unit) for stage, step, total, unit in told.steps if stage == "Generate"]
    assert list(dict.fromkeys(generate)) == [(0, 3, "it"), (1, 3, "it"), (2, 3, "it"), (3, 3, "it")]
    # Three passes of two blocks in each step: a step is heard of, and stopped, before its end.
    assert Counter(step for step, *_ in generate) == {0: 6, 1: 7, 2: 7, 3: 1}
    assert [step for stage, step, *_ in told.steps if stage == "Encode"] == list(range(1, 11))


def test_a_clip_begins_with_the_picture(pipeline: Ltx2Pipeline, tmp_path: Path, capsys) -> None:
    """Random weights do not give it back, but what is made depends on it, and on nothing else that differs."""

    def made(name: str, image: Path | None) -> np.ndarray:
        [output] = pipeline.run(job(tmp_path / name, image=image, ratio="16:9"), Told())
        return frames(tmp_path / name / output.path)

    upright, wide = picture(tmp_path / "a.png", 60, 200), picture(tmp_path / "b.png", 200, 100)
    first, second, without = made("a", upright), made("b", wide), made("c", None)
    assert first.shape == second.shape == without.shape
    assert np.abs(first - without).mean() > 1
    assert np.abs(first - second).mean() > 0.1
    assert "from the input picture" in capsys.readouterr().out


def test_a_portrait_picture_gives_a_portrait_clip(pipeline: Ltx2Pipeline, tmp_path: Path) -> None:
    image = picture(tmp_path / "in.png", 90, 120)
    [output] = pipeline.run(job(tmp_path / "out", image=image, ratio="auto"), Told())
    [video] = probe(tmp_path / "out" / output.path).video
    assert (video.width, video.height) == (64, 128)


def test_both_pipelines_share_their_parts(pipeline: Ltx2Pipeline) -> None:
    stage = pipeline._stage
    text, image = stage.pipeline(with_picture=False), stage.pipeline(with_picture=True)
    assert type(text) is not type(image)
    assert all(image.components[name] is part for name, part in text.components.items())


def test_the_same_job_gives_the_same_bytes_and_another_seed_does_not(
    pipeline: Ltx2Pipeline, weights: Path, tmp_path: Path
) -> None:
    def made(name: str, player: Ltx2Pipeline, **values: object) -> bytes:
        [output] = player.run(job(tmp_path / name, **values), Told())
        return (tmp_path / name / output.path).read_bytes()

    first = made("a", pipeline)
    assert first == made("b", pipeline) == made("c", load(tiny_options(weights)))
    made("d", pipeline, seed=8)
    # Not the bytes: the seed itself is in the file, too.
    assert np.abs(frames(tmp_path / "a" / "ltx2.mp4") - frames(tmp_path / "d" / "ltx2.mp4")).mean() > 1


@pytest.mark.parametrize(
    "values",
    [
        {"prompt": "A koala."},
        {"negativePrompt": "rain"},
        {"audioNegativePrompt": "rain"},
        {"steps": 2},
        {"guidance": 5},
    ],
)
def test_what_is_asked_for_changes_the_clip(
    pipeline: Ltx2Pipeline, tmp_path: Path, values: dict[str, str]
) -> None:
    [plain] = pipeline.run(job(tmp_path / "plain"), Told())
    [other] = pipeline.run(job(tmp_path / "other", **values), Told())
    assert (
        np.abs(frames(tmp_path / "plain" / plain.path) - frames(tmp_path / "other" / other.path)).mean() > 0.1
    )


def test_torchs_own_generator_is_left_alone(pipeline: Ltx2Pipeline, weights: Path, tmp_path: Path) -> None:
    from understudy.engines.ltx2.tiny import write_tiny

    before = torch.random.get_rng_state()
    write_tiny(tmp_path / "weights")
    pipeline.run(job(tmp_path / "out", steps=2), Told())
    assert torch.equal(torch.random.get_rng_state(), before)
    name = "transformer/diffusion_pytorch_model.safetensors"
    assert (tmp_path / "weights" / name).read_bytes() == (weights / name).read_bytes()


def test_without_sound_there_is_no_track(pipeline: Ltx2Pipeline, tmp_path: Path) -> None:
    asked = job(
        tmp_path, model="google/veo3-1", generateAudio="false", durationSeconds="4", aspectRatio="9:16"
    )
    [output] = pipeline.run(asked, Told())
    found = probe(tmp_path / output.path)
    assert found.audio == ()
    assert (found.video[0].width, found.video[0].height) == (64, 128)


def test_the_number_format_is_the_operators(weights: Path, tmp_path: Path) -> None:
    pipeline = load(tiny_options(weights, dtype="bfloat16"))
    assert pipeline._stage.pipeline(with_picture=True).transformer.dtype is torch.bfloat16
    [output] = pipeline.run(job(tmp_path, steps=2), Told())
    assert probe(tmp_path / output.path).video[0].frames == 10


def test_parts_come_and_go_with_offload(weights: Path, tmp_path: Path) -> None:
    """accelerate's hooks do their work on a CPU, too: what moves, and who has the hooks, is the same as on a card."""
    pytest.importorskip("accelerate", reason="the extra [ltx2] is not installed")
    pipeline = load(tiny_options(weights, memory="offload"))
    image = picture(tmp_path / "in.png")
    clips = []
    for name, given in (("a", None), ("b", image), ("c", None)):
        [output] = pipeline.run(job(tmp_path / name, image=given), Told())
        clips.append((tmp_path / name / output.path).read_bytes())
    assert clips[0] == clips[2] != clips[1]


@pytest.mark.parametrize("stage", ["Text", "Generate", "Decode", "Encode"])
def test_a_run_is_stopped_where_it_is_and_leaves_nothing(
    pipeline: Ltx2Pipeline, tmp_path: Path, stage: str
) -> None:
    told = Told()

    def report(step: int, total: int, /, **about: str) -> None:
        told(step, total, **about)
        if about["stage"] == stage:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        pipeline.run(job(tmp_path), report)
    assert told.steps[-1][0] == stage
    assert list(tmp_path.iterdir()) == []
    again = Told()
    pipeline.run(job(tmp_path, steps=2), again)  # and the next one goes on, and is told nothing twice
    assert Counter(step for stage, step, *_ in again.steps if stage == "Generate") == {0: 6, 1: 7, 2: 1}


def test_a_step_is_broken_off_in_its_middle(pipeline: Ltx2Pipeline, tmp_path: Path) -> None:
    calls = []

    def report(step: int, total: int, /, *, stage: str = "", unit: str = "") -> None:
        if stage == "Generate":
            calls.append(step)
            if len(calls) == 4:
                raise Cancelled("stop")

    with pytest.raises(Cancelled):
        pipeline.run(job(tmp_path), report)
    assert calls == [0, 0, 0, 0]


def test_a_picture_that_cannot_be_read_is_told_before_any_work(
    pipeline: Ltx2Pipeline, tmp_path: Path
) -> None:
    told = Told()
    (tmp_path / "in.png").write_bytes(b"no picture")
    whole = picture(tmp_path / "whole.png", 400, 300)
    (tmp_path / "cut.png").write_bytes(whole.read_bytes()[:500])
    for name in ("in.png", "cut.png", "gone.png"):
        with pytest.raises(EngineInputError, match="cannot be read"):
            pipeline.run(job(tmp_path / "out", image=tmp_path / name), told)
    assert told.steps == []


@pytest.mark.parametrize(
    ("memory", "advice"), [("resident", 'memory = "offload"'), ("offload", "max_pixels")]
)
def test_out_of_memory_is_told_with_the_setting_that_helps(
    pipeline: Ltx2Pipeline, weights: Path, tmp_path: Path, memory: str, advice: str
) -> None:
    from understudy.engines.ltx2.options import read_options

    def report(step: int, total: int, /, **about: str) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    player = Ltx2Pipeline(read_options(tiny_options(weights, memory=memory)), pipeline._stage)
    with pytest.raises(EngineOutOfMemory, match=advice):
        player.run(job(tmp_path), report)


def test_weights_that_are_not_there_or_broken_are_told(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="hf download Lightricks/LTX-2"):
        load(tiny_options(tmp_path / "nothing"))
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in weights.rglob("*"):
        if path.is_file():
            (broken / path.relative_to(weights)).parent.mkdir(exist_ok=True)
            (broken / path.relative_to(weights)).write_bytes(path.read_bytes())
    (broken / "vae" / "config.json").write_text("{")
    with pytest.raises(EngineUnavailable, match="cannot be loaded"):
        load(tiny_options(broken))
