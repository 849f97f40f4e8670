"""`understudy serve` from outside: how it starts, what keeps it from starting, how it ends."""

import os
import signal
import socket as sockets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.executors.processes import alive
from tests.server.caller import caller, command, socket, understudy
from tests.server.patience import until
from tests.server.processes import descendants
from understudy.testing.live import Live, live, start

AT_ONCE = "server.drain_seconds = 0"
IMPATIENT = "replicas.kill_grace_seconds = 0.1"


@contextmanager
def started(folder: Path, config: str = "", *, engine: str = "trouble") -> Iterator[Live]:
    """A server whose end is the test's business."""
    server = start(folder, engine=engine, config=config)
    try:
        yield server
    finally:
        server.sigkill()


def test_what_the_operator_may_not_have_meant_is_logged(tmp_path: Path) -> None:
    config = """
cast."openai/sora-2-pro" = ["gpu_box", "instant"]
cast."openai/sora2-pro" = ["instant"]
failover."google/veo3-1" = "never"
engine.gpu_box.kind = "openai_videos"
"""
    with live(tmp_path, config=config) as server:
        pass
    warnings = [line.partition(" warning ")[2] for line in server.log.splitlines() if " warning " in line]
    assert warnings[0] == "cli.serve: The settings speak of openai/sora2-pro, and there is no such model"
    assert warnings[1].startswith(
        "cli.serve: Engine gpu_box is cast, and cannot play now: It is not set up. Set "
    )
    assert len(warnings) == 2


def all_of(watching: ClientConnection) -> None:
    while True:
        watching.recv(timeout=5)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def refused(*arguments: str) -> str:
    """What `serve` says when it does not start."""
    done = command("serve", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


def test_the_first_start_makes_everything_and_the_second_keeps_it(tmp_path: Path) -> None:
    with live(tmp_path) as server:
        first = server.credentials
        assert set(first) == {"url", "api_key", "api_secret", "auth"}
        assert (first["url"], first["auth"]) == (server.url, "signature")
        assert mode(server.data) == 0o700
        assert mode(server.data / "credentials.json") == 0o600
        assert mode(server.data / "secret.key") == 0o600
        with caller(server) as project:
            id, _ = project.run()
            project.end_of(id)
    assert server.process.returncode == 0
    draft = server.data / "files" / ".incoming" / "of a crash a moment ago"
    draft.touch()
    with live(tmp_path) as server:
        assert not draft.exists()
        assert server.url != first["url"], "a free port was taken each time"
        assert server.credentials == {**first, "url": server.url}
        assert mode(server.data / "credentials.json") == 0o600
        assert [each["name"] for each in understudy("projects", "list", data=server.data)] == ["default"]
        with caller(server) as project:
            assert project.task(id)["pexit"] == "0"


def test_the_first_start_makes_its_project_beside_others(tmp_path: Path) -> None:
    mine = understudy("projects", "create", "mine", data=tmp_path / "data")
    with live(tmp_path) as server, caller(server) as default, caller(server, mine) as other:
        assert default.total() == other.total() == 0
        assert default.credentials.api_key != mine["api_key"]


def test_credentials_that_somebody_removed_stay_away(tmp_path: Path) -> None:
    with live(tmp_path) as server:
        (server.data / "credentials.json").unlink()
    with live(tmp_path) as server:
        assert not (server.data / "credentials.json").exists()


def test_a_data_folder_has_one_server(tmp_path: Path) -> None:
    with live(tmp_path) as server:
        said = refused("--data", str(server.data), "--port", "0")
        assert f"is in use by a server (process {server.process.pid})" in said
        assert "choose another folder with --data DIR" in said
        with caller(server) as project:
            assert project.total() == 0, "the first one is not disturbed"


def test_a_port_has_one_server(tmp_path: Path) -> None:
    with sockets.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused("--data", str(tmp_path / "data"), "--port", str(port))
    assert f"Cannot listen on 127.0.0.1 port {port} (Address already in use)." in said
    assert "Choose another with --port" in said


def test_folders_that_cannot_be_used(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for folder in (file, file / "below"):
        said = refused("--data", str(folder), "--port", "0")
        assert f"The data folder {folder} cannot be used" in said
        assert "Choose another with --data DIR." in said


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("understudy.db", "This is no database. " * 100, "understudy.db cannot be used as a database"),
        ("secret.key", "bm90IDMyIGJ5dGVz", "secret.key holds 12 bytes; it takes 32, in base64."),
        ("secret.key", "no base64!", "secret.key is not base64."),
    ],
    ids=["database", "short key", "no key"],
)
def test_a_damaged_folder_is_named(tmp_path: Path, name: str, content: str, words: str) -> None:
    (tmp_path / name).write_text(content)
    assert words in refused("--data", str(tmp_path), "--port", "0")


