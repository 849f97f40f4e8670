"""The address that is registered once, as this protocol has it: set by the operator."""

import json
import os
from pathlib import Path

import pytest

from tests.api.served import Served
from understudy.cli import main
from understudy.errors import InvalidInput, NotFound


async def test_it_is_kept_until_it_is_taken_away(served: Served) -> None:
    projects, id = served.parts.projects, served.owner.project.id
    for url in ("https://hooks.test/a?b=c", ""):
        assert (await projects.set_webhook_url(id, url)).webhook_url == url
        assert (await projects.get(id)).webhook_url == url


@pytest.mark.parametrize("url", ["hooks.test", "ftp://hooks.test/", "https://user@hooks.test/", "https://"])
async def test_what_is_no_address(served: Served, url: str) -> None:
    with pytest.raises(InvalidInput):
        await served.parts.projects.set_webhook_url(served.owner.project.id, url)
    assert (await served.parts.projects.get(served.owner.project.id)).webhook_url == ""


async def test_a_project_that_there_is_not(served: Served) -> None:
    with pytest.raises(NotFound):
        await served.parts.projects.set_webhook_url(99, "https://hooks.test/")


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("UNDERSTUDY_")]:
        monkeypatch.delenv(name)

    def projects(*words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(["projects", *words, "--data", "d"])
        return int(str(ended.value.code or 0)), capsys.readouterr().out

    projects("create", "mine")
    code, shown = projects("webhook", "1", "https://hooks.test/a", "--json")
    assert (code, json.loads(shown)["webhook_url"]) == (0, "https://hooks.test/a")
    assert "https://hooks.test/a" in projects("show", "1")[1]
    assert projects("webhook", "1", "nonsense")[0] == 4
    assert projects("webhook", "9", "https://hooks.test/a")[0] == 4
    code, shown = projects("webhook", "1", "--json")
    assert (code, json.loads(shown)["webhook_url"]) == (0, "")
