"""Signed Task/Detail and durable Run against the ceiling, in turns within one run."""

import json
import statistics
import time
from pathlib import Path

import httpx

from benchmarks.ceiling import ceiling
from benchmarks.examples import PROMPT
from benchmarks.load import Request, requests_per_second
from benchmarks.report import Figure
from understudy.client.credentials import Credentials
from understudy.client.signing import signed_headers
from understudy.testing.live import Live, live

ROUNDS = 3
RUN = "/v1/Run/openai/sora-2-pro"
DETAIL = "/v1/Task/Detail"


def measure(folder: Path) -> list[Figure]:
    """Two figures: shares of the ceiling."""
    with live(folder / "detail") as server:
        task = finished_task(server)
        body = json.dumps({"taskid": task}).encode()
        answer = post(server, DETAIL, body).content
        detail = share(server, DETAIL, body, answer, folder)
    # One task runs for as long as the benchmark does, the others wait: what is measured is submitting.
    with live(
        folder / "run", engine="trouble", config="server.drain_seconds = 0\nengine.trouble.replicas = 1"
    ) as server:
        body = json.dumps({"prompt": f"{PROMPT} [sleep 3600]"}).encode()
        answer = post(server, RUN, body).content
        waiting = json.dumps({"taskid": json.loads(post(server, RUN, body).content)["taskid"]}).encode()
        poll = share(server, DETAIL, waiting, post(server, DETAIL, waiting).content, folder)
        run = share(server, RUN, body, answer, folder)
    return [
        Figure(what="signed Task/Detail, share of the ceiling", goal=0.5, unit="%", at_least=True, **detail),
        Figure(
            what="signed Task/Detail of a task that waits, share of the ceiling",
            goal=0.5,
            unit="%",
            at_least=True,
            **poll,
        ),
        Figure(
            what="signed durable Run, 64 clients, share of the ceiling",
            goal=0.25,
            unit="%",
            at_least=True,
            **run,
        ),
    ]


def share(server: Live, path: str, body: bytes, answer: bytes, folder: Path) -> dict:  # type: ignore[type-arg]
    """Requests a second of the server by those of the ceiling, the median of pairs."""
    headers = signed(server)
    pairs = []
    with ceiling(answer, folder) as top:
        for _ in range(ROUNDS):
            above = requests_per_second(Request(f"{top}{path}", headers, body))
            pairs.append((requests_per_second(Request(f"{server.url}{path}", headers, body)), above))
    rate, above = sorted(pairs, key=lambda pair: pair[0] / pair[1])[ROUNDS // 2]
    return {"measured": rate / above, "note": f"{rate:,.0f} of {above:,.0f} requests/s"}


def signed(server: Live) -> dict[str, str]:
    return {
        **signed_headers(Credentials(**server.credentials), time.time()),  # type: ignore[arg-type]
        "content-type": "application/json",
    }


def post(server: Live, path: str, body: bytes) -> httpx.Response:
    answer = httpx.post(f"{server.url}{path}", content=body, headers=signed(server), trust_env=False)
    assert answer.json()["result"], answer.text
    return answer


def finished_task(server: Live) -> str:
    """The id of a task that has just run to its end."""
    task = post(server, RUN, json.dumps({"prompt": PROMPT}).encode()).json()["taskid"]
    while detail(server, task)["status"] != "task_postprocess_end":
        time.sleep(0.01)
    return str(task)


def detail(server: Live, task: str) -> dict:  # type: ignore[type-arg]
    return post(server, DETAIL, json.dumps({"taskid": task}).encode()).json()["tasklist"][0]  # type: ignore[no-any-return]


def overhead(folder: Path, runs: int = 100) -> list[Figure]:
    """Submit to terminal with an engine that takes no time: what the server adds to a run."""
    with live(folder / "overhead") as server:
        credentials = Credentials(**server.credentials)  # type: ignore[arg-type]
        finished_task(server)
        times = [one_run(server, credentials) for _ in range(runs)]
    return [
        Figure(
            what="overhead of a run (instant engine), submit to terminal, median",
            measured=statistics.median(times),
            goal=25,
            unit="ms",
            at_least=False,
            note=f"slowest tenth from {sorted(times)[-runs // 10]:.1f} ms; the last status heard over the socket",
        )
    ]


def one_run(server: Live, credentials: Credentials) -> float:
    """Milliseconds from submitting to hearing of the end over the socket."""
    from websockets.sync.client import connect

    with (
        httpx.Client(base_url=server.url, trust_env=False) as client,
        connect(server.url.replace("http", "ws") + "/v1", proxy=None) as socket,
    ):
        client.get("/healthz")
        began = time.perf_counter()
        answer = client.post(
            RUN, json={"prompt": PROMPT}, headers=signed_headers(credentials, time.time())
        ).json()
        socket.send(json.dumps({"type": "task_info", "tasktoken": answer["socketaccesstoken"]}))
        while json.loads(socket.recv())["type"] != "task_postprocess_end":
            pass
        return 1000 * (time.perf_counter() - began)
