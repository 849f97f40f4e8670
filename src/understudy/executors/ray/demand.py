"""What a replica asks of a node: the engine's word, the operator's options."""

import math
from collections.abc import Mapping

import msgspec

from understudy.engines.engine import LocalEngine
from understudy.errors import ConfigurationError
from understudy.executors.need import gpus_of


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """What is set aside for one replica on its node, and is nobody else's while it lives."""

    cpus: float = 1.0
    gpus: float = 0.0
    """Whole cards, or a part of one."""
    memory_gb: float = 0.0
    """Of the node's main memory, in units of 1e9 bytes."""
    gpu_memory_gb: float = 0.0
    """Of one card's memory, in place of `gpus`: the part that it makes depends on the cards of the cluster."""


def demand_of(engine: LocalEngine, options: Mapping[str, object]) -> Demand:
    """The options `cpus`, `gpus`, `memory_gb` and `gpu_memory_gb`, else what the engine declares, and one processor.

    Raises `ConfigurationError` for options that say nothing sensible.
    """
    cpus = _number(engine, options, "cpus", 1.0)
    if not cpus:
        raise ConfigurationError(f"engine {engine.name}: the option cpus must be more than 0, such as 0.1")
    memory_gb = _number(engine, options, "memory_gb", engine.memory_gb)
    gpu_memory_gb = _number(engine, options, "gpu_memory_gb", 0.0)
    if gpu_memory_gb and "gpus" in options:
        raise ConfigurationError(
            f"engine {engine.name}: set either the option gpus or gpu_memory_gb, not both:"
            " the second stands for a part of one card"
        )
    gpus = 0.0 if gpu_memory_gb else gpus_of(engine, options)
    if (gpus or gpu_memory_gb) and options.get("devices") is not None:
        raise ConfigurationError(
            f"engine {engine.name}: the option devices names cards of this machine, and Ray chooses those of its"
            " nodes. Take it away"
        )
    return Demand(cpus=cpus, gpus=gpus, memory_gb=memory_gb, gpu_memory_gb=gpu_memory_gb)


def _number(engine: LocalEngine, options: Mapping[str, object], name: str, default: float) -> float:
    number = options.get(name, default)
    if isinstance(number, int | float) and not isinstance(number, bool) and 0 <= number < math.inf:
        return float(number)
    raise ConfigurationError(
        f"engine {engine.name}: the option {name} must be a number of at least 0, not {number!r}"
    )
