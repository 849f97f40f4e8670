"""Task/Detail, Kill, Cancel, List and InputOutputDelete."""

from collections.abc import Sequence
from typing import Any

from understudy.api.answers import encode
from understudy.api.call import Call
from understudy.api.parts import Parts
from understudy.api.wiro.envelope import counted, success
from understudy.api.wiro.fields import one_of, text, whole
from understudy.api.wiro.models import by_name, of_task
from understudy.api.wiro.render import detail, task_object
from understudy.errors import InvalidInput
from understudy.tasks.lifecycle import Status
from understudy.tasks.records import File, Project, Task

MOST = 100
"""Tasks on one page of a list."""

_STATUSES = tuple(status.value for status in Status)
_FAR = 10**15

# The latest answers of Task/Detail: at most 8 MB.
_KEPT = 500
_KEPT_BYTES = 16 * 1024


class TaskEndpoints:
    """What a project does with its tasks."""

    def __init__(self, parts: Parts) -> None:
        self._desk = parts.desk
        self._store = parts.store
        self._catalogue = parts.catalogue
        self._base_url = parts.base_url
        self._answers: dict[int, tuple[Task, bytes]] = {}

    async def detail(self, call: Call) -> bytes:
        """One task, by taskid, tasktoken or socketaccesstoken."""
        task = await self._desk.find(call.project, **identify(await call.fields()))
        # A record never changes, so as long as the store has the same one, its answer is the same, too: what operators
        # decide about its model is not in it.
        known, answer = self._answers.get(task.id, (None, b""))
        if known is task:
            return answer
        model = of_task(self._catalogue, task)
        answer = encode(detail(task, await self._outputs(task), model, self._base_url))
        if len(answer) <= _KEPT_BYTES:
            self._answers.pop(task.id, None)
            if len(self._answers) >= _KEPT:
                del self._answers[next(iter(self._answers))]
            self._answers[task.id] = task, answer
        return answer

    async def kill(self, call: Call) -> dict[str, Any]:
        """Stop a task in any status that is not terminal."""
        task = await self._desk.kill(call.project, **identify(await call.fields()))
        return success(tasklist=[self._object(task, await self._outputs(task))])

    async def cancel(self, call: Call) -> dict[str, Any]:
        """Take a task out of the queue."""
        task = await self._desk.cancel(call.project, **identify(await call.fields()))
        return success(tasklist=[self._object(task, await self._outputs(task))])

    async def list(self, call: Call) -> dict[str, Any]:
        """One page of the project's tasks."""
        fields = await call.fields()
        one_of(fields, "sort", ("id",), "id")
        total, tasks = await self._page(
            call.project,
            model=by_name(self._catalogue, text(fields, "modelName")),
            status=one_of(fields, "status", _STATUSES, ""),
            start=whole(fields, "start", 0, 0, _FAR),
            limit=whole(fields, "limit", 20, 1, MOST),
            ascending=one_of(fields, "order", ("ASC", "DESC"), "DESC") == "ASC",
        )
        outputs = await self._store.outputs_of([task.id for task in tasks])
        return counted(total, tasklist=[self._object(task, outputs.get(task.id, ())) for task in tasks])

    async def delete_files(self, call: Call) -> dict[str, Any]:
        """Delete the files of a task that is over."""
        fields = await call.fields()
        token = text(fields, "tasktoken") or text(fields, "socketaccesstoken")
        if not token:
            raise InvalidInput("Request parameter [tasktoken] required")
        await self._desk.delete_files(call.project, token=token)
        return success()

    async def _page(self, project: Project, **query: Any) -> tuple[int, Sequence[Task]]:
        return await self._desk.page(project, **query)

    async def _outputs(self, task: Task) -> Sequence[File]:
        # Outputs come into being with the regular end, and with nothing else.
        if task.status != Status.POSTPROCESS_END or task.files_deleted:
            return ()
        return await self._desk.outputs(task)

    def _object(self, task: Task, outputs: Sequence[File]) -> dict[str, Any]:
        return task_object(task, outputs, of_task(self._catalogue, task), self._base_url)


def identify(fields: dict[str, Any]) -> dict[str, str]:
    """What names a task, as `Desk.find` takes it: a token before an id. Raises `InvalidInput` if nothing does."""
    token = text(fields, "tasktoken") or text(fields, "socketaccesstoken")
    if token:
        return {"token": token}
    if id := text(fields, "taskid"):
        return {"id": id}
    raise InvalidInput("taskid or socketaccesstoken is required")
