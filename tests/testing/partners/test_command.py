"""`python -m understudy.testing.partners`."""

import argparse
import json
import os
import pkgutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.engines.wiro.bench import tools
from understudy.engines.wiro.signing import signed_headers
from understudy.testing.partners.__main__ import FAKES, fault, how_to_use, main, make
from understudy.testing.partners.faults import Fault

COMMAND = [sys.executable, "-m", "understudy.testing.partners"]


@contextmanager
def command(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, once it answers, and its address."""
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process, process.stdout.readline().split()[-1]
        finally:
            process.kill()


def run(url: str) -> httpx.Response:
    headers = signed_headers("k", "test-secret", 1)
    return httpx.post(f"{url}/v1/Run/openai/sora-2-pro", json={"prompt": "A dog."}, headers=headers)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_a_fake_in_the_foreground(end: int) -> None:
    arguments = ("wiro", "--port", "0", "--key", "k", "--speed", "10000", "--fault", "create:busy")
    with command(*arguments) as (process, url):
        assert run(url).status_code == 429
        task = run(url).json()
        headers = signed_headers("k", "test-secret", 1)
        detail = httpx.post(f"{url}/v1/Task/Detail", json={"taskid": task["taskid"]}, headers=headers)
        assert json.loads(detail.text)["tasklist"][0]["status"] == "task_postprocess_end"
        process.send_signal(end)
        said, _ = process.communicate(timeout=20)
        assert process.returncode == 0
        assert said.splitlines()[-1] == "Jobs bought: 1."


def test_a_receiver_in_the_foreground() -> None:
    with command("receiver", "--port", "0", "--fault", "deliver:refused:2") as (process, url):
        assert [httpx.post(url, json={}).status_code for _ in range(3)] == [400, 400, 204]
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=20)
        assert said.splitlines()[-1] == "Deliveries: 3."


def test_a_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    try:
        with command("receiver", "--port", "0") as (_, url):
            assert main(["receiver", "--port", url.rpartition(":")[2]]) == 1
    finally:
        for each, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
            signal.signal(each, handler)
    assert "cannot be had" in capsys.readouterr().err


@pytest.mark.parametrize("kind", FAKES)
def test_every_kind_can_be_made(kind: str) -> None:
    assert callable(make(kind, [], 1, 20, "test-key").app)


@pytest.mark.parametrize("kind", FAKES)
def test_what_is_printed_can_be_pasted(kind: str) -> None:
    text = how_to_use(kind, "http://127.0.0.1:9000", 'a"key' if kind == "receiver" else "a-key")
    settings = tomllib.loads(text.partition(":\n")[2])
    if kind == "receiver":
        assert settings == {"server": {"allow_addresses": ["127.0.0.1:9000"]}}
        return
    assert settings["cast"] == {"*": ["fake"]}
    options = {**settings["engine"]["fake"], "name": "fake"}
    assert options.pop("kind") == kind
    engine = pkgutil.resolve_name(f"understudy.engines.{kind}:engine")
    make_partner = pkgutil.resolve_name(engine.partner)
    make_partner(options, tools(time.time))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("create:busy", Fault("create", "busy")),
        ("create:drop after", Fault("create", "drop after")),
        ("create:drop-after", Fault("create", "drop after")),
        ("content:truncated:2", Fault("content", "truncated", 2)),
        ("check:slow:2:1:0.5", Fault("check", "slow", 2, 1, 0.5)),
    ],
)
def test_faults(text: str, meant: Fault) -> None:
    assert fault(text) == meant


@pytest.mark.parametrize(
    "text", ["create", "buy:busy", "create:dead", "create:busy:x", "create:busy:1:2:3:4"]
)
def test_faults_that_are_none(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"there are|step:kind:times"):
        fault(text)


def test_help_is_quick_to_read() -> None:
    done = subprocess.run(
        [*COMMAND, "--help"], capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "100"}
    )
    assert "STEP:KIND[:TIMES[:SKIP[:SECONDS]]]" in done.stdout
