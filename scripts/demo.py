"""`make demo`: one clip through a real server, from an empty folder to demo.mp4.

Starts `understudy serve` on a free port with a temporary data folder, asks for `openai/sora-2-pro` with its own
example over the HTTP API, saves the clip in the current folder, and stops the server.
"""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from understudy.cli.screen import screen
from understudy.client import Client, Task
from understudy.errors import UnderstudyError
from understudy.files.describe import describe
from understudy.files.probe import probe

MODEL = "openai/sora-2-pro"
CLIP = Path("demo.mp4")
START_SECONDS = 20
STOP_SECONDS = 15
WAIT_SECONDS = 120
LOG_LINES = 40


class DemoFailed(Exception):
    """The demo cannot go on; says why."""


def main() -> int:
    """0 once demo.mp4 is there and the server has stopped; else 1, with the end of the server's log."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="understudy-demo-") as folder:
        log = Path(folder, "server.log")
        try:
            with server(Path(folder, "data"), log) as url:
                print(f"Server: {url}")
                task = play(Path(folder, "data"))
        except KeyboardInterrupt:
            return 130
        except (UnderstudyError, DemoFailed, OSError) as error:
            print(f"The demo failed: {error}", file=sys.stderr)
            print_tail(log)
            return 1
    print(json.dumps(task.raw, indent=2))
    print(CLIP, *describe(probe(CLIP)), sep="\n")
    if task.engine and task.engine.preview:
        print(f"\nPlayed by {task.engine.name}: a preview that stands in for {MODEL}.")
    print(f"Saved {CLIP} after {time.monotonic() - began:.1f} s.")
    return 0


@contextmanager
def server(data: Path, log: Path) -> Iterator[str]:
    """A running server's address; it is stopped with SIGTERM afterwards, and must end with 0."""
    command = [sys.executable, "-c", "from understudy.cli import main; main()", "serve", "--json"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("UNDERSTUDY_")}
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [*command, "--data", str(data), "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
        )
    try:
        yield ready(process)
        process.send_signal(signal.SIGTERM)
        if process.wait(STOP_SECONDS) != 0:
            raise DemoFailed(f"The server ended with {process.returncode}.")
    except subprocess.TimeoutExpired as error:
        raise DemoFailed(f"The server did not stop within {STOP_SECONDS} s.") from error
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stdout:
            process.stdout.close()


def ready(process: subprocess.Popen[bytes]) -> str:
    """The address that the server says it listens on."""
    assert process.stdout is not None
    if not select.select([process.stdout], [], [], START_SECONDS)[0]:
        raise DemoFailed(f"The server was not ready within {START_SECONDS} s.")
    line = process.stdout.readline()
    if not line:
        raise DemoFailed("The server did not start.")
    return str(json.loads(line)["url"])


def play(data: Path) -> Task:
    """The task that made demo.mp4, with the default inputs of the model."""
    with Client(data=data, environ={}) as client:
        inputs = client.model(MODEL).defaults
        print(f"Model:  {MODEL}\nPrompt: {inputs.get('prompt', '')}")
        with screen(quiet=False) as shown:
            task = client.wait(client.submit(MODEL, inputs), on_event=shown.hear, timeout=WAIT_SECONDS)
        if task.clip is None:
            raise DemoFailed(f"Task {task.id} made no clip.")
        client.download(task.clip, CLIP)
        return task


def print_tail(log: Path) -> None:
    """The last lines of the server's log."""
    if log.is_file():
        lines = log.read_text("utf-8", "replace").splitlines()[-LOG_LINES:]
        print("The server's log ends with:", *lines, sep="\n  ", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
