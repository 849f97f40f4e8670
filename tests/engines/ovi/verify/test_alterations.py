"""One number is changed, and the case that it belongs to is the one that is beyond."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor

from tests.engines.ovi.verify.folders import alter_json, alter_tensors, copy, run
from understudy.engines.ovi.verify.__main__ import main

Tensors = dict[str, Tensor]
Change = Callable[[Any], object]
"""Of a file's tensors or of a document, in place."""


def add(name: str, amount: float, at: int = 0) -> Callable[[Tensors], object]:
    """Changes one number of a tensor."""
    return lambda tensors: tensors[name].view(-1)[at].add_(amount)


def scale(name: str, by: float) -> Callable[[Tensors], object]:
    """Changes a whole tensor."""
    return lambda tensors: tensors[name].mul_(by)


def put(*keys: Any, value: object) -> Change:
    """Changes one value of a document."""

    def change(document: Any) -> None:
        for key in keys[:-1]:
            document = document[key]
        if isinstance(document, list) or keys[-1] in document:
            assert document[keys[-1]] != value
        document[keys[-1]] = value

    return change


def wrong_after(change: Change, file: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> set[str]:
    """The cases of a folder that are not within their tolerances once one of its files was changed."""
    alter = alter_json if file.suffix == ".json" else alter_tensors
    alter(file, change)
    done = run(folder, capsys)
    assert done.code == 1
    return set(done.wrong())


@pytest.mark.parametrize(
    ("file", "change", "wrong"),
    [
        ("fusion/case_t2v.safetensors", add("out_vid", 2e-4), {"fusion/t2v"}),
        ("fusion/case_t2v.safetensors", scale("out_audio", 1 + 2e-5), {"fusion/t2v"}),
        ("fusion/case_t2v.safetensors", add("vid", 0.1), {"fusion/t2v", "fusion/t2v, inside"}),
        ("fusion/case_skip_layer.safetensors", add("audio_context", 1.0), {"fusion/skip_layer"}),
        ("fusion/case_fractional_t.safetensors", add("t", 0.5), {"fusion/fractional_t"}),
        ("fusion/intermediates_t2v.safetensors", add("block1.audio", 2e-4), {"fusion/t2v, inside"}),
        ("sampler/trajectory_euler_10.safetensors", add("sigmas", 1e-6, 3), {"sampler/trajectory_euler_10"}),
        ("sampler/trajectory_dpmpp_10.safetensors", add("x_after_step", 2e-5, 200), {"sampler/trajectory_dpmpp_10"}),
        ("sampler/trajectory_unipc_10.safetensors", add("timesteps", 1, 2), {"sampler/trajectory_unipc_10"}),
        ("preprocess/image_resize.safetensors", add("tensor1", 3e-5, 500), {"preprocess/image 1"}),
    ],
)  # fmt: skip
def test_a_number_in_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, change: Change, wrong: set[str]
) -> None:
    copy(tmp_path, file.partition("/")[0])
    assert wrong_after(change, tmp_path / file, tmp_path, capsys) == wrong


