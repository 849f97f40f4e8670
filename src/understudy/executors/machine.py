"""Which graphics cards this machine has, found out without torch and without a driver's library."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from understudy.executors.environment import VISIBLE

_NODE = re.compile(r"nvidia\d+")
_LISTED = re.compile(r"GPU \d+: ")
_PATIENCE = 20.0
"""Seconds that nvidia-smi may take: on a machine with many cards it wakes each of them first."""


def cards_here(
    environment: Mapping[str, str] = os.environ,
    nodes: Path = Path("/dev"),
    ask: Callable[[], str] | None = None,
) -> tuple[str, ...]:
    """The names that CUDA_VISIBLE_DEVICES knows the cards by: numbers from 0, or what the variable itself lists.

    If the variable is set for the server, that is the answer. Otherwise the cards' device files are counted, which
    in a container are there for its own cards alone; without such files (WSL) `ask`, which is `nvidia-smi -L`.
    """
    if (visible := environment.get(VISIBLE)) is not None:
        return _listed(visible)
    try:
        count = sum(bool(_NODE.fullmatch(each.name)) for each in nodes.iterdir())
    except OSError:
        count = 0
    if not count:
        count = len([line for line in (ask or _nvidia_smi)().splitlines() if _LISTED.match(line)])
    return tuple(str(number) for number in range(count))


def _listed(visible: str) -> tuple[str, ...]:
    """As CUDA reads the variable: up to the first entry that is no card, such as -1."""
    names: list[str] = []
    for name in (each.strip() for each in visible.split(",")):
        if not name or name.startswith("-") or name in names:
            break
        names.append(name)
    return tuple(names)


def _nvidia_smi() -> str:
    program = shutil.which("nvidia-smi")
    if program is None:
        return ""
    try:
        done = subprocess.run(  # noqa: S603 - the path is the system's
            [program, "-L"], capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
