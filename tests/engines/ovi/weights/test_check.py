"""Each thing that can be wrong with a file of weights, in real files."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from understudy.engines.ovi.weights.check import Problem, check
from understudy.engines.ovi.weights.convert import convert
from understudy.engines.ovi.weights.tiny import TINY_VARIANT
from understudy.errors import ConfigurationError, EngineUnavailable

MODEL = "Ovi/model.safetensors"
VOCODER = "MMAudio/ext_weights/best_netG.pt"


def messages(folder: Path) -> dict[str, str]:
    return {problem.file: problem.message for problem in check(folder, TINY_VARIANT)}


def test_a_whole_folder_is_good_and_so_is_its_converted_form(folder: Path) -> None:
    assert check(folder, TINY_VARIANT, f"{TINY_VARIANT}_label") == []
    convert(folder)
    assert check(folder, TINY_VARIANT) == []


def test_every_file_is_looked_at_once(folder: Path) -> None:
    seen: list[str] = []
    check(folder, TINY_VARIANT, f"{TINY_VARIANT}_label", progress=seen.append)
    assert len(seen) == len(set(seen)) == 7


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / MODEL).unlink()
    assert check(folder, TINY_VARIANT) == [Problem(file=MODEL, message="It is missing.", missing=True)]


def test_tensors_that_do_not_fit_are_named(folder: Path) -> None:
    tensors = load_file(folder / MODEL)
    del tensors["video_model.head.modulation"]
    tensors["video_model.extra"] = torch.zeros(1)
    tensors["audio_model.head.modulation"] = torch.zeros(1, 2, 95)
    save_file(tensors, folder / MODEL)
    assert [problem.message for problem in check(folder, TINY_VARIANT)] == [
        "1 tensor missing: video_model.head.modulation.",
        "1 tensor unexpected: video_model.extra.",
        "1 tensor of another shape: audio_model.head.modulation is 1x2x95, not 1x2x96.",
    ]


def test_any_floating_type_will_do_and_no_other(folder: Path) -> None:
    tensors = {name: tensor.half() for name, tensor in load_file(folder / MODEL).items()}
    save_file(tensors, folder / MODEL)
    assert messages(folder) == {}
    save_file({name: tensor.to(torch.int8) for name, tensor in tensors.items()}, folder / MODEL)
    assert "not of floating point" in messages(folder)[MODEL]


def test_both_spellings_of_weight_norm_are_right(folder: Path) -> None:
    tensors = torch.load(folder / VOCODER, weights_only=True)["generator"]
    spelt = {
        name.replace("weight_g", "parametrizations.weight.original0").replace(
            "weight_v", "parametrizations.weight.original1"
        ): tensor
        for name, tensor in tensors.items()
    }
    assert spelt.keys() != tensors.keys()
    torch.save({"generator": spelt}, folder / VOCODER)
    assert messages(folder) == {}


@pytest.mark.parametrize("file", [MODEL, VOCODER, "Wan2.2-TI2V-5B/Wan2.2_VAE.pth"])
@pytest.mark.parametrize("kept", [0.0, 0.001, 0.5, 0.999])
def test_a_truncated_file_is_told(folder: Path, file: str, kept: float) -> None:
    whole = (folder / file).read_bytes()
    (folder / file).write_bytes(whole[: int(kept * len(whole))])
    assert "download it again" in messages(folder)[file]


def test_a_broken_tokenizer_is_told(folder: Path) -> None:
    file = "Wan2.2-TI2V-5B/google/umt5-xxl/tokenizer.json"
    (folder / file).write_text("version https://git-lfs.github.com/spec/v1")
    assert "cannot be read" in messages(folder)[file]


def test_hashes_need_a_record(folder: Path) -> None:
    unknown = [problem.file for problem in check(folder, TINY_VARIANT, hashes=True)]
    assert len(unknown) == 6
    (folder / "understudy-weights.json").write_text("{")
    with pytest.raises(ConfigurationError, match="Delete it"):
        check(folder, TINY_VARIANT, hashes=True)


def test_a_broken_configuration_is_told(folder: Path) -> None:
    (folder / "ovi.json").write_text("{}")
    with pytest.raises(EngineUnavailable, match=r"ovi\.json"):
        check(folder, TINY_VARIANT)
