"""Several processes on one database, from outside: what one of them is asked, the others do and know."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests import postgres
from tests.server.caller import TERMINAL, Caller, caller, socket
from tests.server.installation import Installation, installation
from tests.server.patience import until
from tests.server.processes import descendants
from understudy.testing.live import Live, start

CONFIG = """
server.drain_seconds = 0
tasks.lease_seconds = 2
engine.trouble.replicas = 2
limits.requests_per_second = 0
"""


@pytest.fixture
def database() -> str:
    return asyncio.run(postgres.server().new_database())


@pytest.fixture
def several(tmp_path: Path, database: str) -> Iterator[Installation]:
    with installation(tmp_path, database, config=CONFIG) as made:
        yield made


def test_what_one_process_is_asked_all_of_them_know(several: Installation) -> None:
    one, two = several.caller("api1"), several.caller("api2")
    id, token = one.run("[say here][sleep 0.3]")
    with socket(several.processes["api2"], token) as watching:
        told = []
        while (message := json.loads(watching.recv(timeout=20)))["type"] not in TERMINAL:
            told.append(message["type"])
    assert message["type"] == "task_postprocess_end"
    statuses = [type for type in told if type != "task_output_full" and not type.startswith("task_output")]
    assert statuses == sorted(set(statuses), key=statuses.index), "every status once"
    task = two.task(id)
    clip = task["outputs"][0]["url"]
    assert (
        httpx.get(f"{two.credentials.url}/{clip.split('/', 3)[3]}", trust_env=False).content[4:8] == b"ftyp"
    )


def test_a_kill_reaches_the_process_that_runs_the_task(several: Installation) -> None:
    one, two = several.caller("api1"), several.caller("api2")
    id, _ = one.run("[say here][sleep 60]")
    one.reached(id, "task_output")
    began = time.monotonic()
    assert two.post("Task/Kill", taskid=id)["result"]
    again, _ = two.run("[say free]")
    one.reached(again, "task_postprocess_end")
    assert time.monotonic() - began < 10
    assert one.task(id)["status"] == "task_cancel"


def test_what_a_dead_dispatcher_ran_another_one_takes_up(several: Installation) -> None:
    one = several.caller("api1")
    ids = [one.run("[say here][sleep 1]")[0] for _ in range(3)]
    for id in ids[:2]:
        one.reached(id, "task_output")
    several.processes["dispatcher1"].sigkill()
    for id in ids:
        assert one.reached(id, *TERMINAL)["pexit"] == "0"
    several.processes["dispatcher2"].stop()
    late, _ = one.run("[say late]")
    time.sleep(1.5)
    assert one.task(late)["status"] == "task_queue", "nobody is there to run it"
    several.add("dispatcher3", "dispatcher")
    assert one.reached(late, *TERMINAL)["pexit"] == "0"


def test_every_process_answers_its_operator(several: Installation) -> None:
    for name, live in several.processes.items():
        for page in ("healthz", "readyz", "metrics"):
            answer = httpx.get(f"{live.url}/{page}", trust_env=False)
            assert answer.status_code == 200, (name, page, answer.text)
    answer = httpx.post(f"{several.processes['dispatcher1'].url}/v1/Task/Detail", trust_env=False)
    assert answer.status_code == 404
    assert "requests are answered by another one" in answer.text


def test_rates_hold_over_all_processes(tmp_path: Path, database: str) -> None:
    config = f"{CONFIG}\nlimits.request_burst = 5".replace("per_second = 0", "per_second = 0.2")
    with installation(tmp_path, database, config=config, dispatching=0) as made:
        callers = [made.caller("api1"), made.caller("api2")]
        answers = [callers[number % 2].ask("Task/List", json={}) for number in range(12)]
        allowed = [answer for answer in answers if answer.status_code == 200]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert (len(allowed), len(refused)) == (5, 7)
        assert 1 <= int(refused[0].headers["retry-after"]) <= 5
        assert "0.2 requests a second" in refused[0].text


def test_workers_share_a_port_and_one_that_dies_is_started_again(tmp_path: Path, database: str) -> None:
    config = f'database = "{database}"\nserver.workers = 2\n{CONFIG}'
    server = start(tmp_path, engine="instant", config=config)
    try:
        assert "/sign-in#" in (server.data / "sign-in.url").read_text(), "a link for the first operator"
        with caller(server) as asking:
            id, _ = asking.run()
            assert asking.reached(id, *TERMINAL)["pexit"] == "0"
            before = descendants(server.process.pid)
            for pid in before:
                _kill_if_worker(pid)
            until(lambda: len(descendants(server.process.pid) - before) >= 3)
            until(lambda: _answers(asking))
            id, _ = asking.run()
            assert asking.reached(id, *TERMINAL)["pexit"] == "0"
        assert server.stop() == 0
        assert descendants(server.process.pid) == set()
    finally:
        server.sigkill()


def _kill_if_worker(pid: int) -> None:
    if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
        os.kill(pid, signal.SIGKILL)


def _answers(caller: Caller) -> bool:
    try:
        return caller.http.get("/readyz").status_code == 200
    except httpx.HTTPError:
        return False


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ('server.role = "api"', "role = api takes a database that several processes share"),
        ("server.workers = 2", "more than one process takes a database that they share"),
        ('database = "mysql://me:secret@db/x"', "'mysql' is no database for Understudy"),
        ('database = "postgres//me:secret@db/x"', "database: that is no database for Understudy"),
    ],
)
def test_what_takes_a_shared_database_says_so(tmp_path: Path, config: str, words: str) -> None:
    with pytest.raises(RuntimeError, match=words) as refused:
        start(tmp_path, config=config)
    assert "secret" not in str(refused.value).replace("secret_key", "")


def test_another_secret_key_is_noticed_at_the_start(several: Installation) -> None:
    several.secret_key = "A" * 43 + "="
    with pytest.raises(RuntimeError, match="sealed with another secret key"):
        several.add("api3", "api")


def test_of_two_that_make_a_key_at_the_same_time_one_serves(tmp_path: Path, database: str) -> None:
    config = f'database = "{database}"\nstorage = "file://{tmp_path}/files"\n{CONFIG}'

    def begin(name: str) -> Live | RuntimeError:
        try:
            return start(tmp_path / name, config=config)
        except RuntimeError as refused:
            return refused

    with ThreadPoolExecutor() as threads:
        begun = list(threads.map(begin, ("one", "two")))
    serving = [each for each in begun if isinstance(each, Live)]
    try:
        assert len(serving) == 1
        assert "secret key" in str(next(each for each in begun if isinstance(each, RuntimeError)))
        with caller(serving[0]) as asking:
            assert asking.ask("Task/List", json={}).status_code == 200
    finally:
        for live in serving:
            live.sigkill()


def test_a_dispatcher_must_know_the_address_that_clients_see(tmp_path: Path, database: str) -> None:
    with pytest.raises(RuntimeError, match="url"):
        start(tmp_path, config=f'database = "{database}"\nserver.role = "dispatcher"')
