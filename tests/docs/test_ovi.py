"""docs/engines/ovi.md knows what the engine has, and its example without a card works as it is printed."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest

from tests.docs import memory_table
from tests.docs.pages import ROOT, blocks, files, read, section
from understudy.cli.output import size
from understudy.engines.ovi.config import REAL
from understudy.engines.ovi.memory.profiles import PROFILES
from understudy.engines.ovi.options import Options, read_options
from understudy.engines.ovi.presets import PRESETS
from understudy.engines.ovi.prompt import compose
from understudy.engines.ovi.weights.sources import sources_of
from understudy.errors import EngineInputError
from understudy.files.probe import probe
from understudy.testing.live import clean_environment

PAGE = ROOT / "docs" / "engines" / "ovi.md"
TEXT = read("engines/ovi")


def rows(headline: str) -> dict[str, list[str]]:
    """The rows of the tables in a section by their first cell, which is code; the other cells as they are."""
    found = re.findall(r"^\| `([^`]+)` \| (.*) \|$", section(TEXT, headline), re.MULTILINE)
    return {name: rest.split(" | ") for name, rest in found}


def test_every_option_with_its_default() -> None:
    shown = {name: default for name, (default, *_) in rows("Settings").items()}
    assert shown == {
        field.name: f"`{json.dumps(field.default)}`" for field in msgspec.structs.fields(Options)
    }


@pytest.mark.parametrize("name", ["ovi.toml", "tiny.toml"])
def test_the_settings_that_are_shown_are_options(name: str) -> None:
    read_options(tomllib.loads(files(PAGE)[name])["engine"]["ovi"])


def test_every_preset_and_its_rule() -> None:
    assert list(rows("Presets")) == list(PRESETS)
    rules = section(TEXT, "Presets")
    for preset in PRESETS.values():
        if preset.cache is not None:
            assert f"{preset.cache.threshold:.0%}" in rules
        if preset.guided < 1:
            assert f"{preset.guided:.0%}" in rules


def test_every_memory_profile_and_what_it_takes() -> None:
    assert list(rows("Memory"))[: len(PROFILES)] == [profile.name for profile in PROFILES]
    assert memory_table.current() == memory_table.table(), "run python -m tests.docs.memory_table"


def test_every_file_of_weights_with_its_size_and_licence() -> None:
    shown = rows("Weights")
    repository = ""
    sources = {source.here: source for variant in REAL.variants for source in sources_of(REAL, variant)}
    assert set(shown) == set(sources)
    for name, (about, where, licence, variants) in shown.items():
        source = sources[name]
        repository = repository if where == "the same" else where
        assert f"(https://huggingface.co/{source.repository.name})" in repository
        assert about == size(source.size)
        # What may not be used commercially stands out.
        assert licence == (
            source.repository.licence if source.repository.commercial else f"**{source.repository.licence}**"
        )
        of = [each for each in REAL.variants if source in sources_of(REAL, each)]
        assert variants == ("all" if len(of) > 1 else f"`{of[0]}`")


def test_every_variant_with_its_length() -> None:
    shown = rows("Variants")
    assert list(shown) == list(REAL.variants)
    for name, (_, picture, sound, sounds) in shown.items():
        variant = REAL.variants[name]
        assert picture == f"{variant.frames} frames, {variant.seconds:.2f} s"
        assert sound == f"{variant.samples / variant.sample_rate:.2f} s"
        assert ("AUDCAP" in sounds) == (variant.style == "tags")


def test_the_prompt_that_is_shown_is_rewritten_as_shown() -> None:
    written, rewritten, refused, *_ = (
        block.text.strip() for block in blocks(PAGE) if block.language == "text"
    )
    assert compose(written, "tags").text == rewritten
    with pytest.raises(EngineInputError) as error:
        compose("He says <S>Hello.", "tags")
    assert str(error.value) == refused


def test_the_example_without_a_card(tmp_path: Path) -> None:
    """A replica loads torch and the tiny model: most of the time that this takes."""
    (tmp_path / "tiny.toml").write_text(files(PAGE)["tiny.toml"])
    make, ask = (block.text for block in blocks(PAGE) if block.purpose == "try")
    (serve,) = re.findall(
        r"^\$ understudy (serve .*) --port \d+$", section(TEXT, "Try it without a card"), re.M
    )
    assert "tiny_1s, tiny_1s_label: good" in shell(tmp_path, make)
    command = [sys.executable, "-m", "understudy", *serve.split(), "--json", "--port", "0"]
    with (tmp_path / "server.log").open("wb") as log:
        server = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, cwd=tmp_path, env=clean_environment()
        )
    try:
        assert server.stdout is not None
        assert server.stdout.readline(), (tmp_path / "server.log").read_text()
        said = shell(tmp_path, ask)
    finally:
        server.terminate()
        server.communicate(timeout=30)
    assert "Played by ovi" in said
    *_, logged = (block.text for block in blocks(PAGE) if block.language == "text")
    assert logged in said
    clip = probe(tmp_path / "noise.mp4")
    assert clip.video[0].frames == 25
    assert [stream.codec for stream in clip.audio] == ["aac"]


def shell(folder: Path, script: str) -> str:
    """What a script prints in a folder, where `python` and `understudy` are those of this environment."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env=clean_environment() | {"PATH": path, "HOME": str(folder)},
        timeout=100,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
