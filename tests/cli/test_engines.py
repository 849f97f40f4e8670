"""`understudy engines`: kinds, and what is going to be retired."""

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.casting import Operator
from tests.docs.pages import ROOT, files


@pytest.fixture
def operator(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Operator:
    for name in [name for name in os.environ if name.startswith("UNDERSTUDY_")]:
        monkeypatch.delenv(name)
    return Operator(tmp_path, capsys)


def in_days(days: int) -> str:
    return str(datetime.now().astimezone().date() + timedelta(days=days))


def test_engines_of_one_kind(operator: Operator) -> None:
    operator.sets('cast."*" = ["gpu_box"]\nengine.gpu_box = {kind = "videos", api_key = "k"}')
    _, out, _ = operator.calls("engines")
    lines = out.splitlines()
    assert "gpu_box\t3\tremote clips\tyes\tgoogle/veo3-1, openai/sora-2-pro" in lines
    assert "videos\t3\tremote clips\tno\tnothing" in lines
    assert "gpu_box: It is of the kind videos." in lines
    assert "videos: It has no key." in lines


def test_for_programs(operator: Operator) -> None:
    operator.sets('engine.gpu_box = {kind = "videos", ends = 2031-01-31}')
    found = {row["name"]: row for row in json.loads(operator.calls("engines", "--json")[1])}
    assert (found["gpu_box"]["kind"], found["gpu_box"]["remote"]) == ("videos", True)
    assert (found["gpu_box"]["ends"], found["videos"]["ends"]) == ("2031-01-31", None)
    assert (found["animatic"]["kind"], found["animatic"]["remote"]) == ("", False)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (12, "This engine is retired on {day}, in 12 days. Put another engine into the cast"),
        (-3, "This engine was to be retired on {day}, 3 days ago. It is still tried."),
    ],
)
def test_an_engine_that_is_going_to_be_retired(operator: Operator, days: int, words: str) -> None:
    operator.sets(f"engine.videos.ends = {in_days(days)}")
    _, out, _ = operator.calls("engines")
    assert f"videos: {words.format(day=in_days(days))}" in out


def test_an_end_that_is_far_away_is_no_warning(operator: Operator) -> None:
    operator.sets(f"engine.videos.ends = {in_days(61)}")
    assert "retired" not in operator.calls("engines")[1]


def test_a_model_that_is_going_to_be_retired(operator: Operator, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "acme"
    folder.mkdir(parents=True)
    (folder / "old.toml").write_text(f'owner = "acme"\nslug = "old"\nends = {in_days(30)}\n')
    operator.sets('manifests = ["models"]')
    assert f"acme/old: This model is retired on {in_days(30)}, in 30 days." in operator.calls("engines")[1]
    assert operator.calls("cast", "show", "acme/old")[1].startswith(
        f"acme/old ends {in_days(30)}, in 30 days\n"
    )


def test_the_settings_of_the_walk_through(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    operator.file.write_text(files(ROOT / "docs" / "retired.md")["recast.toml"])
    monkeypatch.setenv("GEMINI_API_KEY", "k")
    paths = [f"understudy.engines.{name}:engine" for name in ("openai_videos", "google_veo", "google_omni")]
    monkeypatch.setenv("UNDERSTUDY_ENGINES", ",".join(paths))
    _, out, _ = operator.calls("engines")
    lines = out.splitlines()
    assert "gpu_box\t1\tremote clips\tyes\topenai/sora-2-pro" in lines
    assert "google_omni\t1\tremote clips\tyes\tgoogle/veo3-1, openai/sora-2-pro" in lines
    assert "google_veo\t1\tremote clips\tyes\tgoogle/veo3-1" in lines
    assert any(line.startswith("google_veo: This engine ") for line in lines)
