"""More projects on a live server."""

import json
import subprocess
import sys

from understudy.testing.live import Live, clean_environment


def other_project(server: Live, auth: str = "signature") -> str:
    """The whole key of a new project."""
    command = [sys.executable, "-m", "understudy", "projects", "create", "other", "--json", "--auth", auth]
    made = subprocess.run(
        [*command, "--data", str(server.data)],
        check=True,
        capture_output=True,
        text=True,
        env=clean_environment(),
    )
    keys = json.loads(made.stdout)
    return f"{keys['api_key']}:{keys['api_secret']}" if auth == "signature" else str(keys["api_key"])