def test_sigterm_lets_running_tasks_end_and_answers_meanwhile(tmp_path: Path) -> None:
    with started(tmp_path, "engine.trouble.replicas = 1") as server, caller(server) as project:
        running, token = project.run("[say a][sleep 0.8]")
        project.reached(running, "task_output")
        with socket(server, token) as watching:
            watching.recv(timeout=5)
            server.process.send_signal(signal.SIGTERM)
            ready = until(lambda: (answer := project.http.get("/readyz")).status_code == 503 and answer)
            assert ready.json() == {
                "status": "unavailable",
                "reason": "The server is stopping; it takes up no more tasks.",
            }
            assert project.http.get("/healthz").status_code == 200
            late, _ = project.run("[say late]")
            heard: list[object] = []
            with suppress(ConnectionClosed):
                heard.extend(watching)
        assert '"task_postprocess_end"' in str(heard[-1])
        assert server.stop() == 0
    with started(tmp_path) as server, caller(server) as project:
        assert project.task(running)["pexit"] == "0"
        assert project.end_of(late)["debugoutput"] == "late"


def test_what_does_not_end_in_time_runs_again_and_that_does_not_count(tmp_path: Path) -> None:
    config = f"{AT_ONCE}\ntasks.max_attempts = 1"
    with started(tmp_path, config) as server, caller(server) as project:
        id, token = project.run("[say a][sleep 1]")
        project.reached(id, "task_output")
        with socket(server, token) as watching:
            watching.recv(timeout=5)
            assert server.stop() == 0
            with pytest.raises(ConnectionClosed) as closed:
                all_of(watching)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code in (1001, 1012), "going away, or restarting"
    with started(tmp_path, config) as server, caller(server) as project:
        task = project.end_of(id)
        assert (task["status"], task["pexit"], task["debugoutput"]) == ("task_postprocess_end", "0", "a")
        assert server.stop() == 0


def test_a_second_signal_ends_the_wait(tmp_path: Path) -> None:
    with started(tmp_path, f"server.drain_seconds = 600\n{IMPATIENT}") as server, caller(server) as project:
        id, _ = project.run("[say a][hang]")
        project.reached(id, "task_output")
        server.process.send_signal(signal.SIGINT)
        until(lambda: project.http.get("/readyz").status_code == 503)
        assert server.process.poll() is None
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 3


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_it(tmp_path: Path, end: signal.Signals) -> None:
    with started(tmp_path, f"{AT_ONCE}\n{IMPATIENT}") as server, caller(server) as project:
        id, token = project.run("[children]")
        with socket(server, token) as watching:
            said = (watching.recv(timeout=20) for _ in range(100))
            line = next(str(message) for message in said if "child " in str(message))
        child = int(line.partition("child ")[2].partition('"')[0])
        ours = descendants(server.process.pid)
        assert {child} < ours, "the engine's own child, and the replica"
        os.kill(server.process.pid, end)
        server.process.communicate(timeout=20)
        assert server.process.returncode == (0 if end == signal.SIGTERM else -end)
        until(lambda: not [pid for pid in ours if alive(pid)], 5)
    assert id


def test_runs_in_progress_leave_no_files(tmp_path: Path) -> None:
    with started(tmp_path, f"{IMPATIENT}") as server, caller(server) as project:
        id, _ = project.run("[say a][hang]")
        project.reached(id, "task_output")
        assert list((server.data / "runs").iterdir())
        server.sigkill()
    (server.data / "incoming" / "half an upload").write_bytes(b"x")
    with started(tmp_path, f"{IMPATIENT}\n{AT_ONCE}", engine="instant") as server, caller(server) as project:
        assert project.end_of(id)["pexit"] == "0"
        until(lambda: not list((server.data / "runs").iterdir()))
        assert not list((server.data / "incoming").iterdir())


def test_an_address_of_its_own_choice(tmp_path: Path) -> None:
    url = "https://clips.example.com/understudy"
    with started(tmp_path, f'server.url = "{url}/"', engine="instant") as server:
        assert server.url == server.credentials["url"] == url
