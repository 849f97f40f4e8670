"""`understudy cast show`: whole outputs, for people and for programs."""

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.casting import Operator
from tests.docs.pages import ROOT, files

SORA = "openai/sora-2-pro"
CASTING = """
[cast]
"*" = ["azure", "videos", "sora_only", "animatic"]
[engine.azure]
kind = "videos"
api_key = "secret-key"
size = "1024p"
"""


@pytest.fixture
def operator(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Operator:
    for name in [name for name in os.environ if name.startswith("UNDERSTUDY_")]:
        monkeypatch.delenv(name)
    return Operator(tmp_path, capsys)


def in_days(days: int) -> str:
    return str(datetime.now().astimezone().date() + timedelta(days=days))


def rows(out: str) -> list[list[str]]:
    return [line.split("\t") for line in out.splitlines() if "\t" in line]


def test_who_may_play_in_which_order_and_who_would_now(operator: Operator) -> None:
    operator.sets(f"{CASTING}ends = {in_days(26)}")
    code, out, err = operator.calls("cast", "show", SORA)
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == SORA
    assert rows(out)[:5] == [
        ["", "Engine", "Makes", "Available", "Ends"],
        ["1", "azure", "remote clips", "yes", f"{in_days(26)}, in 26 days"],
        ["2", "videos", "remote clips", "no", ""],
        ["3", "sora_only", "clips", "yes", ""],
        ["4", "animatic", "previews", "yes", ""],
    ]
    assert "azure: It is of the kind videos.\n" in out
    assert "videos: It has no key.\nvideos: Set api_key.\n" in out
    assert out.splitlines()[-2:] == [
        "azure would play it now.",
        "If a remote one fails, the next plays if nothing was paid (failover: unpaid).",
    ]
    assert "secret-key" not in out


def test_what_becomes_of_the_inputs_with_each(operator: Operator) -> None:
    operator.sets(CASTING)
    _, out, _ = operator.calls("cast", "show", "google/veo3-1")
    table = {name: row for name, *row in rows(out)[5:]}
    # sora_only does not play this model, so it has no column.
    assert table["Input"] == ["azure", "videos", "animatic"]
    assert table["prompt"][:2] == ["honoured", "honoured"]
    assert table["resolution"][:2] == ["approximated", "approximated"]
    assert table["seed"][:2] == ["dropped", "dropped"]
    assert "azure: resolution (approximated): It plays in 1024p only.\n" in out
    assert "videos: resolution (approximated): It plays in 720p only.\n" in out
    assert "videos: negativePrompt, seed (dropped): It has nothing like it.\n" in out
    assert ["3", "sora_only", "clips", "plays other models", ""] in rows(out)


@pytest.mark.parametrize("name", ["sora-2-pro", "SORA-2", "OpenAI/Sora-2-Pro"])
def test_a_model_goes_by_all_of_its_names(operator: Operator, name: str) -> None:
    assert operator.calls("cast", "show", name)[1].startswith(f"{SORA}\n")


def test_a_model_that_there_is_not(operator: Operator) -> None:
    code, out, err = operator.calls("cast", "show", "sora-9")
    assert (code, out) == (4, "")
    assert err == (
        "understudy: There is no model sora-9. The models are: chetwinlow1/ovi, google/veo3-1, openai/sora-2-pro.\n"
    )


@pytest.mark.parametrize("model", [SORA, "*"])
def test_what_the_operator_wants_when_an_engine_fails(operator: Operator, model: str) -> None:
    operator.sets(f'failover."{model}" = "never"\ncast."*" = ["videos"]')
    _, out, _ = operator.calls("cast", "show", SORA)
    assert out.splitlines()[-1] == "If a remote one fails, the task fails (failover: never)."


def test_nobody_comes_after_the_only_one(operator: Operator) -> None:
    operator.sets('cast."*" = ["videos"]')
    _, out, _ = operator.calls("cast", "show", SORA)
    assert out.splitlines()[-1] == "If it fails, the task fails: nobody is cast after it."


def test_only_a_preview_is_left(operator: Operator) -> None:
    operator.sets(f'cast."{SORA}" = ["videos", "animatic"]')
    assert "\nanimatic would play it now, as a preview.\n" in operator.calls("cast", "show", SORA)[1]


def test_nobody_can(operator: Operator) -> None:
    operator.sets(f'cast."{SORA}" = ["videos"]')
    assert "\nNobody can play it now.\n" in operator.calls("cast", "show", SORA)[1]
    operator.sets(f'cast."{SORA}" = []')
    _, out, err = operator.calls("cast", "show", SORA)
    assert out.endswith("\nNobody can play it now.\n")
    assert err.startswith("No engine is cast for it: ")


def test_for_programs(operator: Operator) -> None:
    operator.sets(
        f'cast."{SORA}" = ["gpu_box", "sora_only"]\nengine.gpu_box = {{kind = "videos", ends = 2026-11-17}}'
    )
    code, out, err = operator.calls("cast", "show", SORA, "--json")
    assert (code, err) == (0, "")
    document = json.loads(out)
    first, second = document.pop("cast")
    assert document == {
        "model": SORA,
        "ends": None,
        "now": "sora_only",
        "tried": [{"engine": "gpu_box", "reason": "It has no key."}],
        "failover": "unpaid",
    }
    inputs = first.pop("inputs")
    assert first == {
        "engine": "gpu_box",
        "kind": "videos",
        "version": "3",
        "remote": True,
        "preview": False,
        "plays": True,
        "available": False,
        "reason": "It has no key.",
        "remedy": "Set api_key.",
        "ends": "2026-11-17",
    }
    assert inputs[0] == {"input": "inputImage", "how": "honoured", "note": ""}
    assert [each["input"] for each in inputs] == ["inputImage", "prompt", "seconds", "resolution", "ratio"]
    assert (second["engine"], second["remote"], second["inputs"]) == ("sora_only", False, [])


def test_an_engine_that_fails_to_say_what_it_does(
    operator: Operator, caplog: pytest.LogCaptureFixture
) -> None:
    operator.sets(f'cast."{SORA}" = ["broken"]')
    code, out, _ = operator.calls("cast", "show", SORA)
    assert code == 0
    assert ["prompt", "not said"] in rows(out)
    assert "Engine broken did not say what it does with the inputs of openai/sora-2-pro" in caplog.text


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (
            'engine.azure.kind = "video"',
            "engine.azure.kind: there is no kind 'video'; the kinds are: animatic, ",
        ),
        ('engine.ovi.ends = "soon"', "engine.ovi.ends: must be a date, such as 2026-11-17"),
    ],
)
def test_settings_that_are_wrong(operator: Operator, lines: str, sentence: str) -> None:
    operator.sets(lines)
    code, _, err = operator.calls("cast", "show", SORA)
    assert code == 2
    assert sentence in err


