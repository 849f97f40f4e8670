"""The small model: the real build, quick to make, the same from the same seed."""

from pathlib import Path

import torch
from safetensors.torch import load_file

from understudy.engines.ovi.config import config_of
from understudy.engines.ovi.text.tokenizer import load_tokenizer
from understudy.engines.ovi.weights.loading import load_part
from understudy.engines.ovi.weights.tiny import TINY_VARIANT, tiny_config, write_tiny


def test_the_configuration_is_read_back(written: Path) -> None:
    config = config_of(written)
    assert config == tiny_config()
    assert {variant.style for variant in config.variants.values()} == {"tags", "label"}
    variant = config.variants[TINY_VARIANT]
    assert (variant.frames, variant.samples) == (25, 16_384)
    assert config.fusion.video.text_dim == config.text.d_model


def test_the_seed_decides_the_values(written: Path, tmp_path: Path) -> None:
    write_tiny(tmp_path / "same")
    write_tiny(tmp_path / "other", seed=1)
    name = "Ovi/model.safetensors"
    first, same, other = (load_file(each / name) for each in (written, tmp_path / "same", tmp_path / "other"))
    key = "video_model.blocks.0.ffn.0.weight"
    assert all(torch.equal(first[each], same[each]) for each in first)
    assert not torch.equal(first[key], other[key])
    assert not torch.equal(first[key], load_file(written / "Ovi/model_label.safetensors")[key])


def test_making_it_leaves_the_callers_randomness_alone(tmp_path: Path) -> None:
    before = torch.get_rng_state()
    write_tiny(tmp_path)
    assert torch.equal(torch.get_rng_state(), before)


def test_it_is_small(written: Path) -> None:
    assert sum(path.stat().st_size for path in written.rglob("*") if path.is_file()) < 30_000_000


def test_the_tokenizer_fits_the_text_encoder(written: Path) -> None:
    tokenizer = load_tokenizer(written / "Wan2.2-TI2V-5B/google/umt5-xxl", text_len=64)
    ids = tokenizer.tokenise("A lighthouse on a cliff at dusk: jitter, wind, waves, a distant bell.")
    assert len(set(ids)) > 10
    assert max(ids) < tiny_config().text.vocab_size


def test_weights_are_finite_and_of_use(written: Path) -> None:
    for part in ("transformer", "text", "video_vae", "audio_vae", "vocoder"):
        for name, tensor in load_part(written, TINY_VARIANT, part, device="cpu"):
            assert tensor.isfinite().all(), name
            assert tensor.any(), name
