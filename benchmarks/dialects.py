"""Create and get on `/v1/videos`, beside LiteLLM's proxy in turns within one run.

python -m benchmarks.dialects       installs LiteLLM for itself if need be; as a part of `make bench` it takes what is there
"""

import json
import statistics
import sys
import tempfile
from pathlib import Path

import httpx

from benchmarks import litellm_proxy
from benchmarks.ceiling import ceiling
from benchmarks.load import Request, requests_per_second
from benchmarks.report import Figure, table
from understudy.testing.live import Live, live

ROUNDS = 3
GOAL = 20
KNOWN = 84
"""Requests a second of LiteLLM 1.92 for either call, on 2 cores: what is compared with where it is not installed."""

VIDEOS = "/v1/videos"
PROMPT = "A narrow dirt road cuts through grassy terrain under natural daylight."
FORM = {"model": "sora-2-pro", "prompt": f"{PROMPT} [sleep 3600]", "seconds": "4", "size": "1280x720"}
BOUNDARY = "benchmark"
UPSTREAM = {
    "id": "video_0123456789abcdef0123456789abcdef",
    "object": "video",
    "model": "sora-2-pro",
    "status": "queued",
    "progress": 0,
    "created_at": 1795000000,
    "completed_at": None,
    "expires_at": None,
    "prompt": PROMPT,
    "size": "1280x720",
    "seconds": "4",
    "remixed_from_video_id": None,
    "error": None,
}
"""What LiteLLM's upstream answers, whatever it is asked."""


def measure(folder: Path) -> list[Figure]:
    """Figures for create, get and memory; against what is known of LiteLLM if it is not installed."""
    # One task runs for as long as the benchmark does, the others wait: what is measured is the dialect.
    settings = "server.drain_seconds = 0\nengine.trouble.replicas = 1"
    with live(folder, engine="trouble", config=settings) as server:
        ours = calls(server.url, key_of(server))
        if not litellm_proxy.version():
            return _alone(ours)
        with (
            ceiling(json.dumps(UPSTREAM).encode(), folder) as upstream,
            litellm_proxy.proxy(upstream, folder) as proxy,
        ):
            theirs = calls(proxy.url, litellm_proxy.KEY)
            figures = [_against(name, ours[name], theirs[name]) for name in ours]
            return [*figures, _memory(server.process.pid, proxy.pid)]


def calls(url: str, key: str) -> dict[str, Request]:
    """The two requests, as the OpenAI client sends them; makes the video that is got."""
    authorization = {"authorization": f"Bearer {key}"}
    form = {**authorization, "content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    create = Request(f"{url}{VIDEOS}", form, multipart(FORM))
    made = httpx.post(create.url, content=create.body, headers=form, trust_env=False, timeout=30)
    assert made.status_code == 200, made.text
    get = Request(f"{url}{VIDEOS}/{made.json()['id']}", authorization, method="GET")
    got = httpx.get(get.url, headers=authorization, trust_env=False, timeout=30)
    assert (got.status_code, got.json()["object"]) == (200, "video"), got.text
    return {"get": get, "create": create}


def multipart(form: dict[str, str]) -> bytes:
    """A form without a file."""
    parts = [
        f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in form.items()
    ]
    return "".join((*parts, f"--{BOUNDARY}--\r\n")).encode()


def key_of(server: Live) -> str:
    """What stands behind `Bearer` for the first project."""
    known = server.credentials
    return ":".join(filter(None, (known["api_key"], known["api_secret"])))


def resident(pid: int) -> float:
    """MiB that a process and those that it has started have in memory."""
    total, waiting = 0.0, [pid]
    while waiting:
        folder = Path(f"/proc/{waiting.pop()}")
        for line in (folder / "status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1]) / 1024
        for children in folder.glob("task/*/children"):
            waiting += [int(child) for child in children.read_text().split()]
    return total


def _against(name: str, ours: Request, theirs: Request) -> Figure:
    pairs = [(requests_per_second(ours), requests_per_second(theirs)) for _ in range(ROUNDS)]
    mine, other = sorted(pairs, key=lambda pair: pair[0] / pair[1])[ROUNDS // 2]
    return Figure(
        what=f"{name} on {VIDEOS}, 64 clients, times LiteLLM's proxy",
        measured=mine / other,
        goal=GOAL,
        unit="x",
        at_least=True,
        note=f"{mine:,.0f} to {other:,.0f} requests/s of LiteLLM {litellm_proxy.version()}",
    )


def _alone(ours: dict[str, Request]) -> list[Figure]:
    return [
        Figure(
            what=f"{name} on {VIDEOS}, 64 clients",
            measured=statistics.median(requests_per_second(request) for _ in range(ROUNDS)),
            goal=GOAL * KNOWN,
            unit="requests/s",
            at_least=True,
            note=f"LiteLLM is not installed: {GOAL} times the {KNOWN} of its version 1.92 at another time",
        )
        for name, request in ours.items()
    ]


def _memory(ours: int, theirs: int) -> Figure:
    return Figure(
        what="resident memory after that, with all processes, beside LiteLLM's proxy",
        measured=resident(ours),
        goal=resident(theirs),
        unit="MiB",
        at_least=False,
        note="ours with its database of tasks and one loaded engine",
    )


def main() -> int:
    """Install, measure, print."""
    if failed := litellm_proxy.install():
        print(f"LiteLLM cannot be installed, so it is not measured: {failed}", file=sys.stderr)
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as folder:
        figures = measure(Path(folder))
    print(table(figures))
    return 0 if all(each.reached for each in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
