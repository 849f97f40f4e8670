"""What it was measured on, and with."""

import platform
from datetime import UTC, datetime
from importlib.metadata import version

import torch

from benchmarks.ovi.cell import Machine
from understudy.engines.ovi import VERSION


def this_machine(device: torch.device) -> Machine:
    """As of now."""
    card = torch.cuda.get_device_properties(device) if device.type == "cuda" else None
    versions = {
        "engine": VERSION,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "diffusers": version("diffusers"),
        "transformers": version("transformers"),
    }
    if card is not None:
        versions |= {"cuda": str(torch.version.cuda), "cudnn": str(torch.backends.cudnn.version())}
    return Machine(
        date=datetime.now(UTC).date().isoformat(),
        device=card.name if card else f"{platform.machine()}, {torch.get_num_threads()} threads",
        memory_bytes=card.total_memory if card else None,
        versions=versions,
    )
