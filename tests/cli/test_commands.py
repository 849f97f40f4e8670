"""The commands in this process: against the stand-in server, or offline."""

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer.main

from tests.client.stand_in import CLIP, StandIn
from understudy.cli import main
from understudy.cli.app import app

COMMANDS: Any = typer.main.get_command(app)
MODEL = "openai/sora-2-pro"
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs one command in an empty folder with an empty environment: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("UNDERSTUDY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        shown = capsys.readouterr()
        return int(str(ended.value.code or 0)), shown.out, shown.err

    return run


@pytest.fixture
def online(command: Command, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The same, with the stand-in as the server."""
    for name, value in stand_in.environment().items():
        monkeypatch.setenv(name, value)
    return command


def fields(out: str) -> dict[str, str]:
    """Names and values that stand below each other."""
    pairs = (re.split(" {2,}", line, maxsplit=1) for line in out.splitlines())
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


def test_run_saves_the_clip_and_says_who_played(online: Command, tmp_path: Path) -> None:
    code, out, err = online("run", MODEL, "--prompt", "A road.", "-o", "out.mp4")
    assert code == 0
    assert (tmp_path / "out.mp4").read_bytes() == CLIP
    assert "Saved out.mp4 (512.0 kB)" in out
    assert "Played by animatic 1 in 6.0 s" in out
    assert "Note: It has no sound.\n" in out
    assert f"PREVIEW: animatic stood in for {MODEL}" in out
    assert "$0.00351" in out
    assert "Making the clip" in err
    assert "  | loading weights" in err


def test_run_with_json_prints_one_document_and_nothing_else(online: Command, tmp_path: Path) -> None:
    code, out, err = online("run", MODEL, "-p", "A road.", "--json")
    document = json.loads(out)
    assert (code, err) == (0, "")
    assert document["saved"] == ["sora-2-pro-2221.mp4"]
    assert document["task"]["pexit"] == "0"
    assert (tmp_path / "sora-2-pro-2221.mp4").exists()


def test_run_sends_inputs_as_they_are_written(online: Command, stand_in: StandIn, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"picture")
    code, out, _ = online(
        "run", MODEL, "-p", "@ home", "-i", "seconds=8", "-i", "inputImage=@a.jpg", "--no-wait"
    )
    assert (code, out) == (0, "2221\n")
    assert stand_in.last == {
        "prompt": ["@ home"],
        "seconds": ["8"],
        "inputImage": [("a.jpg", "image/jpeg", b"picture")],
    }


def test_run_with_defaults_takes_those_of_the_model(online: Command, stand_in: StandIn) -> None:
    assert online("run", MODEL, "--defaults", "-i", "seconds=8", "--no-wait")[0] == 0
    assert stand_in.last == {"prompt": "A road.", "seconds": "8"}


def test_a_failed_task_is_one_sentence_and_exit_code_1(online: Command, stand_in: StandIn) -> None:
    stand_in.exit_code = "1"
    code, out, err = online("run", MODEL, "-p", "A road.")
    assert (code, out) == (1, "")
    assert err.splitlines()[-1] == "understudy: Task 2221 failed: the card is full"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["run", MODEL], 4, "Request parameter [prompt] required"),
        (["run", "no/body", "-p", "x"], 4, "The server has no such model."),
        (["run", "nobody", "-p", "x"], 2, "A model is named owner/slug, not 'nobody';"),
        (["run", MODEL, "-i", "prompt"], 2, "An input is written name=value or name=@file, not 'prompt'."),
        (["run", MODEL, "-i", "a=@gone.jpg"], 2, "There is no file gone.jpg for the input a."),
        (["tasks", "show", "99"], 4, "The project has no such task."),
        (["models", "show", "no/body"], 4, "There is no model no/body."),
        (["config", "show", "--config", "gone.toml"], 2, "gone.toml: the settings file cannot be read"),
    ],
)
def test_errors_are_one_sentence(online: Command, arguments: list[str], code: int, sentence: str) -> None:
    found, out, err = online(*arguments)
    assert (found, out) == (code, "")
    assert err.startswith(f"understudy: {sentence}")
    assert err.count("\n") == 1


def test_without_a_server_the_exit_code_is_3(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    assert command("tasks", "list")[0] == 3
    monkeypatch.setenv("UNDERSTUDY_API_KEY", "k")
    code, _, err = command("tasks", "list", "--url", "http://127.0.0.1:9")
    assert code == 3
    assert err == "understudy: No server answers at http://127.0.0.1:9. Is it running (`understudy serve`)?\n"


def test_wrong_usage_is_2_and_unexpected_errors_have_no_traceback(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command("run")[0] == 2
    assert command("nonsense")[0] == 2
    (tmp_path / "bad.toml").mkdir()
    code, _, err = command("models", "check", "bad.toml")
    assert (code, err.count("\n")) == (2, 1)


def test_tasks(online: Command, stand_in: StandIn, tmp_path: Path) -> None:
    stand_in.hold = True
    online("run", MODEL, "-p", "A road.", "--no-wait")
    killed = "Task 2221 is stopped.\nStopped; gpu_box is asked to cancel the job.\n"
    assert online("tasks", "kill", "2221")[:2] == (0, killed)
    assert fields(online("tasks", "show", "2221")[1])["last said"].startswith("Stopped; gpu_box is asked")
    assert online("tasks", "kill", "2221")[0] == 4
    code, _, err = online("tasks", "watch", "2221")
    assert code == 1
    assert err.endswith("understudy: Task 2221 was cancelled.\n")
    stand_in.hold = False
    online("run", MODEL, "-p", "A road.", "--no-wait")
    assert online("tasks", "watch", "2222")[0] == 0
    assert online("tasks", "log", "2222")[1:] == ("loading weights\n", "a warning\n")
    code, out, _ = online("tasks", "list")
    assert [line.split("\t")[:3] for line in out.splitlines()] == [
        ["Task", "Model", "Status"],
        ["2222", MODEL, "finished"],
        ["2221", MODEL, "cancelled"],
    ]
    assert [task["id"] for task in json.loads(online("tasks", "list", "--json")[1])] == ["2222", "2221"]
    shown = fields(online("tasks", "show", "2222")[1])
    assert shown["output"] == "clip.mp4, video/mp4, 512.0 kB"
    assert shown["played by"] == "animatic 1 (preview)"
    assert (shown["not by gpu_box"], shown["note"]) == ("It has no key.", "It has no sound.")
    assert online("tasks", "download", "2222", "-o", "again.mp4")[0] == 0
    assert (tmp_path / "again.mp4").read_bytes() == CLIP
    assert online("tasks", "delete-files", "2222")[0] == 0
    assert json.loads(online("tasks", "show", "2222", "--json")[1])["outputs"] == []


def test_config_show_names_value_and_origin_without_secrets(command: Command, tmp_path: Path) -> None:
    secret = "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg="
    (tmp_path / "u.toml").write_text(
        f'secret_key = "{secret}"\n[server]\nport = 9\n[engine.partner]\napi_key = "{secret}"\nreplicas = 2\n'
    )
    code, out, _ = command("config", "show", "--config", "u.toml", "--json")
    shown = json.loads(out)
    assert code == 0
    assert shown["port"] == {"value": 9, "origin": "file", "key": "server.port"}
    assert shown["host"]["origin"] == "default"
    assert shown["engine"]["value"] == {"partner": {"api_key": "***", "replicas": 2}}
    assert secret not in out + command("config", "show", "--config", "u.toml")[1]


def test_config_template_is_a_file_that_loads_as_the_defaults(command: Command, tmp_path: Path) -> None:
    text = command("config", "template")[1]
    (tmp_path / "u.toml").write_text(text)
    assert command("config", "show", "--config", "u.toml")[0] == 0
    given = [
        line.removeprefix("# ") if " = " in line or line.startswith("# [") else line
        for line in text.splitlines()
    ]
    (tmp_path / "u.toml").write_text("\n".join(given))
    shown: dict[str, Any] = json.loads(command("config", "show", "--config", "u.toml", "--json")[1])
    assert {name for name, row in shown.items() if row["origin"] == "default"} <= {"engine", "cast"}


def test_models_work_offline(command: Command, tmp_path: Path) -> None:
    listed = json.loads(command("models", "list", "--json")[1])
    assert MODEL in [model["address"] for model in listed]
    assert [m["address"] for m in json.loads(command("models", "list", "-s", "ovi", "--json")[1])] == [
        "chetwinlow1/ovi"
    ]
    assert "prompt*" in command("models", "show", MODEL)[1]
    page = command("models", "page", MODEL, "--url", "https://clips.example")[1]
    assert 'curl -X POST "https://clips.example/v1/Run/openai/sora-2-pro"' in page
    assert command("models", "page", MODEL, "--url", "https://a/$(x)")[0] == 2


def test_models_check_names_what_is_wrong(command: Command, tmp_path: Path) -> None:
    (tmp_path / "models" / "me").mkdir(parents=True)
    (tmp_path / "models" / "me" / "good.toml").write_text('owner = "me"\nslug = "good"\n')
    (tmp_path / "models" / "me" / "bad.toml").write_text('owner = "me"\nslug = "bad"\nsurprise = 1\n')
    code, out, _ = command("models", "check", "models", "--json")
    report = json.loads(out)
    assert (code, report["good"]) == (1, ["me/good"])
    assert "surprise" in report["bad"][0]
    assert command("models", "check", "models/me/good.toml")[:2] == (0, "me/good: good\n")


def test_engines_are_listed_with_what_they_play(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERSTUDY_ENGINES", "understudy.testing.instant:engine")
    monkeypatch.setenv("UNDERSTUDY_CAST", '{"*": ["instant"]}')
    rows = {row["name"]: row for row in json.loads(command("engines", "--json")[1])}
    assert rows["instant"]["available"]
    assert MODEL in rows["instant"]["models"]
    assert "instant\t1\tpreviews\tyes" in command("engines")[1]


def test_what_keeps_an_engine_from_playing_stands_below_the_table(command: Command) -> None:
    _, out, _ = command("engines")
    table = [line for line in out.splitlines() if "\t" in line]
    assert "ovi\t1\tclips\tno\tchetwinlow1/ovi" in table
    assert any(line.startswith("ovi: ") for line in out.splitlines()[len(table) :])


def test_projects_live_in_the_data_folder(command: Command) -> None:
    made = json.loads(command("projects", "create", "first", "--data", "d", "--json")[1])
    assert (made["id"], made["auth"], made["balance"]) == (1, "signature", "0.00")
    assert made["api_key"] != made["api_secret"]
    turned = json.loads(command("projects", "rotate-secret", "1", "--data", "d", "--json")[1])
    assert turned["api_key"] != made["api_key"]
    assert json.loads(command("projects", "allow", "1", "10.0.0.0/8", "--data", "d", "--json")[1])[
        "allow"
    ] == ["10.0.0.0/8"]
    assert (
        json.loads(command("projects", "balance", "add", "1", "12.5", "--data", "d", "--json")[1])["balance"]
        == "12.50"
    )
    assert "12.50" in command("projects", "balance", "log", "1", "--data", "d")[1]
    assert not json.loads(command("projects", "disable", "1", "--data", "d", "--json")[1])["enabled"]
    listed = command("projects", "list", "--data", "d")[1]
    assert "first" in listed
    assert turned["api_secret"] not in listed
    renamed = json.loads(command("projects", "rename", "1", " second ", "--data", "d", "--json")[1])
    assert (renamed["name"], renamed["created"]) == ("second", made["created"])
    for wrong in (["show", "7"], ["allow", "1", "nonsense"], ["rename", "1", " "], ["rename", "7", "x"]):
        assert command("projects", *wrong, "--data", "d")[0] == 4
    assert command("projects", "balance", "add", "1", "lots", "--data", "d")[0] == 2


@pytest.mark.parametrize(
    "work", ["list", "show 1", "rotate-secret 1", "allow 1", "disable 1", "balance log 1"]
)
@pytest.mark.parametrize("there", [False, True])
def test_a_mistyped_data_folder_is_told_and_not_made(
    command: Command, tmp_path: Path, work: str, there: bool
) -> None:
    typo = tmp_path / "dtaa"
    if there:
        typo.mkdir()
    code, _, said = command("projects", *work.split(), "--data", str(typo))
    assert code == 2
    assert "There is no data folder of Understudy at" in said
    assert list(typo.iterdir()) == [] if there else not typo.exists()


def test_the_lines_of_help_are_whole(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    groups = [(), *((name,) for name, each in COMMANDS.commands.items() if hasattr(each, "commands"))]
    for words in (*groups, ("projects", "balance")):
        listed = command(*words, "--help")[1].partition("Commands:")[2]
        assert listed
        assert "..." not in listed, words


def test_serve_on_ray_takes_ray(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    code, _, said = command("serve", "--executor", "ray", "--port", "0")
    assert (code, said) == (
        2,
        "understudy: executor = ray needs Ray; install it with: pip install 'understudy[ray]'.\n",
    )


def test_help_does_not_load_what_is_heavy(command: Command) -> None:
    before = set(sys.modules)
    code, out, _ = command("--help")
    assert code == 0
    assert all(name in out for name in ("serve", "run", "models", "tasks", "projects", "engines", "config"))
    assert not {"av", "obstore"} & (set(sys.modules) - before)
