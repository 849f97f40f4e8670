"""The MCP server, assembled: the tools under their names, with what clients should know of each."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp_types import ToolAnnotations

from understudy import __version__
from understudy.mcp.asking import ClientOf, in_plain_words
from understudy.mcp.catalogue_tools import CatalogueTools
from understudy.mcp.file_tools import LocalFiles, SentFiles
from understudy.mcp.task_tools import TaskTools

INSTRUCTIONS = """\
Understudy makes video with sound. Choose a model (recommend, search_models, model_schema), ask for its price, then run
it. A run that takes long is answered before its end: call wait with the task's id. Each answer names the engine that
really played; a preview only stands in for the model's own work, and should be told apart from it.
"""

_READS = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
_MAKES = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=True
)
_KEEPS = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False
)
_STOPS = ToolAnnotations(
    read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False
)


def make_server(client_of: ClientOf, *, local: bool) -> MCPServer[Any]:
    """The server with all its tools; `local`: it runs on the caller's own machine, and may read files there."""
    with _logging_left_alone():
        server: MCPServer[Any] = MCPServer(
            "understudy",
            title="Understudy",
            instructions=INSTRUCTIONS,
            version=__version__,
            subscriptions=False,
        )
    catalogue = CatalogueTools(client_of)
    tasks = TaskTools(client_of, local_files=local)
    files = LocalFiles(client_of) if local else SentFiles(client_of)
    for tool, title, kind in (
        (catalogue.search_models, "Find models", _READS),
        (catalogue.model_schema, "What a model takes", _READS),
        (catalogue.recommend, "Which model suits", _READS),
        (catalogue.explore, "Look around", _READS),
        (catalogue.price, "Price of a run", _READS),
        (catalogue.search_docs, "Search the documentation", _READS),
        (tasks.run, "Make a clip", _MAKES),
        (tasks.get_task, "Look at a task", _READS),
        (tasks.wait, "Wait for a task", _READS),
        (tasks.list_tasks, "List tasks", _READS),
        (tasks.cancel, "Take a task out of the queue", _STOPS),
        (tasks.kill, "Stop a task", _STOPS),
        (files.upload, "Keep a file", _KEEPS),
    ):
        server.add_tool(in_plain_words(tool), title=title, annotations=kind)
    return server


@contextmanager
def _logging_left_alone() -> Iterator[None]:
    """The SDK sets up the root logger if nobody has; ours is set up by whoever starts the program."""
    root, nobody = logging.getLogger(), logging.NullHandler()
    root.addHandler(nobody)
    try:
        yield
    finally:
        root.removeHandler(nobody)
