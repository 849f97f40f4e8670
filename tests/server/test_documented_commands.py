"""The shell commands of the reference documents, verbatim but for host, key and task, in bash against a live server."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.patience import until
from understudy.testing.live import Live, clean_environment, live

PAGES = Path(__file__).parents[1] / "data" / "pages"
OVI, SORA = ((PAGES / name).read_text() for name in ("chetwinlow1-ovi.txt", "openai-sora-2-pro.txt"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(
        tmp_path_factory.mktemp("server"), engine="trouble", config="engine.trouble.replicas = 1"
    ) as running:
        yield running


def commands(page: str) -> dict[str, str]:
    """Every curl command of a page, by the headline above it."""
    parts = re.split(r"## (?=[A-Z])", page)
    found = (re.match(r"(.*?) ```bash (.*?) ```", part, re.DOTALL) for part in parts)
    return {each[1]: each[2] for each in found if each}


class Shell:
    """bash, with what the page says to prepare: one nonce for all commands."""

    def __init__(self, server: Live, page: str, openssl: str = "openssl") -> None:
        known = server.credentials
        prepare = commands(page)["Integration Header Prepare"]
        exports = re.findall(r"export \w+=.*?;(?= |$)", prepare)
        assert [line.split("=")[0] for line in exports] == [
            "export YOUR_API_KEY",
            "export YOUR_API_SECRET",
            "export NONCE",
            "export SIGNATURE",
        ]
        self.prepare = (
            "\n".join(exports)
            .replace("{{useSelectedProjectAPIKey}}", known["api_key"])
            .replace("XXXXXXXXX", known["api_secret"])
            .replace("openssl dgst", f"{openssl} dgst")
        )
        self.url = server.url

    def __call__(self, *lines: str) -> list[dict]:  # type: ignore[type-arg]
        separate = "\nprintf '\\n'\n".join(line.replace("https://api.wiro.ai", self.url) for line in lines)
        done = subprocess.run(
            ["bash", "-c", f"{self.prepare}\n{separate}"],
            capture_output=True,
            text=True,
            env=clean_environment(),
            timeout=60,
            check=True,
        )
        return [json.loads(line) for line in done.stdout.splitlines() if line]


@pytest.mark.parametrize("page", [OVI, SORA], ids=["ovi", "sora"])
def test_run_and_detail(server: Live, page: str) -> None:
    known, shell = commands(page), Shell(server, page)
    (run,) = shell(known["Run Command - Make HTTP Post Request"])
    assert list(run) == ["errors", "taskid", "socketaccesstoken", "result"]
    assert (run["errors"], run["result"]) == ([], True)
    assert run["taskid"].isdigit()
    assert re.fullmatch(r"[A-Za-z0-9]{30}", run["socketaccesstoken"])
    by_id = known["Get Task Detail - Make HTTP Post Request with Task ID"].replace("2221", run["taskid"])
    by_token = known["Get Task Detail - Make HTTP Post Request with Socket Access Token"].replace(
        "eDcCm5yyUfIvMFspTwww49OUfgXkQt", run["socketaccesstoken"]
    )

    def finished() -> dict:  # type: ignore[type-arg]
        (answer,) = shell(by_id)
        return answer if answer["tasklist"][0]["status"] == "task_postprocess_end" else {}

    answer = until(finished)
    assert shell(by_token) == [answer]
    task = answer["tasklist"][0]
    assert (answer["total"], task["pexit"], task["id"]) == ("1", "0", run["taskid"])
    assert task["parameters"]["inputImage"].endswith("_4.jpg")
    assert printed_keys(page, "Get Task Detail - Response") <= set(task)
    assert {key for output in task["outputs"] for key in output} >= {
        "id",
        "name",
        "contenttype",
        "url",
        "size",
    }


def printed_keys(page: str, headline: str) -> set[str]:
    body = page.split(f"## {headline} ```json", 1)[1].split("```", 1)[0]
    task = body.split('"tasklist": [ {', 1)[1].split('"outputs"', 1)[0]
    return set(re.findall(r'"(\w+)": ', task)) - {"inputImage"}


def test_kill_by_id_and_by_token_and_cancel(server: Live) -> None:
    known, shell = commands(SORA), Shell(server, SORA)
    run = known["Run Command - Make HTTP Post Request"].replace(
        "A narrow dirt road", "[say on][sleep 60] A road"
    )
    first, second, third = shell(run, run, run)

    def running(task: dict) -> bool:  # type: ignore[type-arg]
        detail = known["Get Task Detail - Make HTTP Post Request with Task ID"].replace(
            "2221", task["taskid"]
        )
        return bool(shell(detail)[0]["tasklist"][0]["status"] == "task_output")

    cancel = known["Cancel Task - Make HTTP Post Request (For tasks on queue)"]
    (cancelled,) = shell(cancel.replace("634574", third["taskid"]))
    assert_stopped(cancelled, third)
    until(lambda: running(first))
    (refused,) = shell(cancel.replace("634574", first["taskid"]))
    assert refused == {
        "result": False,
        "errors": [{"code": 1, "message": "Task is not in a cancellable state."}],
    }
    by_id = known["Kill Task - Make HTTP Post Request with Task ID"]
    (killed,) = shell(by_id.replace("534574", first["taskid"]))
    assert_stopped(killed, first)
    assert printed_keys(SORA, "Kill Task - Response") <= set(killed["tasklist"][0])
    until(lambda: running(second))
    by_token = known["Kill Task - Make HTTP Post Request with Socket Access Token"]
    (killed,) = shell(by_token.replace("ZpYote30on42O4jjHXNiKmrWAZqbRE", second["socketaccesstoken"]))
    assert_stopped(killed, second)


def assert_stopped(answer: dict, run: dict) -> None:  # type: ignore[type-arg]
    assert list(answer) == ["errors", "tasklist", "result"]
    (task,) = answer["tasklist"]
    assert (task["id"], task["status"], task["totalcost"]) == (run["taskid"], "task_cancel", "0")
    assert int(task["canceltime"]) > 0


def test_to_the_letter_the_tasks_of_the_documents_are_not_found(server: Live) -> None:
    known, shell = commands(SORA), Shell(server, SORA)
    lines = [
        command for headline, command in known.items() if headline.startswith(("Get Task", "Kill", "Cancel"))
    ]
    assert len(lines) == 5
    answers = shell(*lines)
    assert answers == [{"result": False, "errors": [{"code": 1, "message": "There is no task yet."}]}] * 5


def test_what_openssl_1_prints_is_taken_too(server: Live, tmp_path: Path) -> None:
    fake = tmp_path / "openssl"
    fake.write_text("#!/bin/bash\nopenssl \"$@\" | sed 's/^.*(stdin)/(stdin)/'\n")
    fake.chmod(0o755)
    shell = Shell(server, SORA, str(fake))
    assert shell(commands(SORA)["Run Command - Make HTTP Post Request"])[0]["result"] is True


def test_a_wrong_secret_is_refused(server: Live) -> None:
    shell = Shell(server, SORA)
    shell.prepare = shell.prepare.replace(server.credentials["api_secret"], "XXXXXXXXX")
    (answer,) = shell(commands(SORA)["Run Command - Make HTTP Post Request"])
    assert answer["errors"][0]["message"] == "Project authorization is not valid."
