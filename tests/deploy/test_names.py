"""Every setting, command and flag that the files name is one of the program's."""

import re
import shlex
from pathlib import Path
from typing import Any, get_args

import pytest
import typer.main
import yaml

from tests.deploy.files import DEPLOY, KUBERNETES, compose, documents, pods, texts
from understudy.cli.app import app
from understudy.config import TABLE, setting

FILES = list(texts())
COMMANDS: Any = typer.main.get_command(app)


@pytest.mark.parametrize(("path", "text"), FILES, ids=[path.name for path, _ in FILES])
def test_environment_variables(path: Path, text: str) -> None:
    known = {row.environment for row in TABLE}
    # Named in words: what Kubernetes would set by itself.
    written = set(re.findall(r"\bUNDERSTUDY_[A-Z_]+\b", text)) - {"UNDERSTUDY_API_PORT"}
    assert written <= known, path


def calls() -> list[list[str]]:
    """Every command line of the program."""
    found = [service["command"] for name, service in compose()["services"].items() if "build" in service]
    for folder in KUBERNETES.iterdir():
        for document in documents(folder):
            for pod in pods(document):
                found += [
                    c["args"] for c in pod["spec"]["containers"] if c["image"] == "understudy" and "args" in c
                ]
    for unit in (DEPLOY / "systemd").glob("*.service"):
        (line,) = re.findall(r"^ExecStart=\S+/understudy (.*)$", unit.read_text(), re.MULTILINE)
        found.append(shlex.split(line))
    (default,) = re.findall(r"^CMD (\[.*\])$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    return [*found, yaml.safe_load(default)]


@pytest.mark.parametrize("words", calls(), ids=" ".join)
def test_command_lines(words: list[str]) -> None:
    command = COMMANDS.commands[words[0]]
    options = {option for each in command.params for option in each.opts}
    assert {word for word in words if word.startswith("--")} <= options
    if "--role" in words:
        assert words[words.index("--role") + 1] in get_args(setting("role").bare)
