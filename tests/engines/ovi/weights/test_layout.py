"""Where files are found, and that this is told from names and times alone."""

import os
from pathlib import Path

import pytest

from understudy.engines.ovi.config import REAL
from understudy.engines.ovi.weights.layout import converted, missing, path_of, remedy, weights_folder
from understudy.engines.ovi.weights.sources import notices, sources_of
from understudy.engines.ovi.weights.tiny import TINY_VARIANT
from understudy.errors import ConfigurationError, EngineUnavailable


def test_the_files_are_in_the_layout_of_the_reference() -> None:
    assert [source.here for source in sources_of(REAL, "960x960_10s")] == [
        "Ovi/model_960x960_10s.safetensors",
        "Wan2.2-TI2V-5B/models_t5_umt5-xxl-enc-bf16.pth",
        "Wan2.2-TI2V-5B/google/umt5-xxl/tokenizer.json",
        "Wan2.2-TI2V-5B/Wan2.2_VAE.pth",
        "MMAudio/ext_weights/v1-16.pth",
        "MMAudio/ext_weights/best_netG.pt",
    ]


def test_what_is_missing_is_named(folder: Path) -> None:
    assert missing(folder, TINY_VARIANT) == ()
    (folder / "MMAudio/ext_weights/v1-16.pth").unlink()
    assert [source.part for source in missing(folder, TINY_VARIANT)] == ["audio_vae"]
    with pytest.raises(EngineUnavailable, match=f"weights pull ovi --variant {TINY_VARIANT}"):
        path_of(folder, TINY_VARIANT, "audio_vae")
    with pytest.raises(ConfigurationError, match="no variant 'huge'"):
        missing(folder, "huge")


def test_an_empty_folder_lacks_everything(tmp_path: Path) -> None:
    assert missing(tmp_path / "none", "720x720_5s") == sources_of(REAL, "720x720_5s")
    assert "understudy weights pull ovi --variant 720x720_5s" in remedy("720x720_5s")


def test_a_converted_file_is_used_unless_the_original_is_newer(folder: Path) -> None:
    original, made = folder / "Wan2.2-TI2V-5B/Wan2.2_VAE.pth", converted(folder, "video_vae")
    made.parent.mkdir()
    made.write_bytes(b"")
    os.utime(made, ns=(0, original.stat().st_mtime_ns - 1))
    assert path_of(folder, TINY_VARIANT, "video_vae") == original
    os.utime(made, ns=(0, original.stat().st_mtime_ns))
    assert path_of(folder, TINY_VARIANT, "video_vae") == made
    original.unlink()
    assert path_of(folder, TINY_VARIANT, "video_vae") == made


def test_the_folder_is_the_operators_or_in_the_data_folder() -> None:
    assert weights_folder({"weights": "/models/ovi"}, Path("/data")) == Path("/models/ovi")
    assert weights_folder({}, Path("/data")) == Path("/data/weights/ovi")


def test_restrictions_are_said_last_and_loudly() -> None:
    said = notices(sources_of(REAL, "720x720_5s"))
    assert said[0] == "chetwinlow1/Ovi: Apache-2.0."
    assert "CC-BY-NC-4.0: NON-COMMERCIAL USE ONLY" in said[-1]