@pytest.mark.parametrize(
    ("file", "change", "wrong"),
    [
        ("fusion/cases.json", put(0, "t", value=998), {"fusion/t2v", "fusion/t2v, inside"}),
        ("fusion/cases.json", put(2, "slg_layer", value=None), {"fusion/skip_layer"}),
        ("fusion/cases.json", put(0, "first_frame_is_clean", value=True), {"fusion/t2v", "fusion/t2v, inside"}),
        ("sampler/schedules.json", put("schedules", "unipc", "30", "timesteps", 4, value=970), {"sampler/unipc, 30 steps, shift 5"}),
        ("sampler/schedules.json", put("schedules", "euler", "4", "timesteps", 1, value=900.1), {"sampler/euler, 4 steps, shift 5"}),
        ("sampler/schedules.json", put("unipc_other_shifts", "7.5", "sigmas", 3, value=0.5), {"sampler/unipc, 10 steps, shift 7.5"}),
        ("sampler/trajectories.json", put(0, "model", value="v(x, t) = 0.36*x + 0.8*sin(3*t/1000)*cos(x)"), {"sampler/trajectory_unipc_10"}),
        ("sampler/trajectories.json", put(0, "shift", value=5.1), {"sampler/trajectory_unipc_10"}),
        ("sampler/trajectories.json", put(0, "solver", value="heun"), {"sampler/trajectory_unipc_10"}),
        ("preprocess/sizes.json", put(7, "i2v_hw", 1, value=32), {"preprocess/sizes"}),
        ("preprocess/variants.json", put("960x960_5s", "audio_samples", value=1), {"preprocess/variant 960x960_5s"}),
        ("preprocess/prompt_format.json", put("720x720_5s", 3, "output", value="?"), {"preprocess/prompts 720x720_5s"}),
        ("preprocess/text_clean.json", put(2, "output", value="?"), {"preprocess/text_clean"}),
        ("preprocess/image_resize.json", put(0, "out_hw", 0, value=128), {"preprocess/image 0"}),
        ("keys/fusion.json", put("tensors", "audio_model.head.head.bias", "shape", 0, value=21), {"keys/fusion"}),
        ("keys/bigvgan_16k.json", put("tensors", "conv_post.gain", value={"shape": [1]}), {"keys/bigvgan_16k"}),
        ("keys/mmaudio_vae_16k.json", put("num_tensors", value=58), {"keys/mmaudio_vae_16k"}),
        ("keys/umt5_xxl.json", put("files", 0, value="models.pth"), {"keys/umt5_xxl"}),
        ("keys/wan22_vae_to_diffusers.json", put("conv1.bias", value="conv1.bias"), {"keys/wan22_vae_to_diffusers"}),
        ("keys/umt5_xxl_config.json", put("d_ff", value=10241), {"keys/umt5_xxl_config"}),
    ],
)  # fmt: skip
def test_a_value_in_a_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, change: Change, wrong: set[str]
) -> None:
    copy(tmp_path, file.partition("/")[0])
    assert wrong_after(change, tmp_path / file, tmp_path, capsys) == wrong


def test_a_weight_is_felt_by_all_that_use_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy(tmp_path, "fusion", "denoise")
    alter_tensors(
        tmp_path / "fusion" / "model.safetensors", add("video_model.blocks.0.self_attn.v.bias", 0.1)
    )
    done = run(tmp_path, capsys)
    assert done.code == 1
    untouched = {name for name in done.outcomes if name.endswith("times")}
    assert set(done.wrong()) == set(done.outcomes) - untouched


@pytest.mark.parametrize(
    ("file", "change", "wrong"),
    [
        ("t2v.safetensors", scale("final_audio", 1 + 5e-5), {"denoise/t2v"}),
        ("i2v.safetensors", add("neg_video", 1e-3, 5000), {"denoise/i2v, each call"}),
        ("t2v_dpmpp.safetensors", add("timesteps", -1, 2), {"denoise/t2v_dpmpp, each call", "denoise/t2v_dpmpp, times"}),
        ("i2v.safetensors", lambda data: data.pop("first_frame_latent"), {"denoise/i2v", "denoise/i2v, each call"}),
    ],
)  # fmt: skip
def test_a_number_of_a_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, change: Change, wrong: set[str]
) -> None:
    copy(tmp_path, "fusion", "denoise")
    (tmp_path / "fusion" / "cases.json").unlink()
    assert wrong_after(change, tmp_path / "denoise" / file, tmp_path, capsys) == wrong


def test_what_is_beyond_is_named_with_the_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy(tmp_path, "preprocess")
    alter_json(tmp_path / "preprocess" / "sizes.json", put(0, "t2v_hw", 0, value=720))
    assert main([str(tmp_path)]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "preprocess/sizes t2v_hw unequal 1 of 70 0 beyond" in said
    assert "(720 x 720 at 518400: [704, 704] instead of [720, 704])" in said
    assert "1 beyond tolerance" in said
