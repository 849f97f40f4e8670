"""The command as a process of its own: what only that can show. Each start costs, so there are few."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.client.stand_in import StandIn

UNDERSTUDY = [sys.executable, "-c", "from understudy.cli import main; main()"]


def environment(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("UNDERSTUDY_")} | more


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom understudy.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print('LOADED', *sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment()
    )
    loaded = set(done.stdout.partition("LOADED ")[2].split())
    assert "typer" in loaded
    assert not loaded & {"av", "numpy", "PIL", "httpx", "obstore", "rich", "starlette", "uvicorn", "asyncio"}


def test_ctrl_c_stops_the_task_first(stand_in: StandIn, tmp_path: Path) -> None:
    stand_in.hold = True
    command = [*UNDERSTUDY, "run", "openai/sora-2-pro", "-p", "A road."]
    running = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment(**stand_in.environment()),
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs these tests in the background of a shell has it ignored, and that is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 20
    while not any(task["status"] == "task_start" for task in stand_in.tasks.values()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=20)
    assert running.returncode == 130
    assert said.endswith("Stopped task 2221.\n")
    assert stand_in.tasks["2221"]["status"] == "task_cancel"


def test_a_server_is_found_without_configuration_and_stops_on_sigterm(tmp_path: Path) -> None:
    settings = environment(
        UNDERSTUDY_DATA=str(tmp_path / "data"),
        UNDERSTUDY_ENGINES="understudy.testing.instant:engine",
        UNDERSTUDY_CAST='{"*": ["instant"]}',
    )
    serving = subprocess.Popen(
        [*UNDERSTUDY, "serve", "--port", "0", "--json"],
        env=settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert serving.stdout is not None
        ready = json.loads(serving.stdout.readline())
        assert (ready["pid"], ready["data"]) == (serving.pid, str(tmp_path / "data"))
        done = subprocess.run(
            [*UNDERSTUDY, "run", "openai/sora-2-pro", "--defaults", "-o", "clip.mp4", "--json"],
            cwd=tmp_path,
            env=settings,
            capture_output=True,
            timeout=60,
            check=True,
        )
        assert json.loads(done.stdout)["task"]["engine"]["name"] == "instant"
        assert (tmp_path / "clip.mp4").stat().st_size > 1000
    finally:
        serving.terminate()
        serving.communicate(timeout=20)
    assert serving.returncode == 0
