"""The systemd units: known to systemd, and as narrow as docs/install.md says."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.files import DEPLOY
from tests.docs.pages import read
from understudy.config import setting
from understudy.server import STOP_SECONDS

UNITS = {
    "understudy.service": "understudy.service",
    "understudy-api@.service": "understudy-api@8420.service",
    "understudy-dispatcher@.service": "understudy-dispatcher@8421.service",
}
"""Each file, and the name under which it is started."""


def lines(name: str) -> list[tuple[str, str]]:
    text = (DEPLOY / "systemd" / name).read_text()
    return [tuple(found) for found in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE)]


def test_all_units_are_tested() -> None:
    assert {path.name for path in (DEPLOY / "systemd").glob("*.service")} == set(UNITS)


@pytest.fixture(params=UNITS)
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A unit under the name under which it is started, with a program that is there."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze here to look at the units")
    text = (DEPLOY / "systemd" / request.param).read_text()
    file = tmp_path / UNITS[request.param]
    file.write_text(text.replace("/opt/understudy/bin/understudy", sys.executable))
    return file


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_systemd_knows_every_line(unit: Path) -> None:
    done = analyze("verify", "--man=no", unit)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_exposure_is_what_the_page_says(unit: Path) -> None:
    version = int(analyze("--version").stdout.split()[1])
    if version < 250:
        pytest.skip(f"systemd {version} cannot judge a unit that is not loaded")
    said = re.search(r"`systemd-analyze security` gives them (\d+\.\d)", read("install"))
    assert said
    limit = round(float(said[1]) * 10)
    done = analyze("security", "--offline=true", "--no-pager", f"--threshold={limit}", unit)
    assert done.returncode == 0, done.stdout[-400:]


@pytest.mark.parametrize("name", UNITS)
def test_a_stop_waits_for_the_running_tasks(name: str) -> None:
    unit = dict(lines(name))
    assert float(unit["TimeoutStopSec"]) > setting("drain_seconds").default + STOP_SECONDS
    assert unit["Restart"] == "always"


def test_the_units_differ_in_what_they_start_and_in_nothing_of_their_walls() -> None:
    def walls(name: str) -> list[tuple[str, str]]:
        of = lines(name)
        return of[of.index(("NoNewPrivileges", "yes")) :]

    first, *others = UNITS
    assert all(walls(name) == walls(first) for name in others)
