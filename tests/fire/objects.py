"""S3 in a process of its own: moto, as strict as S3, and empty at first."""

import os
import socket
import subprocess
import sys
import time

import httpx

from tests.files.s3 import ACCESS_KEY, SECRET

BUCKET = "fire"


class Objects:
    """Started when it is made."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if not name.startswith("UNDERSTUDY_")},
        )
        give_up = time.monotonic() + 30
        while True:
            try:
                httpx.put(f"http://127.0.0.1:{self.port}/{BUCKET}", trust_env=False).raise_for_status()
                break
            except httpx.TransportError:
                assert time.monotonic() < give_up, "moto does not start"
                time.sleep(0.05)

    @property
    def storage(self) -> str:
        """The setting."""
        return f"s3://{BUCKET}/files"

    def end(self) -> None:
        """It is gone with all that it had."""
        self.process.kill()
        self.process.wait()


def environment(port: int) -> dict[str, str]:
    """What a process needs to know, to find S3 at that port."""
    return {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "eu-west-3",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ALLOW_HTTP": "true",
    }
