"""Whether nodes put files into the storage themselves, and what is said of those that could not."""

import logging
from urllib.parse import urlsplit

log = logging.getLogger(__name__)

_BUCKETS = frozenset({"s3", "gs", "az"})


class Storing:
    """Of one executor."""

    def __init__(self, address: str) -> None:
        """`address` of the installation's storage. Nodes are told of buckets only: a folder may be another one there."""
        self.address = address if urlsplit(address).scheme.lower() in _BUCKETS else ""
        self._said: set[tuple[str, str]] = set()

    def could_not(self, node: str, reason: str) -> None:
        """A node could not store a file: say so, once for each reason."""
        if (node, reason) not in self._said:
            self._said.add((node, reason))
            log.warning(
                "node %s cannot store files itself, and gives them to this server instead: %s. Set what the storage"
                " needs where `ray start` is run on it: see docs/ray.md, Files.",
                node,
                reason.rstrip("."),
            )
