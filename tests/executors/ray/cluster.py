"""A real Ray cluster for tests: a head without resources, and nodes that can be added and killed."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).parents[3]
BIG = {"cpus": 2}
"""Options of a replica that is not to come to a node that was added for others."""
NODES = Path(__file__).with_name("nodes.py")


class Node(msgspec.Struct, frozen=True):
    """A node of it."""

    id: str
    raylet: int
    """The process id of its raylet."""


class Cluster:
    """Started when it is made; a context manager that ends it."""

    def __init__(self, port: int = 0) -> None:
        """`port`: of the head; 0 for any."""
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("RAY_")},
            "PYTHONPATH": str(ROOT),
        }
        self._apart: list[subprocess.Popen[bytes]] = []
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed at the end of this one
        self._process = subprocess.Popen(
            [sys.executable, str(NODES), str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=self._environment,
            text=True,
        )
        found = self._answer()
        self.address: str = found["address"]
        self.gcs: int = found["gcs"]
        self.raylet: int = found["raylet"]
        """Of the head, which servers in this machine are connected to."""

    def add(
        self,
        cpus: int = 1,
        gpus: int = 0,
        labels: dict[str, str] | None = None,
        environment: dict[str, str] | None = None,
    ) -> Node:
        """A new node: by default one with too few processors for `BIG` replicas."""
        wanted = {"cpus": cpus, "gpus": gpus, "labels": labels or {}, "environment": environment or {}}
        return msgspec.convert(self._asked(wanted), Node)

    def remove(self, node: Node) -> None:
        """End it in peace."""
        self._asked({"remove": node.id})

    def add_apart(
        self, hidden: Path, gpus: int, cpus: int = 1, environment: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """A new node that has nothing of the folder `hidden`, and more in its environment."""
        start = f"mount -t tmpfs none {hidden} && exec {sys.executable} -m ray.scripts.scripts start --block"
        what = f"--num-cpus={cpus} --num-gpus={gpus}"
        command = f"{start} --address={self.address} {what} --disable-usage-stats"
        apart = subprocess.Popen(
            ["unshare", "-m", "sh", "-c", command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**self._environment, **(environment or {})},
        )
        self._apart.append(apart)
        assert apart.stdout is not None
        said = b""
        while b"Ray runtime started" not in said:
            line = apart.stdout.readline()
            assert line, said.decode()
            said += line
        return apart

    def remove_apart(self, apart: subprocess.Popen[bytes]) -> None:
        """End it in peace."""
        self._apart.remove(apart)
        apart.terminate()
        apart.communicate(timeout=60)

    def lose(self, node: Node) -> None:
        """As if its machine had lost its power: SIGKILL to its raylet."""
        os.kill(node.raylet, signal.SIGKILL)

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_: object) -> None:
        for apart in tuple(self._apart):
            self.remove_apart(apart)
        self._process.communicate(timeout=60)
        self._errors.close()

    def _asked(self, order: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait(timeout=30)
            self._errors.seek(0)
            raise RuntimeError(self._errors.read())
        return json.loads(line)
