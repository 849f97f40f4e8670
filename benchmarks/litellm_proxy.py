"""LiteLLM's proxy on this machine, in an environment of its own, with an upstream that answers at once."""

import json
import os
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec

ENVIRONMENT = Path(sys.prefix) / "clients" / "litellm"
WANTED = "litellm[proxy]>=1.92,<=1.109.1"
KEY = "sk-benchmark"
_START_SECONDS = 120


class Proxy(msgspec.Struct, frozen=True):
    """A proxy that answers."""

    url: str
    pid: int


def install() -> str:
    """Make the environment if it is not there; returns why that failed, or nothing. It takes a few minutes."""
    if version():
        return ""
    venv.create(ENVIRONMENT, with_pip=True)
    pip = [
        ENVIRONMENT / "bin" / "python",
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        WANTED,
    ]
    done = subprocess.run(pip, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr.strip().rpartition("\n")[2]


def version() -> str:
    """The version that is installed; nothing if none is."""
    found = list(ENVIRONMENT.glob("lib/python*/site-packages/litellm-*.dist-info"))
    return found[0].name.removeprefix("litellm-").removesuffix(".dist-info") if found else ""


@contextmanager
def proxy(upstream: str, folder: Path) -> Iterator[Proxy]:
    """Its proxy with one worker, as its documentation advises for production, until the block ends."""
    settings, log, port = folder / "litellm.yaml", folder / "litellm.log", _free_port()
    settings.write_text(json.dumps(_settings(upstream)))  # JSON is YAML, too.
    command = [
        ENVIRONMENT / "bin" / "litellm",
        "--config",
        settings,
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    environment = {
        **os.environ,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOG": "ERROR",
        "LITELLM_MODE": "PRODUCTION",
    }
    with log.open("wb") as lines:
        process = subprocess.Popen(
            [*command, "--num_workers", "1", "--telemetry", "False"],
            stdout=lines,
            stderr=lines,
            cwd=folder,
            env=environment,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process, log)
        yield Proxy(url, process.pid)
    finally:
        process.kill()
        process.wait()


def _settings(upstream: str) -> dict[str, object]:
    partner = {"model": "openai/sora-2-pro", "api_base": f"{upstream}/v1", "api_key": "benchmark"}
    return {
        "model_list": [{"model_name": "sora-2-pro", "litellm_params": partner}],
        "general_settings": {"master_key": KEY},
    }


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    over = time.monotonic() + _START_SECONDS
    while time.monotonic() < over and process.poll() is None:
        try:
            if httpx.get(f"{url}/health/liveliness", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.25)
    raise RuntimeError(f"LiteLLM's proxy did not start:\n{log.read_text()}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
