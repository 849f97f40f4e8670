"""Ray's exceptions in words of ours."""

from collections.abc import Sequence

from ray.exceptions import ActorUnavailableError, RayError, RayTaskError

from understudy.executors.failure import public
from understudy.executors.ray.demand import Demand
from understudy.executors.ray.fit import Node, described

_DETAILS = ("class_name:", "actor_id:", "pid:", "namespace:", "ip:", "repr:", "name:")
"""Lines of Ray's messages that say nothing to an operator."""


def lost(engine: str, node: str, error: RayError) -> str:
    """How the replica of an engine was lost."""
    where = f" on node {node}" if node else ""
    return f"The replica of engine {engine}{where} was lost: {said(error)}"


def said(error: RayError) -> str:
    """Ray's own words on one line."""
    if isinstance(error, ActorUnavailableError):
        return "its node cannot be reached any more, or its process is gone."
    text = str(error.cause) if isinstance(error, RayTaskError) else str(error)
    lines = [line.strip() for line in text.splitlines()]
    return public(" ".join(line for line in lines if line and not line.startswith(_DETAILS)))


def unfit(engine: str, error: RayError) -> str:
    """Why a replica could not be started on a node."""
    return (
        f"A replica of engine {engine} could not be started on its node: {said(error)} Is the same version of"
        " Understudy installed on every node of the Ray cluster, for the Python that Ray runs there?"
    )


def too_much(engine: str, demand: Demand, nodes: Sequence[Node]) -> str:
    """That no node has what a replica needs, and what there is."""
    needs = f"A replica of engine {engine} needs {described(demand)} on one node of the Ray cluster, and "
    if not nodes:
        return needs + "the cluster has no nodes."
    if demand.gpu_memory_gb and any(node.gpus and not node.card_gb for node in nodes):
        return needs + (
            "the memory of some of its cards is not known. Where nvidia-smi cannot tell it, start Ray with"
            " --labels=understudy-card-gb=80, or as much as the node's smallest card has."
        )
    return needs + (
        f"none has that: they have up to {max(node.gpus for node in nodes):g} GPUs,"
        f" {max(node.cpus for node in nodes):g} CPUs and {max(node.memory_gb for node in nodes):.0f} GB of memory."
        " Add a bigger node, or set the engine's options gpus, cpus, memory_gb or gpu_memory_gb otherwise."
    )
