"""Graphics cards, as a server can see them without loading anything."""

from pathlib import Path


def has_card() -> bool:
    """Whether the system has an NVIDIA card and its driver."""
    return any(Path(path).exists() for path in ("/dev/nvidiactl", "/dev/dxg"))
