"""Where weights are looked for, and what is missing of them."""

import json
from pathlib import Path

import pytest

from understudy.engines.ltx2.weights import located, missing, remedy
from understudy.errors import EngineUnavailable

ID = "acme/LTX-2.3-small"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model whose files are empty; the transformer is in two pieces."""
    index = {
        "_class_name": "LTX2Pipeline",
        "transformer": ["diffusers", "LTX2VideoTransformer3DModel"],
        "vae": ["diffusers", "AutoencoderKLLTX2Video"],
        "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
        "prompt_enhancer": ["transformers", "Gemma4ForConditionalGeneration"],
        "duration_head": [None, None],
    }
    made = tmp_path / "model"
    for part in ("transformer", "vae", "scheduler"):
        (made / part).mkdir(parents=True)
    (made / "model_index.json").write_text(json.dumps(index))
    (made / "scheduler" / "scheduler_config.json").write_text("{}")
    pieces = {"a.weight": "model-1.safetensors", "b.weight": "model-2.safetensors"}
    (made / "transformer" / "model.safetensors.index.json").write_text(json.dumps({"weight_map": pieces}))
    files = (
        "transformer/config.json",
        "vae/config.json",
        *(f"transformer/{piece}" for piece in pieces.values()),
    )
    for name in (*files, "vae/model.safetensors"):
        (made / name).write_text("{}")
    return made


def test_a_whole_model_lacks_nothing(folder: Path) -> None:
    assert located(str(folder)) == folder
    assert missing(folder) == ()


def test_every_missing_file_is_named(folder: Path) -> None:
    (folder / "transformer" / "model-2.safetensors").unlink()
    (folder / "vae" / "model.safetensors").unlink()
    (folder / "scheduler" / "scheduler_config.json").unlink()
    (folder / "scheduler").rmdir()
    assert missing(folder) == ("transformer/model-2.safetensors", "vae/*.safetensors", "scheduler/")


@pytest.mark.parametrize(
    ("index", "word"),
    [("{", "model_index.json"), ('{"_class_name": "WanPipeline"}', "WanPipeline"), ("{}", "without a name")],
)
def test_another_model_is_refused(folder: Path, index: str, word: str) -> None:
    (folder / "model_index.json").write_text(index)
    with pytest.raises(EngineUnavailable, match=word):
        missing(folder)


@pytest.mark.parametrize("setting", ["HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"])
def test_the_hubs_cache_is_found_where_the_hub_keeps_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    for name in ("HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    below = {"HF_HUB_CACHE": "", "HF_HOME": "hub", "XDG_CACHE_HOME": "huggingface/hub"}[setting]
    monkeypatch.setenv(setting, str(tmp_path / "cache"))
    repository = tmp_path / "cache" / below / "models--acme--LTX-2.3-small"
    assert located(ID) is None
    (repository / "refs").mkdir(parents=True)
    (repository / "snapshots").mkdir()
    (repository / "refs" / "main").write_text("abc123")
    assert located(ID) is None
    folder.rename(repository / "snapshots" / "abc123")
    assert located(ID) == repository / "snapshots" / "abc123"


def test_the_hub_itself_finds_it_there(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub")
    repository = tmp_path / "cache" / "models--acme--LTX-2.3-small"
    (repository / "refs").mkdir(parents=True)
    (repository / "snapshots").mkdir()
    commit = "0123456789abcdef0123456789abcdef01234567"
    (repository / "refs" / "main").write_text(commit)
    folder.rename(repository / "snapshots" / commit)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    theirs = hub.try_to_load_from_cache(ID, "model_index.json", cache_dir=tmp_path / "cache")
    found = located(ID)
    assert found is not None
    assert Path(theirs) == found / "model_index.json"


@pytest.mark.parametrize(
    "weights", ["", "nowhere", "a/b/c", "../LTX-2", "a//b", "/nowhere/at/all", "acme/.."]
)
def test_what_names_nothing_is_not_found(
    weights: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert located(weights) is None


def test_the_remedy_downloads_to_where_it_is_looked_for() -> None:
    assert '--local-dir "/srv/ltx2"' in remedy("/srv/ltx2")
    assert f"hf download {ID} " in remedy(ID)
    assert "--local-dir" not in remedy(ID)
