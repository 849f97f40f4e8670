"""The same request in other words: each says what the form would send."""

import html
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.served import CATALOGUE, picture
from tests.web.visiting import House
from understudy.cli.inputs import read_inputs
from understudy.client import Client
from understudy.testing.live import live
from understudy.web.shown.snippets import Given, snippets

TRICKY = '@ada <says>: "it\'s $HOME", `id`, 100 %; \\ and\na second line: 🎬 @x <y>'


def snippet(
    language: str, given: Given, base_url: str = "http://here", model: str = "chetwinlow1/ovi"
) -> str:
    found = CATALOGUE.find(*model.split("/"))
    assert found is not None
    return next(each.text for each in snippets(found, given, base_url, signed=True) if each.name == language)


async def test_the_page_shows_exactly_the_present_inputs(house: House) -> None:
    visitor = await house.operator()
    fields = {
        "prompt": TRICKY,
        "negativePrompt": "",
        "steps": "12",
        "seed": "5",
        "inputImage": "@/home/ada/my road.png",
    }
    answer = await visitor.send("/models/chetwinlow1/ovi/now", **fields)
    texts = [
        html.unescape(text) for text in re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", answer.text, re.S)
    ]
    assert len(texts) == 4
    for text in texts:
        assert "negativePrompt" in text, "a text that was emptied is sent empty, or its default would count"
        assert "audioNegativePrompt" not in text, "nothing was said of it"
        assert "my road.png" in text
        assert "/home/ada" not in text
    for text in (texts[0], texts[2]):
        assert "signature" in text.lower()
    await house.served.parts.store.change_project(1, auth="key")
    answer = await visitor.send("/models/chetwinlow1/ovi/now", **fields)
    assert "x-signature" not in answer.text


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="needs curl and openssl")
def test_curl_sends_what_it_says(tmp_path: Path) -> None:
    (tmp_path / 'a "road"; 1.png').write_bytes(picture(640, 360))
    given = {"prompt": TRICKY, "negativePrompt": "", "steps": "12", "inputImage": ('@a "road"; 1.png',)}
    with live(tmp_path / "data") as server, Client(data=server.data) as client, httpx.Client() as web:
        text = snippet("curl", given, server.url)
        keys = server.credentials
        text = text.replace("your key", keys["api_key"]).replace("your secret", keys["api_secret"])
        said = subprocess.run(["bash", "-c", text], cwd=tmp_path, capture_output=True, check=True, timeout=60)
        task = client.task(re.findall(r'"socketaccesstoken":"(\w+)"', said.stdout.decode())[0])
        sent = task.parameters
        assert (sent["prompt"], sent["negativePrompt"], str(sent["steps"])) == (TRICKY, "", "12")
        url: Any = sent["inputImage"]
        assert web.get(url if isinstance(url, str) else url[0]).content == picture(640, 360)


def test_python_is_python() -> None:
    text = snippet(
        "Python", {"prompt": TRICKY, "negativePrompt": "", "inputImage": ("@🎬.png", "https://x/y.png")}
    )
    inputs = text[text.index("inputs = ") : text.index("# The key")]
    said: dict[str, Any] = {"Path": Path}
    exec(inputs, said)
    assert said["inputs"] == {
        "prompt": TRICKY,
        "negativePrompt": "",
        "inputImage": [Path("🎬.png"), "https://x/y.png"],
    }
    compile(text, "snippet", "exec")


def test_the_command_line_reads_what_was_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a b.png").write_bytes(picture())
    given = {"prompt": TRICKY, "negativePrompt": "", "inputImage": ("@a b.png", "https://x/y.png")}
    words = shlex.split(snippet("Command line", given).replace("\\\n", " "))
    assert words[:3] == ["understudy", "run", "chetwinlow1/ovi"]
    assert read_inputs(words[4::2]) == given | {"inputImage": [Path("a b.png"), "https://x/y.png"]}


def test_what_is_not_said_is_not_sent() -> None:
    given = {"prompt": "A road.", "negativePrompt": "", "generateAudio": "", "inputImage": ()}
    for language in ("curl", "Python", "JavaScript", "Command line"):
        text = snippet(language, given, model="google/veo3-1")
        for name in ("negativePrompt", "generateAudio", "inputImage"):
            assert name not in text, "its default is to say nothing"
