"""What this dialect calls a task, its model, its status, its length and its size. Pure."""

import re
from functools import lru_cache

from understudy.catalogue.manifest import Model
from understudy.engines.wish import FIELDS, HEIGHT_FIRST, Field
from understudy.tasks.lifecycle import Status
from understudy.tasks.records import Task

DOOR = "openai"
"""`Task.door` of what was asked for here."""

_PREFIX = "video_"
_NUMBER = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_TIER = re.compile(r"(\d{3,4})p")
_PAIR = re.compile(r"(\d+)[:x](\d+)")


def video_id(task: int) -> str:
    """The video's id."""
    return f"{_PREFIX}{task}"


def task_id(video: str) -> str:
    """The task's id; "" for what is no id of a video here."""
    number = video.removeprefix(_PREFIX)
    return number if number != video and _NUMBER.fullmatch(number) else ""


def is_gone(task: Task) -> bool:
    """Whether its video was deleted: here, that is to delete the files. Other dialects go on showing such a task."""
    return task.files_deleted and task.door == DOOR


def status_of(task: Task) -> str:
    """`queued`, `in_progress`, `completed` or `failed`."""
    match task.status:
        case Status.QUEUE:
            return "queued"
        case Status.POSTPROCESS_END:
            return "completed" if task.pexit == "0" else "failed"
        case Status.CANCEL | Status.ERROR:
            return "failed"
        case _:
            return "in_progress"


def model_name(task: Task, model: Model | None) -> str:
    """The first of the model's aliases, which clients of this protocol know; its address if it has none."""
    return model.aliases[0] if model and model.aliases else task.model


def seconds_of(task: Task) -> str | None:
    """The length that was asked for; None if the contract leaves it to the engine."""
    return _value(task, "seconds") or None


def size_of(task: Task) -> str | None:
    """WIDTHxHEIGHT that was asked for; None if it follows from a picture."""
    return _size(_value(task, "tier"), _value(task, "ratio"), bool(task.media), task.model in HEIGHT_FIRST)


@lru_cache(maxsize=256)
def _size(tier: str, ratio: str, with_picture: bool, height_first: bool) -> str | None:
    if exact := _PAIR.fullmatch(tier):
        first, second = int(exact[1]), int(exact[2])
        return f"{second}x{first}" if height_first else f"{first}x{second}"
    shorter, shape = _TIER.fullmatch(tier), _PAIR.fullmatch(ratio)
    if shape is None and ratio == "auto" and not with_picture:
        shape = _PAIR.fullmatch("16:9")
    if shorter is None or shape is None:
        return None
    short, width, height = int(shorter[1]), int(shape[1]), int(shape[2])
    if width < height:
        return f"{short}x{_even(short * height / width)}"
    return f"{_even(short * width / height)}x{short}"


def _value(task: Task, word: Field) -> str:
    return next((str(value) for name, value in task.values.items() if FIELDS.get(name) == word), "")


def _even(length: float) -> int:
    return 2 * round(length / 2)
