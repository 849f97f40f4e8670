"""Operations (AIP-151) as Google's two forms print them. Pure.

An operation is a task: its id is the task's number. `error` and `response` exclude each other, and come with `done`.
Codes are those of google/rpc/code.proto.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from understudy.tasks.lifecycle import Status, is_terminal
from understudy.tasks.records import File, Task

CANCELLED, NOT_FOUND, INTERNAL = 1, 5, 13
_METADATA = "type.googleapis.com/understudy.OperationMetadata"
_RESPONSE = "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"


def is_success(task: Task) -> bool:
    """Whether its clips can be had."""
    return task.status == Status.POSTPROCESS_END and task.pexit == "0" and not task.files_deleted


def running(name: str, task: Task) -> dict[str, Any]:
    """An operation that goes on."""
    return {"name": name, "metadata": metadata(task), "done": False}


def failed(name: str, task: Task) -> dict[str, Any]:
    """One that ended without a clip."""
    return {"name": name, "metadata": metadata(task), "done": True, "error": _error(task)}


def platform_done(name: str, task: Task, videos: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """One that made clips, in the enterprise form: each as base64 and its content type."""
    shown = [{"bytesBase64Encoded": content, "mimeType": content_type} for content, content_type in videos]
    return _done(name, task, {"@type": _RESPONSE, "videos": shown, "raiMediaFilteredCount": 0})


def platform_filtered(name: str, task: Task) -> dict[str, Any]:
    """One whose content a partner's rules have refused, in the enterprise form."""
    return _done(name, task, {"@type": _RESPONSE, **_filtered(task)})


def developer_done(name: str, task: Task, videos: Sequence[File], base_url: str) -> dict[str, Any]:
    """One that made clips, in the Developer form: each as the address that it is downloaded from, with the key."""
    samples = [{"video": {"uri": f"{base_url}/v1beta/files/{file.id}:download?alt=media"}} for file in videos]
    return _done(name, task, {"generateVideoResponse": {"generatedSamples": samples}})


def developer_filtered(name: str, task: Task) -> dict[str, Any]:
    """One whose content a partner's rules have refused, in the Developer form."""
    return _done(name, task, {"generateVideoResponse": _filtered(task)})


def metadata(task: Task) -> dict[str, Any]:
    """What Google's clients hand on as it is: who played, which contract, and what had no effect."""
    shown: dict[str, Any] = {
        "@type": _METADATA,
        "model": task.model,
        "state": task.status,
        "createTime": datetime.fromtimestamp(task.created, UTC).isoformat().replace("+00:00", "Z"),
    }
    if task.notes:
        shown["notes"] = task.notes
    if task.engine:
        shown["engine"] = task.engine
    return shown


def _done(name: str, task: Task, response: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "metadata": metadata(task), "done": True, "response": response}


def _filtered(task: Task) -> dict[str, Any]:
    return {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [task.reason]}


def _error(task: Task) -> dict[str, Any]:
    if not is_terminal(task.status):
        raise ValueError(f"a task in {task.status} has not failed")
    if task.status == Status.CANCEL:
        return {"code": CANCELLED, "message": task.reason or "The operation was cancelled."}
    if task.files_deleted:
        return {"code": NOT_FOUND, "message": "The files of this operation were deleted."}
    return {"code": INTERNAL, "message": task.reason or "The clip could not be made."}
