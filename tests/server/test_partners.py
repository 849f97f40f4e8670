"""A server whose engine is a partner's, through its front door: what was bought, told and counted."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.server.patience import until
from understudy.client import Client
from understudy.testing.live import Live, live
from understudy.testing.partners.clock import VirtualClock
from understudy.testing.partners.faults import Fault, FaultPlan
from understudy.testing.partners.openai_videos import OpenAIVideos
from understudy.testing.partners.serving import serving

SORA = "openai/sora-2-pro"


@pytest.fixture(scope="module")
def fake() -> OpenAIVideos:
    return OpenAIVideos(FaultPlan(), clock=VirtualClock(speed=20), seconds=20)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, fake: OpenAIVideos) -> Iterator[Live]:
    with serving(fake.app) as url:
        config = f"""
            cast."{SORA}" = ["openai_videos", "instant"]
            engine.openai_videos.base_url = "{url}/v1"
            engine.openai_videos.api_key = "test-key"
            engine.openai_videos.ends = 2026-01-31
            server.trusted_proxies = ["203.0.113.0/24"]
        """
        with live(tmp_path_factory.mktemp("server"), config=config) as running:
            yield running


def figures(server: Live) -> dict[str, float]:
    text = httpx.get(f"{server.url}/metrics").text
    return {name: float(value) for name, value in re.findall(r"^([^#\s]\S*) (\S+)$", text, re.MULTILINE)}


def test_a_clip_that_a_partner_made(server: Live, fake: OpenAIVideos, tmp_path: Path) -> None:
    with Client(data=server.data) as client:
        task = client.wait(client.submit(SORA, {"prompt": "A road.", "generateAudio": "x"}))
        assert task.engine is not None
        assert (task.engine.name, task.engine.preview) == ("openai_videos", False)
        assert client.download(task.outputs[0], tmp_path / "clip.mp4").read_bytes() == fake.clip
    assert figures(server)['understudy_purchases_total{engine="openai_videos",outcome="delivered"}'] == 1


def test_how_purchases_end_is_counted(server: Live, fake: OpenAIVideos) -> None:
    fake.plan.add(Fault("create", "refused content"))
    with Client(data=server.data) as client:
        task = client.wait(client.submit(SORA, {"prompt": "Something forbidden."}), check=False)
        assert task.exit_code == "1"
    counted = figures(server)
    assert counted['understudy_purchases_total{engine="openai_videos",outcome="declined"}'] == 1
    assert 'understudy_purchases_open{engine="openai_videos"}' not in counted


def test_a_killed_task_tells_what_came_of_its_money(server: Live, fake: OpenAIVideos) -> None:
    fake.seconds = 60
    before = fake.paid
    with Client(data=server.data) as client:
        task = client.submit(SORA, {"prompt": "To be stopped."})
        until(lambda: fake.paid > before)
        until(lambda: client.task(task).status in ("task_start", "task_output"))
        began = time.monotonic()
        killed = client.kill(task)
        # Less than the job still takes: nobody waits for the partner.
        assert time.monotonic() - began < 2.5
        assert "Nothing is charged to the project." in killed.stderr
        until(lambda: "may charge the operator" in client.task(task).stderr)
    fake.seconds = 20


def test_the_end_of_an_engine_is_told(server: Live) -> None:
    assert "engine openai_videos: This engine was to be retired on 2026-01-31" in server.log
    assert figures(server)['understudy_days_until_end{kind="engine",name="openai_videos"}'] < 0


def test_who_may_not_read_metrics_finds_no_such_page(server: Live) -> None:
    for forwarded in ("198.51.100.7", "127.0.0.1"):
        # Whoever comes through a proxy that is not believed could be anybody.
        answer = httpx.get(f"{server.url}/metrics", headers={"x-forwarded-for": forwarded})
        assert (answer.status_code, answer.json()["errors"][0]["message"]) == (404, "Error parsing url.")


def test_a_call_from_outside_learns_nothing(server: Live) -> None:
    for path in ("/v1/hooks/" + "a" * 40, "/v1/hooks/", "/v1/hooks/x/y"):
        for method in ("POST", "GET"):
            answer = httpx.request(method, f"{server.url}{path}", content=b"x" * 1000)
            assert (answer.status_code, answer.content) == (202, b"")
