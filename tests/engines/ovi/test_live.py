"""The whole way: a signed request, the server, a replica, a clip."""

import json
from pathlib import Path

from tests.engines.ovi.tiny_weights import SHORT, picture, tiny_options
from understudy.client import Client
from understudy.client.events import LogLine, Progress
from understudy.testing.live import live


def test_text_and_image_in_mp4_with_sound_out(tmp_path: Path) -> None:
    """Slow, because a replica loads torch and the tiny model."""
    options = tiny_options(tmp_path / "weights", variant=SHORT)
    config = "\n".join(f"engine.ovi.{name} = {json.dumps(value)}" for name, value in options.items())
    image = picture(tmp_path / "in.png")
    inputs = {
        "prompt": 'A woman looks up. She says, "There it is." <AUDCAP>waves<ENDAUDCAP>',
        "steps": 4,
        "seed": 0,
        "resolution": "default",
    }
    with live(tmp_path / "server", engine="ovi", config=config) as server, Client(data=server.data) as client:
        heard = []
        done = client.wait(
            client.submit("chetwinlow1/ovi", inputs, files={"inputImage": image}), heard.append, timeout=90
        )
        assert done.succeeded
        assert done.engine is not None
        assert (done.engine.name, done.engine.preview) == ("ovi", False)
        assert done.engine.labels == {"preset": "exact", "variant": SHORT}
        seed = done.raw["engine"]["seed"]
        assert int(seed) > 0
        lines = [event.text for event in heard if isinstance(event, LogLine)]
        assert "Prompt: A woman looks up. She says, <S>There it is.<E> <AUDCAP>waves<ENDAUDCAP>" in lines
        assert any(f"seed {seed}" in line for line in lines)
        stages = dict.fromkeys(event.stage for event in heard if isinstance(event, Progress))
        assert "Generate" in stages
        assert done.clip is not None
        assert done.clip.content_type == "video/mp4"
        file = client.download(done.clip, tmp_path / "clip.mp4")
        assert file.read_bytes()[4:8] == b"ftyp"

        refused = client.wait(
            client.submit("chetwinlow1/ovi", {**inputs, "prompt": "He says <S>Hello."}),
            timeout=60,
            check=False,
        )
        assert not refused.succeeded
        assert "line 1, column 9" in refused.stderr
        assert "Traceback" not in refused.stderr
