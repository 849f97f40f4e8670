import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from understudy.engines.registry import GROUP, load_engines
from understudy.errors import ConfigurationError
from understudy.testing.instant import engine as instant
from understudy.testing.trouble import engine as trouble

INSTANT = "understudy.testing.instant:engine"


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, GROUP)


def test_registered_and_named_engines() -> None:
    engines = load_engines(["understudy.testing.trouble:engine"], registered=[point("any", INSTANT)])
    assert engines == {"instant": instant, "trouble": trouble}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("no_such_package:engine", "ModuleNotFoundError: No module named 'no_such_package'"),
        ("understudy.testing.instant:nothing", "AttributeError"),
        ("understudy.testing.instant:Instant", "is a type, not an engine"),
        ("broken_engine:engine", "ZeroDivisionError"),
        ("leaving_engine:engine", "SystemExit"),
    ],
)
def test_a_broken_registered_engine_is_there_but_unavailable(
    value: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_engine.py").write_text("1 / 0")
    (tmp_path / "leaving_engine.py").write_text("raise SystemExit(1)")
    monkeypatch.syspath_prepend(tmp_path)
    engines = load_engines(registered=[point("mine", value), point("instant", INSTANT)])
    assert set(engines) == {"mine", "instant"}
    availability = engines["mine"].availability({})
    assert not availability.ok
    assert reason in availability.reason
    assert value.partition(":")[0] in availability.remedy


def test_two_of_a_name(caplog: pytest.LogCaptureFixture) -> None:
    broken = point("instant", "no_such_package:engine")
    assert load_engines(registered=[point("x", INSTANT), broken])["instant"] is instant
    assert "no_such_package:engine is left out" in caplog.text
    assert load_engines([INSTANT], registered=[broken])["instant"] is instant


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("understudy.testing.instant", "module:attribute"),
        (":engine", "module:attribute"),
        ("no_such_package:engine", "No module named"),
        ("understudy.testing.instant:nothing", "AttributeError"),
        ("understudy.testing.instant:load", "not an engine"),
    ],
)
def test_a_path_that_the_operator_names_must_be_right(path: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason) as caught:
        load_engines([path], registered=[])
    assert repr(path) in str(caught.value)


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys; from understudy.engines.registry import load_engines; "
        f"load_engines(['{INSTANT}', 'understudy.testing.trouble:engine']); "
        "print(sorted({'av', 'numpy', 'PIL', 'httpx', 'rich', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
