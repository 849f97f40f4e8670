"""The image, as far as it can be told without building it: linted, and its health check asked of real servers."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.deploy.files import DEPLOY
from tests.docs.pages import ROOT
from understudy.testing.live import live

TEXT = (DEPLOY / "Dockerfile").read_text()
LINES = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", TEXT, flags=re.MULTILINE)).splitlines()


def instructions(name: str) -> list[str]:
    """The arguments of every instruction of that name, in order."""
    return [line.split(None, 1)[1] for line in map(str.strip, LINES) if line.startswith(f"{name} ")]


def test_the_linter_finds_nothing() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [linter, "--no-color", DEPLOY / "Dockerfile"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_copied_is_there_and_is_sent_to_the_builder() -> None:
    sent = {
        line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if "!" in line
    }
    copied = [shlex.split(line)[:-1] for line in instructions("COPY") if not line.startswith("--from")]
    names = {name for each in copied for name in each}
    assert names == sent
    assert all((ROOT / name).exists() for name in names)


def test_the_package_can_be_built_from_what_is_copied() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    folders = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {each.split("/")[0] for each in folders["only-include"]}
    needed |= {project["project"]["readme"], *project["project"]["license-files"]}
    sent = {
        line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if "!" in line
    }
    assert needed <= sent


@pytest.mark.parametrize("argument", ["EXTRAS", "ENGINES"])
def test_extras_exist(argument: str) -> None:
    (default,) = (line.partition("=")[2] for line in instructions("ARG") if line.startswith(f"{argument}="))
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(default.split(",")) <= set(extras)


def test_kuberay_can_ask_after_a_node() -> None:
    """Its probes and its autoscaler need what comes with ray[default]: the dashboard's agent, requests."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert any(requirement.startswith("ray[default]") for requirement in extras["ray"])


def test_nobody_is_root_at_the_end_and_nothing_secret_is_built_in() -> None:
    stages = re.split(r"^FROM ", TEXT, flags=re.MULTILINE)[1:]
    users = {stage.split()[2]: re.findall(r"^USER (\S+)", stage, re.MULTILINE) for stage in stages}
    assert users["base"][-1] == users["gpu"][-1] == "10001:10001"
    assert users["understudy"] == []
    assert not re.search(r"^(ARG|ENV).*(KEY|SECRET|PASSWORD|TOKEN|DATABASE)", TEXT, re.MULTILINE)


def health_check() -> list[str]:
    (line,) = instructions("HEALTHCHECK")
    command: list[str] = json.loads(line.partition("CMD ")[2])
    assert command[0] == "python"
    return [sys.executable, *command[1:]]


def asked(port: str) -> int:
    environment = os.environ | {"UNDERSTUDY_PORT": port, "http_proxy": "http://127.0.0.1:9"}
    return subprocess.run(
        health_check(), env=environment, stderr=subprocess.DEVNULL, timeout=10, check=False
    ).returncode


def test_the_health_check_knows_a_server_that_answers_from_one_that_does_not(tmp_path: Path) -> None:
    with live(tmp_path) as server:
        port = server.url.rpartition(":")[2]
        assert asked(port) == 0
    assert asked(port) == 1
