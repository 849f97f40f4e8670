"""`tests.executors.ray.nodes` on a machine so busy that a node may not start within Ray's 30 seconds: tried again."""

import runpy
import sys
from pathlib import Path
from typing import Any

from ray.cluster_utils import Cluster

ATTEMPTS = 4
_NODES = Path(__file__).parents[1] / "executors" / "ray" / "nodes.py"
_add_node = Cluster.add_node


def _add_node_patiently(self: Cluster, *given: Any, **named: Any) -> Any:
    for left in reversed(range(ATTEMPTS)):
        try:
            return _add_node(self, *given, **named)
        except Exception as error:
            if left == 0 or "timed out during startup" not in str(error):
                raise
    raise AssertionError("the last attempt returns or raises")


if __name__ == "__main__":
    Cluster.add_node = _add_node_patiently
    sys.argv[0] = str(_NODES)
    runpy.run_path(str(_NODES), run_name="__main__")
