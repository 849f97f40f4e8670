"""The documentation knows everything that the program has: settings, commands, routes, manifest keys, codes, events."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
import typer.main

from tests.api.served import Served, serving
from tests.docs import settings_table
from tests.docs.pages import PAGES, blocks, files, read, section
from understudy import errors
from understudy.api.reading import Reading
from understudy.api.schemas import COMPONENTS
from understudy.api.wiro import endpoints
from understudy.catalogue.manifest import Input, InputType, Model, Option, Price, PriceMethod
from understudy.cli.app import app
from understudy.cli.exits import ExitCode
from understudy.config import TABLE, Setting, load_settings
from understudy.engines.engine import Availability, Job, LocalEngine, Output
from understudy.tasks import events
from understudy.tasks.lifecycle import Status

COMMANDS: Any = typer.main.get_command(app)


def test_every_setting() -> None:
    assert settings_table.current() == settings_table.table(), "run python -m tests.docs.settings_table"


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_every_environment_name(row: Setting) -> None:
    assert f"`{row.environment}`" in read("configure")


def leaves(command: Any, path: str = "understudy") -> Iterator[tuple[str, Any]]:
    """Every command that does something, with its whole name."""
    if hasattr(command, "commands"):
        for name, each in command.commands.items():
            yield from leaves(each, f"{path} {name}")
    else:
        yield path, command


LEAVES = list(leaves(COMMANDS))


@pytest.mark.parametrize(("path", "command"), LEAVES, ids=[path for path, _ in LEAVES])
def test_every_command_and_its_options(path: str, command: Any) -> None:
    row = next((line for line in read("client").splitlines() if line.startswith(f"| `{path}")), None)
    assert row, f"docs/client.md has no row for {path}"
    common = section(read("client"), "Options that many commands have")
    for parameter in command.params:
        if parameter.name != "help" and parameter.param_type_name == "option":
            assert any(f"`{option}" in row + common for option in parameter.opts), parameter.opts


def shown_commands() -> list[tuple[str, str]]:
    """Every line of a shell block that calls the program, with its page."""
    found = []
    for page in PAGES:
        for block in blocks(page):
            if block.language in ("bash", "console"):
                text = block.text.replace("\\\n", " ")
                calls = re.findall(r"(?:^|\$ |\$\()(understudy [^\n|)]*)", text, re.MULTILINE)
                found += [(page.name, call.strip().rstrip("&").strip()) for call in calls]
    return found


@pytest.mark.parametrize(("page", "line"), shown_commands())
def test_every_command_that_is_shown_exists(page: str, line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    command = COMMANDS
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        command = command.commands[words.pop(0)]
    options = {option for each in command.params for option in (*each.opts, *each.secondary_opts)} | {
        "-h",
        "--help",
    }
    for word in words:
        if word.startswith("-") and word != "--":
            assert word.partition("=")[0] in options, (page, line)


def test_every_exit_code() -> None:
    table = section(read("operate"), "Exit codes")
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)] == [
        code.value for code in ExitCode
    ]


@pytest.fixture
async def everything(tmp_path_factory: pytest.TempPathFactory) -> Served:
    async with serving(tmp_path_factory.mktemp("served")) as served:
        return served


async def test_every_route(everything: Served) -> None:
    parts = everything.parts
    posts = {path if not path.endswith("/") else f"{path}{{owner}}/{{slug}}" for path in endpoints(parts)}
    reading = Reading(parts, lambda _: False)
    gets = {
        re.sub(r"\(\?P<(\w+)>.*?\)+(?=/|$|\\)", r"{\1}", pattern.pattern) for pattern, _ in reading._table
    }
    shown = re.findall(r"^#+ `(POST|GET) (\S+?)`", read("api"), re.MULTILINE)
    assert {path.lower() for method, path in shown if method == "POST"} == posts
    assert {path for method, path in shown if method == "GET"} == {path.replace("\\", "") for path in gets}


def test_every_key_of_a_manifest() -> None:
    for record, headline in (
        (Model, "The model"),
        (Input, "`[[inputs]]`"),
        (Option, "`options`"),
        (Price, "`[[prices]]`"),
    ):
        keys = re.findall(r"^\| `(\w+)` \|", section(read("models"), headline), re.MULTILINE)
        assert keys == list(record.__struct_fields__), headline
    for name in (*get_args(InputType), *get_args(PriceMethod)):
        assert f"| `{name}` |" in read("models"), name


def test_everything_that_an_engine_has() -> None:
    for record in (LocalEngine, Job, Output, Availability):
        keys = re.findall(r"^\| `(\w+)` \|", section(read("engines"), f"`{record.__name__}`"), re.MULTILINE)
        assert keys == list(record.__struct_fields__), record.__name__


def refusals() -> set[tuple[int, int]]:
    """Code and HTTP status of every error that a request can be answered with."""
    kinds = [each for each in vars(errors).values() if isinstance(each, type)]
    return {(kind.code, kind.status) for kind in kinds if issubclass(kind, errors.RequestError)}


def test_every_error_code() -> None:
    table = section(read("api"), "Errors")
    shown = {
        (int(code), int(status)) for code, status in re.findall(r"^\| (\d+) \| (\d+) \|", table, re.MULTILINE)
    }
    assert refusals() <= shown


def test_every_kind_of_error() -> None:
    kinds = [kind.__name__ for kind in vars(errors).values() if isinstance(kind, type)]
    assert [kind for kind in kinds if f"`{kind}`" not in read("client") + read("engines") + read("api")] == []


def test_every_status_and_event() -> None:
    statuses = re.findall(r"^\| `(task_\w+)` \|", section(read("api"), "Statuses"), re.MULTILINE)
    assert statuses == [status.value for status in Status]
    for event in (events.OUTPUT, events.ERROR, events.OUTPUT_FULL, events.ERROR_FULL, *Status):
        assert f"`{event}`" in section(read("api"), "Events"), event


def test_every_field_of_a_task() -> None:
    fields = re.findall(r"^\| `(\w+)` \|", section(read("api"), "The task object"), re.MULTILINE)
    assert set(fields) == set(COMPONENTS["Task"]["properties"])
    shown = re.findall(r"^\| `(\w+)` \|", section(read("api"), "The file object"), re.MULTILINE)
    assert set(shown) == set(COMPONENTS["File"]["properties"])


def test_the_examples_of_json_are_json() -> None:
    for page in PAGES:
        for block in blocks(page):
            if block.language == "json":
                msgspec.json.decode(block.text)


@pytest.mark.parametrize("file", ["production.toml", "casting.toml", "ovi.toml", "tiny.toml"])
def test_the_settings_files_that_are_shown_are_taken(file: str, tmp_path: Path) -> None:
    (text,) = (text for page in PAGES for name, text in files(page).items() if name == file)
    (tmp_path / file).write_text(text)
    settings = load_settings(tmp_path / file, {"HOME": str(tmp_path)}, {})
    assert "file" in {settings.origin(row.name) for row in TABLE}
