"""What the driver asks of Ray: the connection, the nodes, room on them, actors. All of it may block."""

import logging
import os
import socket
import subprocess
from collections.abc import Callable
from typing import Any

import ray
from ray.exceptions import RayError
from ray.util.placement_group import (
    PlacementGroup,
    placement_group,
    placement_group_table,
    remove_placement_group,
)
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy, PlacementGroupSchedulingStrategy

from understudy.executors.ray.actor import ReplicaActor
from understudy.executors.ray.fit import GB, Bundle, Node

NAMESPACE = "understudy"
CARD_LABEL = "understudy-card-gb"
"""A node's label for the memory of its smallest card, where nvidia-smi cannot tell."""
_MIB = 2**20
_PATIENCE = 20.0
"""Seconds that nvidia-smi may take."""
_KNOCK = 3.0
"""Seconds that the cluster's head may take to answer."""


class NoCluster(Exception):
    """Ray cannot be asked; in words."""


def connect(address: str) -> None:
    """Make this process a driver of the cluster. Raises `NoCluster`."""
    # Ray lets its workers look for modules where the driver was started: there must be none.
    os.chdir("/")
    try:
        _knock(address)
        ray.init(
            address=address,
            namespace=NAMESPACE,
            log_to_driver=False,
            configure_logging=False,
            logging_level=logging.ERROR,
        )
    except (ConnectionError, RuntimeError, ValueError, OSError, RayError) as error:
        reason = " ".join(str(error).split())
        raise NoCluster(f"Ray cannot be reached at {address}: {reason}") from error


def disconnect() -> None:
    """End the connection, and with it every actor and every room that was made over it."""
    ray.shutdown()


def raylet() -> str:
    """The socket of Ray's process on this machine."""
    here = ray.get_runtime_context().get_node_id()
    return next(str(node["RayletSocketName"]) for node in ray.nodes() if node["NodeID"] == here)


def nodes(card_gb: Callable[[str], float | None]) -> tuple[Node, ...]:
    """The living nodes. `card_gb` tells what is known of the cards of one, by its id."""
    return tuple(
        sorted((_node(each, card_gb) for each in ray.nodes() if each["Alive"]), key=lambda node: node.id)
    )


def measure_cards(node: str) -> float:
    """The memory of that node's smallest card in GB, 0 if that cannot be told: asked there, with nvidia-smi."""
    task = ray.remote(smallest_card).options(
        num_cpus=0, max_retries=0, scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)
    )
    try:
        return float(ray.get(task.remote(), timeout=2 * _PATIENCE))
    except RayError:
        return 0.0


def smallest_card() -> float:
    """The memory of this machine's smallest card in GB; 0 if nvidia-smi does not say."""
    command = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(  # noqa: S603 - the command is ours
            command, capture_output=True, text=True, timeout=_PATIENCE, check=True
        )
        return min(int(line) for line in done.stdout.split()) * _MIB / GB
    except (OSError, subprocess.SubprocessError, ValueError):
        return 0.0


class Room:
    """Room for one replica on one node, whichever has it first."""

    def __init__(self, bundle: Bundle, name: str) -> None:
        """`name` must be one that no other room in the cluster has."""
        self._bundle = bundle
        resources = {"CPU": bundle.cpus, "GPU": bundle.gpus, "memory": round(bundle.memory_gb * GB)}
        self._group: PlacementGroup = placement_group(
            [{what: much for what, much in resources.items() if much}],
            strategy="STRICT_PACK",
            name=f"{NAMESPACE} {name}",
            bundle_label_selector=[{"ray.io/node-id": f"in({','.join(bundle.nodes)})"}]
            if bundle.nodes
            else None,
        )

    def found(self, within: float) -> bool:
        """Wait for it so many seconds; whether it is there."""
        return bool(self._group.wait(within))

    def give_back(self) -> None:
        """Free it, and end what lives in it."""
        remove_placement_group(self._group)

    def actor(self) -> Any:
        """A new actor in it: one that Ray does not start again, and does not ask twice."""
        return (
            ray.remote(ReplicaActor)
            .options(
                num_cpus=self._bundle.cpus,
                num_gpus=self._bundle.gpus,
                memory=round(self._bundle.memory_gb * GB) or None,
                max_restarts=0,
                max_task_retries=0,
                scheduling_strategy=PlacementGroupSchedulingStrategy(self._group, 0),
            )
            .remote()
        )


def kill(actor: Any) -> None:
    """End its process at once."""
    ray.kill(actor)


def others_wait(ours: frozenset[str]) -> bool | None:
    """Whether a room of another server, with a card (True) or without (False), is waited for; None if none is.

    `ours` are the names of our own.
    """
    waiting = [
        any("GPU" in resources for resources in group["bundles"].values())
        for group in placement_group_table().values()
        if group["state"] == "PENDING"
        and group["name"].startswith(f"{NAMESPACE} ")
        and group["name"].removeprefix(f"{NAMESPACE} ") not in ours
    ]
    return any(waiting) if waiting else None


def _node(found: dict[str, Any], card_gb: Callable[[str], float | None]) -> Node:
    resources, label = found["Resources"], found.get("Labels", {}).get(CARD_LABEL, "")
    gpus = float(resources.get("GPU", 0))
    return Node(
        id=found["NodeID"],
        name=found["NodeManagerAddress"],
        cpus=float(resources.get("CPU", 0)),
        gpus=gpus,
        memory_gb=resources.get("memory", 0) / GB,
        card_gb=(_number(label) or card_gb(found["NodeID"]) or 0.0) if gpus else 0.0,
    )


def _knock(address: str) -> None:
    """See whether somebody listens there: Ray itself would try for minutes. Raises `OSError`."""
    host, separator, port = address.rpartition(":")
    if separator and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=_KNOCK).close()


def _number(text: str) -> float:
    try:
        return max(0.0, float(text))
    except ValueError:
        return 0.0
