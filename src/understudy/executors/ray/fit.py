"""Where in a cluster a replica finds room, and what it takes there. Pure.

A part of a card that is declared by memory is that memory divided by the card's. Ray takes the same number from
whichever card it chooses, so it is computed for the smallest card among the nodes that will do, and the replica is kept
to these nodes. On no card do the declared memories then come to more than the card has: each of its shares was
divided by a card that is no bigger. On bigger cards some room is left over.
"""

import math
from collections.abc import Sequence

import msgspec

from understudy.executors.need import TOLERANCE
from understudy.executors.ray.demand import Demand

GB = 10**9
_FINEST = 10_000
"""Ray counts in ten-thousandths."""


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A living node, and all that it has, used or not."""

    id: str
    name: str
    """Its address."""
    cpus: float
    gpus: float
    memory_gb: float
    card_gb: float = 0.0
    """The memory of its smallest card; 0 if it has none, or nobody knows."""


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of Ray: so much of one node."""

    cpus: float
    gpus: float
    memory_gb: float
    nodes: tuple[str, ...] = ()
    """The ids of those that it may be; empty for all."""


def bundle_of(demand: Demand, nodes: Sequence[Node]) -> Bundle | None:
    """What one replica takes, and where; None if no node has so much."""
    fitting = [node for node in nodes if _fits(demand, node)]
    if not fitting:
        return None
    return Bundle(
        cpus=demand.cpus,
        gpus=_share(demand, min(node.card_gb for node in fitting)),
        memory_gb=demand.memory_gb,
        nodes=tuple(sorted(node.id for node in fitting)) if demand.gpu_memory_gb else (),
    )


def most_at_once(demand: Demand, nodes: Sequence[Node]) -> int:
    """How many such replicas find room in the cluster, if nobody else does."""
    bundle = bundle_of(demand, nodes)
    if bundle is None:
        return 0
    return sum(_room(bundle, node) for node in nodes if _fits(demand, node))


def described(demand: Demand) -> str:
    """`2 GPUs, 1 CPU, 40 GB of memory`."""
    words = [_counted(demand.gpus, "GPU")] if demand.gpus else []
    if demand.gpu_memory_gb:
        words.append(f"a GPU with {demand.gpu_memory_gb:g} GB")
    words.append(_counted(demand.cpus, "CPU"))
    if demand.memory_gb:
        words.append(f"{demand.memory_gb:g} GB of memory")
    return ", ".join(words)


def _counted(number: float, what: str) -> str:
    return f"{number:g} {what}" + ("" if number <= 1 else "s")


def _fits(demand: Demand, node: Node) -> bool:
    return (
        node.cpus >= demand.cpus
        and node.gpus >= max(demand.gpus, 1 if demand.gpu_memory_gb else 0)
        and node.memory_gb >= demand.memory_gb
        and node.card_gb >= demand.gpu_memory_gb
    )


def _share(demand: Demand, smallest: float) -> float:
    if not demand.gpu_memory_gb:
        return demand.gpus
    return min(1.0, math.ceil(demand.gpu_memory_gb / smallest * _FINEST) / _FINEST)


def _room(bundle: Bundle, node: Node) -> int:
    rooms = node.cpus / bundle.cpus
    if bundle.gpus:
        by_card = int(1 / bundle.gpus + TOLERANCE) if bundle.gpus < 1 else 1
        rooms = min(rooms, node.gpus // max(1, bundle.gpus) * by_card)
    if bundle.memory_gb:
        rooms = min(rooms, node.memory_gb / bundle.memory_gb)
    return int(rooms + TOLERANCE)
