import json
from pathlib import Path

import msgspec
import pytest

from tests.engines.ovi.golden import GOLDEN
from understudy.engines.ovi.config import DEFAULT_VARIANT, REAL, FusionConfig, config_of
from understudy.engines.ovi.verify.preprocess import figures_of
from understudy.errors import EngineUnavailable

RECORDED = json.loads((GOLDEN / "preprocess" / "variants.json").read_text())
STYLES = {"tags": "<AUDCAP>...<ENDAUDCAP>", "label": "Audio: ..."}
"""How the recorded figures show each."""


def test_the_variants_are_the_recorded_ones_figure_by_figure() -> None:
    ours = {
        name: figures_of(variant) | {"caption_style": STYLES[variant.style]}
        for name, variant in REAL.variants.items()
    }
    assert ours == RECORDED
    assert DEFAULT_VARIANT in REAL.variants


def test_the_towers_of_the_recorded_model_are_read() -> None:
    recorded = json.loads((GOLDEN / "fusion" / "config.json").read_text())
    config = FusionConfig.of(recorded)
    for tower, said in ((config.video, recorded["video"]), (config.audio, recorded["audio"])):
        assert (tower.dim, tower.ffn_dim, tower.freq_dim) == (said["dim"], said["ffn_dim"], said["freq_dim"])
        assert (tower.heads, tower.blocks, tower.channels) == (
            said["num_heads"],
            said["num_layers"],
            said["in_dim"],
        )
        assert tower.head_dim * tower.heads == tower.dim
        assert (list(tower.patch), tower.text_len, tower.text_dim) == (
            said["patch_size"],
            said["text_len"],
            said["text_dim"],
        )
        assert tower.eps == said["eps"]
    assert config.video.rope_scale == 1.0
    assert config.audio.rope_scale == recorded["audio"]["temporal_rope_scaling_factor"]


def test_the_real_towers_fit_the_tensors_of_the_checkpoint() -> None:
    tensors = json.loads((GOLDEN / "keys" / "fusion.json").read_text())["tensors"]
    for half, tower in (("video_model", REAL.fusion.video), ("audio_model", REAL.fusion.audio)):
        blocks = {name.split(".")[2] for name in tensors if name.startswith(f"{half}.blocks.")}
        assert len(blocks) == tower.blocks
        assert tensors[f"{half}.blocks.0.ffn.0.weight"]["shape"] == [tower.ffn_dim, tower.dim]
        assert tensors[f"{half}.time_embedding.0.weight"]["shape"] == [tower.dim, tower.freq_dim]
        assert tensors[f"{half}.text_embedding.0.weight"]["shape"] == [tower.dim, tower.text_dim]


def test_the_real_video_autoencoder_is_the_recorded_configuration() -> None:
    recorded = json.loads((GOLDEN / "keys" / "wan22_vae_diffusers_config.json").read_text())
    ours = json.loads(msgspec.json.encode(REAL.video_vae))
    shared = ours.keys() & recorded.keys()
    assert {"base_dim", "latents_mean", "latents_std", "z_dim", "dim_mult"} <= shared
    assert {name: ours[name] for name in shared} == {name: recorded[name] for name in shared}


def test_a_folder_without_a_file_holds_the_real_model(tmp_path: Path) -> None:
    assert config_of(tmp_path) is REAL


def test_a_folder_says_of_itself_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "ovi.json").write_bytes(msgspec.json.encode(REAL))
    assert config_of(tmp_path) == REAL
    small = msgspec.structs.replace(REAL, skip_block=1)
    (tmp_path / "ovi.json").write_bytes(msgspec.json.encode(small))
    assert config_of(tmp_path) == small


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b'{"fusion": 3}', b"\xff"])
def test_a_broken_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ovi.json").write_bytes(content)
    with pytest.raises(EngineUnavailable, match=r"ovi\.json"):
        config_of(tmp_path)


def test_heads_that_do_not_share_the_width_are_refused(tmp_path: Path) -> None:
    whole = json.loads(msgspec.json.encode(REAL))
    whole["fusion"]["video"]["heads"] = 7
    (tmp_path / "ovi.json").write_text(json.dumps(whole))
    with pytest.raises(EngineUnavailable, match="7 heads"):
        config_of(tmp_path)
