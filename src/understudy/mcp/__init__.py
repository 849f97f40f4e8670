"""The Model Context Protocol: tools on top of the Python client, for programs that talk to a language model.

`stdio.serve` speaks over standard input and output, to a server anywhere; `http.create_mcp_app` is what a server
mounts at /mcp. Both can do what the wire can, by the keys of a project, and nothing else. The official SDK (the extra
`[mcp]`) is imported late: it takes half a second.
"""

from importlib.metadata import PackageNotFoundError, version

REMEDY = "pip install 'understudy[mcp]'"


def is_installed() -> bool:
    """Whether the official SDK is there, 2.0 or newer. Imports nothing of it."""
    try:
        return int(version("mcp").split(".")[0]) >= 2
    except PackageNotFoundError:
        return False
