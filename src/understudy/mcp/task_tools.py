"""The tools that ask for clips, and follow what was asked for."""

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Annotated, Any

from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, ContentBlock, ResourceLink, TextContent
from pydantic import Field

from understudy.client import AsyncClient, Task, WaitedTooLong
from understudy.mcp.asking import Asked, ClientOf
from understudy.mcp.catalogue_tools import Address, Inputs
from understudy.mcp.records import TaskRecord, Tasks, state
from understudy.mcp.steps import Steps

TaskName = Annotated[str, Field(description="The task's id.")]
Seconds = Annotated[
    float,
    Field(ge=0, le=3600, description="Then the task is answered as it is. It goes on; call wait again."),
]
AFTER = 45.0
"""Seconds after which a wait is answered anyway: many clients give a tool a minute."""
Told = Annotated[CallToolResult, TaskRecord]
"""A sentence for the reader, links to the files, and the record."""


class TaskTools:
    """What becomes of a request."""

    def __init__(self, client_of: ClientOf, *, local_files: bool) -> None:
        """`local_files`: whether inputs may be files of this machine, which the caller then may read."""
        self._client_of = client_of
        self._local_files = local_files

    async def run(
        self,
        context: Asked,
        model: Address,
        inputs: Inputs,
        files: Annotated[
            dict[str, str | list[str]] | None,
            Field(
                description="File inputs: http(s) addresses, also those that upload returned;"
                " paths where the server of these tools runs on your own machine."
            ),
        ] = None,
        wait: Annotated[bool, Field(description="Wait for the clip, or return at once.")] = True,
        wait_seconds: Seconds = AFTER,
        idempotency_key: Annotated[
            str, Field(description="Asking again with the same key is the same task, not a second one.")
        ] = "",
    ) -> Told:
        """Make a clip with a model. This may cost money: see price.

        To stop this call does not stop the task; use kill.
        """
        client = self._client_of(context)
        given = {**inputs, **{name: self._files(value) for name, value in (files or {}).items()}}
        submitted = await client.submit(model, given, idempotency_key=idempotency_key or None)
        if wait:
            return await _followed(context, client, submitted.taskid, wait_seconds)
        return answer(await client.task(submitted.taskid))

    async def wait(self, context: Asked, task: TaskName, wait_seconds: Seconds = AFTER) -> Told:
        """Wait for a task's end, with progress. To stop this call does not stop the task."""
        return await _followed(context, self._client_of(context), task, wait_seconds)

    async def get_task(self, context: Asked, task: TaskName) -> Told:
        """A task as it is now, with links to its files."""
        return answer(await self._client_of(context).task(task), failed=False)

    async def list_tasks(
        self,
        context: Asked,
        model: Annotated[str, Field(description="Only tasks of this model, owner/slug.")] = "",
        status: Annotated[str, Field(description="Only tasks in this status, such as task_queue.")] = "",
        start: Annotated[int, Field(ge=0, description="How many to skip.")] = 0,
        limit: Annotated[int, Field(ge=1, le=100)] = 20,
    ) -> Tasks:
        """The project's tasks, newest first."""
        found = await self._client_of(context).tasks(model=model, status=status, start=start, limit=limit)
        return Tasks(tasks=[TaskRecord.of(each) for each in found])

    async def cancel(self, context: Asked, task: TaskName) -> Told:
        """Take a task out of the queue; one that has left it goes on, and is not touched."""
        return answer(await self._client_of(context).cancel(task), failed=False)

    async def kill(self, context: Asked, task: TaskName) -> Told:
        """Stop a task in whatever it does. Its work is lost."""
        return answer(await self._client_of(context).kill(task), failed=False)

    def _files(self, given: str | list[str]) -> Any:
        return self._file(given) if isinstance(given, str) else [self._file(each) for each in given]

    def _file(self, given: str) -> str | Path:
        if given.startswith(("http://", "https://")):
            return given
        if not self._local_files:
            # Without a slash it may be the name of a sample, which the server knows.
            if "/" in given or "\\" in given:
                raise ToolError(f"{given} is no http(s) address: upload the file first, and use its url.")
            return given
        path = Path(given).expanduser()
        if path.is_file():
            return path
        if "/" in given or "\\" in given:
            raise ToolError(f"There is no file {given}.")
        return given


def answer(task: Task, *, failed: bool = True) -> CallToolResult:
    """A task in a sentence, with links and as a record; with `failed`, one that ended badly is an error."""
    content: list[ContentBlock] = [TextContent(type="text", text=sentence(task))]
    content += [
        ResourceLink(
            type="resource_link",
            name=each.name,
            uri=each.url,
            mime_type=each.content_type,
            size=each.size,
            description=f"Made by task {task.id}",
        )
        for each in task.outputs
    ]
    return CallToolResult(
        content=content,
        structured_content=TaskRecord.of(task).model_dump(mode="json"),
        is_error=failed and task.over and not task.succeeded,
    )


def sentence(task: Task) -> str:
    """Where a task is, for a reader."""
    match state(task):
        case "waiting" | "working" as where:
            return f"Task {task.id} is {where} ({task.status}); it is not over yet."
        case "cancelled":
            return f"Task {task.id} was cancelled. {task.reason}".rstrip()
        case "failed":
            return f"Task {task.id} failed: {task.reason or 'the server gives no reason'}"
    engine = task.engine
    played = f", played by {engine.name}" if engine else ""
    stands_in = (
        " This is a PREVIEW that stands in for the model's own work." if engine and engine.preview else ""
    )
    return (
        f"Task {task.id} made {len(task.outputs)} file(s){played}, for ${task.cost.normalize():f}.{stands_in}"
    )


async def _followed(context: Asked, client: AsyncClient, task: str, seconds: float) -> CallToolResult:
    """The task once it is over, or after so many seconds as it is."""
    steps = Steps()
    try:
        async with asyncio.timeout(seconds), aclosing(client.events(task)) as events:
            async for event in events:
                if step := steps.after(event):
                    await context.report_progress(step.value, message=step.message)
    except (TimeoutError, WaitedTooLong):
        pass
    return answer(await client.task(task))
