"""The converted form: the same values, whole or not there, made once."""

from pathlib import Path

import pytest
import torch

from understudy.engines.ovi.weights.convert import convert
from understudy.engines.ovi.weights.layout import CONVERTIBLE
from understudy.engines.ovi.weights.loading import load_part
from understudy.engines.ovi.weights.tiny import TINY_VARIANT
from understudy.errors import EngineUnavailable, StorageFailed


def test_values_and_types_stay(folder: Path) -> None:
    before = {part: dict(load_part(folder, TINY_VARIANT, part, device="cpu")) for part in CONVERTIBLE}
    assert {path.name for path in convert(folder)} == {f"{part}.safetensors" for part in CONVERTIBLE}
    for part in CONVERTIBLE:
        after = dict(load_part(folder, TINY_VARIANT, part, device="cpu"))
        left_out = {name for name in before[part] if part == "audio_vae" and name.startswith("encoder.")}
        assert after.keys() == before[part].keys() - left_out
        for name, tensor in after.items():
            assert tensor.dtype == before[part][name].dtype
            assert torch.equal(tensor, before[part][name])


def test_it_is_done_once_and_again_for_a_new_original(folder: Path) -> None:
    convert(folder)
    assert convert(folder) == ()
    (folder / "Wan2.2-TI2V-5B/Wan2.2_VAE.pth").touch()
    assert [path.name for path in convert(folder)] == ["video_vae.safetensors"]


def test_the_originals_may_go(folder: Path) -> None:
    convert(folder)
    (folder / "MMAudio/ext_weights/best_netG.pt").unlink()
    assert convert(folder) == ()
    assert len(dict(load_part(folder, TINY_VARIANT, "vocoder", device="cpu"))) == 784


def test_a_damaged_original_leaves_nothing(folder: Path) -> None:
    original = folder / "Wan2.2-TI2V-5B/Wan2.2_VAE.pth"
    original.write_bytes(original.read_bytes()[:1000])
    with pytest.raises(EngineUnavailable, match=r"Wan2\.2_VAE\.pth"):
        convert(folder)
    assert not (folder / "converted/video_vae.safetensors").exists()


def test_a_disk_that_takes_nothing_is_told(folder: Path) -> None:
    (folder / "converted").write_text("in the way")
    with pytest.raises(StorageFailed, match="cannot be written"):
        convert(folder)
