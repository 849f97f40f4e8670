"""The official `openai` package, and the projects that it speaks for, for tests against a live server."""

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from understudy.testing.live import Live, clean_environment

if TYPE_CHECKING:
    import openai


def projects(server: Live, *words: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "understudy", "projects", *words, "--data", str(server.data), "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=clean_environment())
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def client_of(server: Live, keys: dict[str, Any], **more: Any) -> "openai.OpenAI":
    import openai

    return openai.OpenAI(
        base_url=f"{server.url}/v1", api_key=f"{keys['api_key']}:{keys['api_secret']}", max_retries=0, **more
    )
