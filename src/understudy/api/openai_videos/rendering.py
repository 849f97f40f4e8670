"""The video object, the webhook's event, lists and deletions, as this protocol prints them. Pure.

`engine` and `cost` are ours, beside the protocol's own fields: who really played, and what it cost in US dollars. `num_outputs`
is SGLang's, whose benchmark counts by it.
"""

from collections.abc import Sequence
from typing import Any

from understudy.api.openai_videos.naming import model_name, seconds_of, size_of, status_of, video_id
from understudy.catalogue.manifest import Model
from understudy.tasks.lifecycle import Status
from understudy.tasks.records import Task

MOST_SHOWN = 99
"""Percent, until the video can be downloaded."""


def video_object(task: Task, model: Model | None, progress: int = 0) -> dict[str, Any]:
    """One video. `model` is None if the catalogue does not have it any more; `progress`: percent while it runs."""
    status = status_of(task)
    return {
        "id": video_id(task.id),
        "object": "video",
        "model": model_name(task, model),
        "status": status,
        "progress": 100 if status == "completed" else min(progress, MOST_SHOWN),
        "created_at": int(task.created),
        "completed_at": int(_ended(task)) if status == "completed" else None,
        "expires_at": None,
        "prompt": str(task.values.get("prompt", "")),
        "size": size_of(task),
        "seconds": seconds_of(task),
        "remixed_from_video_id": None,
        "error": _error(task) if status == "failed" else None,
        "num_outputs": 1 if status == "completed" else None,
        "engine": task.engine,
        "cost": task.cost,
    }


def event(task: Task) -> dict[str, Any]:
    """The body of the webhook of a task that is over: the same however often it is sent."""
    kind = "completed" if status_of(task) == "completed" else "failed"
    return {
        "id": f"evt_{task.uuid}",
        "object": "event",
        "created_at": int(_ended(task)),
        "type": f"video.{kind}",
        "data": {"id": video_id(task.id)},
    }


def list_object(videos: Sequence[dict[str, Any]], last: int, *, more: bool) -> dict[str, Any]:
    """One page; `last`: the task up to which was looked, 0 for none."""
    return {
        "object": "list",
        "data": videos,
        "first_id": videos[0]["id"] if videos else None,
        "last_id": video_id(last) if last else None,
        "has_more": more,
    }


def deleted_object(task: Task) -> dict[str, Any]:
    """What the deletion of a video is answered with."""
    return {"id": video_id(task.id), "deleted": True, "object": "video.deleted"}


def poll_after_ms(task: Task, now: float) -> int:
    """When to ask again: a tenth of the time that it has taken so far, so that quick engines are not waited for."""
    return min(5000, max(250, round(100 * (now - task.created))))


def _ended(task: Task) -> float:
    return max(task.postprocess_ended, task.ended, task.cancelled)


def _error(task: Task) -> dict[str, str]:
    if task.status == Status.CANCEL:
        return {"code": "cancelled", "message": task.reason or "The video was cancelled."}
    return {"code": "generation_failed", "message": task.reason or "The video could not be made."}
