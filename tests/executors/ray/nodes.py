"""A Ray cluster in one machine, in a process of its own: takes orders as JSON lines, and ends with its standard input.

{"cpus": 8, "gpus": 4, "labels": {...}, "environment": {...}}    a new node: its id and its raylet's process id
    {"remove": id}
"""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TextIO

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
# A head that is gone for good is to be noticed within a test, and not within a minute.
os.environ.update(RAY_gcs_rpc_server_reconnect_timeout_s="3")

from ray.cluster_utils import Cluster


def main() -> None:
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # short: it holds sockets
    # Where Ray notes which cluster is "the" one of this machine: that of a test is not. Ray itself does not make the folder.
    os.environ["RAY_TMPDIR"] = folder
    (Path(folder) / "ray").mkdir()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        keep(folder, answers)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def keep(folder: str, answers: TextIO) -> None:
    def answer(**what: object) -> None:
        print(json.dumps(what), file=answers, flush=True)

    head_node = {"num_cpus": 0, "include_dashboard": False, "temp_dir": folder}
    if port := int(sys.argv[1]):
        head_node["gcs_server_port"] = port
    cluster = Cluster(initialize_head=True, head_node_args=head_node)
    head = cluster.head_node.all_processes
    gcs, raylet = (head[name][0].process.pid for name in ("gcs_server", "raylet"))
    answer(address=cluster.address, gcs=gcs, raylet=raylet)
    nodes = {}
    for line in sys.stdin:
        wanted = json.loads(line)
        if "remove" in wanted:
            cluster.remove_node(nodes[wanted["remove"]])
            answer()
            continue
        node = cluster.add_node(
            num_cpus=wanted["cpus"],
            num_gpus=wanted["gpus"],
            labels=wanted["labels"],
            env_vars=wanted["environment"],
            temp_dir=folder,
        )
        nodes[node.node_id] = node
        answer(id=node.node_id, raylet=node.all_processes["raylet"][0].process.pid)
    cluster.shutdown()


main()
