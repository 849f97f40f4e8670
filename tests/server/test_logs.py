"""What the log of a real server says of tasks: one context in every line, wherever it comes from."""

import json
from pathlib import Path
from typing import Any

from tests.server.caller import SORA, caller
from tests.server.patience import until
from understudy.testing.live import Live, live
from understudy.testing.partners.clock import VirtualClock
from understudy.testing.partners.faults import FaultPlan
from understudy.testing.partners.openai_videos import OpenAIVideos
from understudy.testing.partners.serving import serving


def lines(server: Live, words: str) -> list[dict[str, Any]]:
    """The lines whose message has these words, once there is one."""

    def found() -> list[dict[str, Any]]:
        # The last one may be half written.
        whole = [json.loads(line) for line in server.log.splitlines(keepends=True) if line.endswith("\n")]
        return [line for line in whole if words in line["message"]]

    return until(found)


def about(line: dict[str, Any]) -> dict[str, Any]:
    """What a line says of its task."""
    return {name: line[name] for name in ("task", "project", "model", "attempt", "engine") if name in line}


def test_runs_their_replica_and_their_webhooks(tmp_path: Path) -> None:
    config = """
        log.format = "json"
        engine.trouble.close = "[say goodbye]"
        server.allow_addresses = ["127.0.0.1"]
        tasks.webhook_hours = 0.0000001
    """
    with live(tmp_path, engine="trouble", config=config) as server, caller(server) as project:
        ids = [
            project.run("[raise number 1]")[0],
            project.run("[raise number 2]")[0],
            project.run(callbackUrl="http://127.0.0.1:9/hook")[0],
        ]
        for id in ids:
            project.end_of(id)
        lines(server, "was not taken for")
    messages = ("RuntimeError: number 1", "RuntimeError: number 2", "was not taken for")
    for id, message in zip(ids, messages, strict=True):
        for line in lines(server, message):
            whole = {"task": id, "project": "1", "model": SORA, "attempt": "1", "engine": "trouble"}
            assert about(line) == whole
    # The replica was started for the first of them; what it says without a task concerns none.
    (line,) = lines(server, "stdout of idle engine trouble: goodbye")
    assert about(line) == {"engine": "trouble"}


def test_a_purchase_while_its_task_goes_on_and_when_it_is_over(tmp_path: Path) -> None:
    fake = OpenAIVideos(FaultPlan(), clock=VirtualClock(speed=20), seconds=20)
    with serving(fake.app) as url:
        config = f"""
            log.format = "json"
            cast."{SORA}" = ["openai_videos"]
            engine.openai_videos.base_url = "{url}/v1"
            engine.openai_videos.api_key = "test-key"
        """
        with live(tmp_path, config=config) as server, caller(server) as project:
            id, _ = project.run()
            (taken,) = lines(server, "openai_videos has taken the job")
            project.post("Task/Kill", taskid=id)
            (over,) = lines(server, "is abandoned")
    name = "openai_videos"
    assert about(taken) == {"task": id, "project": "1", "model": SORA, "attempt": "1", "engine": name}
    assert about(over) == {"task": id, "project": "1", "engine": name}
