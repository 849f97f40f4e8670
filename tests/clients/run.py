"""Runs the tests of every client beside one live server: `make test-clients`, after it has made their environments."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from understudy.catalogue.loader import load_catalogue
from understudy.testing.live import Live, clean_environment, live

HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parents[1] / ".venv" / "clients"
SECONDS = 120


def main() -> int:
    """The exit code: 0 if everybody got what they came for."""
    missed = []
    with tempfile.TemporaryDirectory() as folder, live(Path(folder) / "server", engine="trouble") as server:
        environment = surroundings(server)
        for name, command in commands():
            work = Path(folder, name)
            work.mkdir(parents=True)
            begun = time.monotonic()
            print(f"{name}", flush=True)
            done = subprocess.run(command, cwd=work, env=environment, timeout=SECONDS, check=False)
            print(
                f"{name}: {'good' if not done.returncode else 'NOT good'}, {time.monotonic() - begun:.1f} s"
            )
            if done.returncode:
                missed.append(name)
    if missed:
        print(f"Not good: {', '.join(missed)}")
    return 1 if missed else 0


def commands() -> Iterator[tuple[str, list[str]]]:
    """Each client's tests, and how they are run."""
    for requirements in sorted(HERE.glob("*/requirements.txt")):
        name = requirements.parent.name
        python = ENVIRONMENTS / name / "bin" / "python"
        yield (
            name,
            [str(python), "-m", "pytest", "-q", "-c", str(HERE / "clients.ini"), str(requirements.parent)],
        )
    bash = shutil.which("bash") or "bash"
    for script in sorted(HERE.glob("curl/*.sh")):
        yield f"curl/{script.stem}", [bash, "-euo", "pipefail", str(script)]


def surroundings(server: Live) -> dict[str, str]:
    """What `conftest.py` and the scripts read; nothing of a setting that clients look for themselves."""
    kept = {
        name: value
        for name, value in clean_environment().items()
        if not name.startswith(("GOOGLE_", "GEMINI_", "OPENAI_", "PYTHON"))
    }
    known = server.credentials
    return kept | {
        "UNDERSTUDY_CLIENTS_URL": server.url,
        "UNDERSTUDY_CLIENTS_KEY": f"{known['api_key']}:{known['api_secret']}",
        "UNDERSTUDY_CLIENTS_OTHER_KEY": key_only(server),
        "UNDERSTUDY_CLIENTS_PHOTO": str(load_catalogue().samples["openai_sora_pro_2_input_5.jpg"]),
    }


def key_only(server: Live) -> str:
    """The key of a new project that signs nothing."""
    command = [sys.executable, "-m", "understudy", "projects", "create", "other", "--auth", "key", "--json"]
    made = subprocess.run(
        [*command, "--data", str(server.data)],
        check=True,
        capture_output=True,
        text=True,
        env=clean_environment(),
        cwd=os.sep,
    )
    return str(json.loads(made.stdout)["api_key"])


if __name__ == "__main__":
    sys.exit(main())
