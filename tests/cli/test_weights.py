"""`understudy weights` in this process: offline, and against a hub on localhost."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_commands import Command, command
from tests.engines.ovi.weights.fake_hub import FakeHub, fake_hub
from understudy.engines.ovi.config import DEFAULT_VARIANT, REAL
from understudy.engines.ovi.weights.sources import sources_of
from understudy.engines.ovi.weights.tiny import write_tiny

__all__ = ["command"]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """Has every file of the default variant, 10 bytes each; the environment names it."""
    with fake_hub() as running:
        for source in sources_of(REAL, DEFAULT_VARIANT):
            running.files[source.repository.name, source.path] = source.part.encode().ljust(10)
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        monkeypatch.setenv("HF_TOKEN", "hf_mine")
        yield running


def test_list_names_files_licences_and_what_is_here(command: Command, tmp_path: Path) -> None:
    code, out, _ = command("weights", "list")
    assert code == 0
    assert "Ovi/model_960x960.safetensors\tno\t23.3 GB\tchetwinlow1/Ovi\tApache-2.0\t960x960_5s" in out
    assert "MMAudio/ext_weights/v1-16.pth\tno\t687.0 MB\thkchengrex/MMAudio\tCC-BY-NC-4.0\tall" in out
    assert f"The folder is {tmp_path / 'share/understudy/weights/ovi'}" in out
    assert "CC-BY-NC-4.0: NON-COMMERCIAL USE ONLY" in out


def test_list_with_json_is_one_document(command: Command, tmp_path: Path) -> None:
    code, out, err = command("weights", "list", "--folder", str(tmp_path), "--json")
    document = json.loads(out)
    assert (code, err) == (0, "")
    assert document["folder"] == str(tmp_path)
    assert document["files"][0] == {
        "file": "Ovi/model.safetensors",
        "part": "transformer",
        "present": False,
        "path": None,
        "size": 23_320_000_000,
        "repository": "chetwinlow1/Ovi",
        "repository_path": "model.safetensors",
        "licence": "Apache-2.0",
        "commercial": True,
        "variants": ["720x720_5s"],
    }
    assert [each["file"] for each in document["files"] if not each["commercial"]] == [
        "MMAudio/ext_weights/v1-16.pth",
        "MMAudio/ext_weights/best_netG.pt",
    ]


def test_the_settings_name_the_folder(command: Command, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('[engine.ovi]\nweights = "/models/ovi"\n')
    assert "The folder is /models/ovi" in command("weights", "list", "--config", "settings.toml")[1]
    assert "The folder is else/weights/ovi" in command("weights", "list", "--data", "else")[1]


def test_pull_downloads_what_is_missing_and_says_the_licences_first(
    command: Command, hub: FakeHub, tmp_path: Path
) -> None:
    code, out, err = command("weights", "pull", "ovi", "--folder", "w")
    assert code == 0
    assert err.index("NON-COMMERCIAL USE ONLY") < err.index("6 files, about 38.7 GB, into w")
    assert "Ovi/model.safetensors 100%" in err
    assert out == "Downloaded. `understudy weights check` looks at what is in w\n"
    assert (tmp_path / "w/MMAudio/ext_weights/v1-16.pth").read_bytes() == b"audio_vae "
    asked = len(hub.asked)
    assert command("weights", "pull", "ovi", "--folder", "w") == (0, "Nothing is missing in w\n", "")
    assert len(hub.asked) == asked


def test_pull_with_json_still_says_the_licences(command: Command, hub: FakeHub) -> None:
    code, out, err = command("weights", "pull", "ovi", "--folder", "w", "--json")
    assert code == 0
    assert len(json.loads(out)["downloaded"]) == 6
    assert "NON-COMMERCIAL USE ONLY" in err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("ovi", "--variant", "huge"), 2, "There is no variant 'huge' of these weights"),
        (("ovi", "--variant", "960x960_5s"), 1, "has no file model_960x960.safetensors"),
        (("ovi", "--revision", "chetwinlow1/Ovi=v9"), 1, "chetwinlow1/Ovi has no revision 'v9'"),
        (("ovi", "--revision", "v9"), 2, "write it as OWNER/NAME=REVISION"),
        (("sora",), 2, "'sora' is not one of 'ovi'"),
    ],
)
def test_pull_fails_in_one_sentence(
    command: Command, hub: FakeHub, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ended, out, err = command("weights", "pull", *arguments)
    assert (ended, out) == (code, "")
    assert said in err.splitlines()[-1]
    assert "Traceback" not in err


def test_check_names_what_is_wrong(command: Command, tmp_path: Path) -> None:
    write_tiny(tmp_path / "w")
    code, out, _ = command("weights", "check", "--folder", "w")
    assert (code, out) == (0, "tiny_1s, tiny_1s_label: good\n")
    (tmp_path / "w/Wan2.2-TI2V-5B/Wan2.2_VAE.pth").write_bytes(b"PK")
    (tmp_path / "w/MMAudio/ext_weights/v1-16.pth").unlink()
    code, out, _ = command("weights", "check", "--folder", "w", "--variant", "tiny_1s")
    assert code == 1
    assert "Wan2.2-TI2V-5B/Wan2.2_VAE.pth: The file Wan2.2_VAE.pth" in out
    assert "MMAudio/ext_weights/v1-16.pth: It is missing." in out
    assert "Run: understudy weights pull ovi --variant tiny_1s" in out
    code, out, err = command("weights", "check", "--folder", "w", "--json")
    assert (code, err) == (1, "")
    assert json.loads(out)["problems"][1] == {
        "file": "MMAudio/ext_weights/v1-16.pth",
        "message": "It is missing.",
        "missing": True,
    }


def test_check_includes_the_variant_that_is_played(command: Command, tmp_path: Path) -> None:
    """What is there may be another variant's, and good: that does not help the engine."""
    write_tiny(tmp_path / "w")
    (tmp_path / "w/Ovi/model_label.safetensors").unlink()
    settings = tmp_path / "ovi.toml"
    settings.write_text('[engine.ovi]\nweights = "w"\nvariant = "tiny_1s_label"\n')
    code, out, _ = command("weights", "check", "--config", str(settings))
    assert code == 1
    assert "Ovi/model_label.safetensors: It is missing." in out


def test_check_of_nothing_says_how_to_get_the_default(command: Command) -> None:
    code, out, _ = command("weights", "check")
    assert code == 1
    assert "Run: understudy weights pull ovi --variant 720x720_5s" in out


def test_convert_writes_once(command: Command, tmp_path: Path) -> None:
    write_tiny(tmp_path / "w")
    code, out, _ = command("weights", "convert", "--folder", "w")
    assert code == 0
    assert "Wrote w/converted/vocoder.safetensors (3.5 MB)" in out
    again = command("weights", "convert", "--folder", "w", "--json")[1]
    assert json.loads(again) == {"folder": "w", "written": []}
    assert "converted" in command("weights", "list", "--folder", "w")[1]
