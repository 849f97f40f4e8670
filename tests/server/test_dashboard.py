"""The dashboard of a real server: what it says of keys is true on the machine, too."""

import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import httpx
import pytest

from understudy.client import Client
from understudy.testing.live import Live, clean_environment, live

SECRET = "correct horse battery"
_FORM_TOKEN = re.compile(r'<meta name="form-token" content="(\w+)">')
_CURL = re.compile(r'<pre class="snippet"[^>]*><code>(.*?)</code></pre>', re.DOTALL)


def signed_in(server: Live) -> tuple[httpx.Client, str]:
    """The first operator, by the link that the server printed; and the form token."""
    browser = httpx.Client(base_url=server.url, headers={"accept": "text/html"}, follow_redirects=True)
    invitation = (server.data / "sign-in.url").read_text().strip().partition("#")[2]
    home = browser.post("/welcome", data={"invitation": invitation, "password": SECRET})
    (token,) = _FORM_TOKEN.findall(home.text)
    return browser, token


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_new_keys_work_in_a_shell_and_are_those_of_the_machine(tmp_path: Path) -> None:
    with live(tmp_path) as server:
        before = server.credentials
        browser, token = signed_in(server)
        made = browser.post(
            "/operate/projects", data={"form_token": token, "name": "films", "auth": "signature"}
        )
        line = unescape(_CURL.findall(made.text)[0])
        answer = subprocess.run(
            ["bash", "-c", line],
            capture_output=True,
            text=True,
            check=True,
            env=clean_environment(),
        )
        assert '"result":true' in answer.stdout.replace(" ", ""), answer
        assert server.credentials == before, "somebody else's keys are not written there"

        changed = browser.post("/operate/projects/1/keys", data={"form_token": token})
        assert server.credentials["api_key"] != before["api_key"]
        assert server.credentials["api_key"] in changed.text
        with Client(data=server.data, environ={}) as client:
            assert client.tasks(limit=1) is not None
        browser.close()
