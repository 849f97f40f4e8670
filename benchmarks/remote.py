"""What a run at a partner costs beyond the partner: engine `openai_videos`, a fake that is done at once, against `instant`."""

import json
import statistics
from pathlib import Path

from benchmarks.report import Figure
from benchmarks.server_speed import finished_task, one_run
from understudy.client.credentials import Credentials
from understudy.testing.live import live
from understudy.testing.partners.openai_videos import OpenAIVideos
from understudy.testing.partners.serving import serving

RUNS = 100
GOAL = 3


def measure(folder: Path) -> list[Figure]:
    """Submit to terminal, the clip in the server's own storage: the two engines in turns."""
    with serving((shop := OpenAIVideos(seconds=0)).app) as address:
        options = {
            "kind": "openai_videos",
            "base_url": f"{address}/v1",
            "api_key": shop.key,
            "model": "sora-2-pro",
        }
        lines = [f"engine.fake.{name} = {json.dumps(value)}" for name, value in options.items()]
        with (
            live(folder / "remote", engine="fake", config="\n".join(lines)) as remote,
            live(folder / "local") as local,
        ):
            times: dict[str, list[float]] = {"remote": [], "local": []}
            servers = {"remote": remote, "local": local}
            for server in servers.values():
                finished_task(server)
            for _ in range(RUNS):
                for name, server in servers.items():
                    times[name].append(one_run(server, Credentials(**server.credentials)))  # type: ignore[arg-type]
        assert shop.paid == RUNS + 1, shop.paid
    median = {name: statistics.median(each) for name, each in times.items()}
    return [
        Figure(
            what="a run at a partner that is done at once, submit to terminal, times the instant engine",
            measured=median["remote"] / median["local"],
            goal=GOAL,
            unit="x",
            at_least=False,
            note=f"{median['remote']:.1f} to {median['local']:.1f} ms: four more durable steps, three requests, a copy",
        )
    ]