def in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of 80 columns, without colours."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)


def test_in_a_terminal_of_80_columns(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    in_a_terminal(monkeypatch)
    names = ", ".join(f'"partner_{number}"' for number in range(6))
    tables = "\n".join(f'[engine.partner_{number}]\nkind = "videos"' for number in range(6))
    operator.sets(f'[cast]\n"*" = [{names}, "animatic"]\n{tables}')
    _, out, _ = operator.calls("cast", "show", "google/veo3-1")
    assert max(len(line) for line in out.splitlines()) <= 80
    # Seven engines: two tables, no word of which is broken.
    assert out.count("Input ") == 2
    assert out.count("approximat") == out.count("approximated") > 6


def test_the_example_of_the_documentation(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    in_a_terminal(monkeypatch)
    page = files(ROOT / "docs" / "engines.md")
    operator.file.write_text(page["partners.toml"])
    monkeypatch.setenv("GEMINI_API_KEY", "k")
    paths = [f"understudy.engines.{name}:engine" for name in ("openai_videos", "google_omni")]
    monkeypatch.setenv("UNDERSTUDY_ENGINES", ",".join(paths))
    _, out, _ = operator.calls("cast", "show", "google/veo3-1")
    assert "\n".join(line.rstrip() for line in out.splitlines()) == page["cast.txt"].rstrip("\n")
