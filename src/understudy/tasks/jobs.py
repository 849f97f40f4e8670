"""A task as engines see it."""

from pathlib import Path

from understudy.engines.engine import Job
from understudy.tasks.records import Task


def job_of(task: Task, files: dict[str, tuple[str, ...]], folder: Path) -> Job:
    """The job of a task: `files` lie ready, outputs go to `folder`."""
    return Job(
        id=str(task.id), model=task.model, values=task.values, files=files, seed=task.seed, folder=str(folder)
    )
