"""What becomes of a task that is over: its files on disk, and the words about it."""

from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from understudy.cli.output import dollars, note, say, size

if TYPE_CHECKING:
    from understudy.client import Client, Output, Task


def save(client: "Client", task: "Task", output: Path | None) -> list[Path]:
    """Brings the clip to `output`, or all files of the task if that is a folder.

    Without `output` the clip is named after its model and task. Raises `DownloadFailed`.
    """
    if output is not None and output.is_dir():
        return [client.download(each, output) for each in task.outputs]
    clip = task.clip or next(iter(task.outputs), None)
    if clip is None:
        return []
    return [client.download(clip, output or _name(task, clip))]


def _name(task: "Task", clip: "Output") -> Path:
    slug = task.model.rpartition("/")[2] or "task"
    return Path(f"{slug}-{task.id}{PurePath(clip.name).suffix}")


def describe(task: "Task", saved: list[Path]) -> None:
    """Says where the files are and who played, and that a preview is one."""
    for path in saved:
        say(f"Saved {path} ({size(path.stat().st_size)})")
    if not saved:
        note("The task made no files.")
    if task.engine:
        version = f" {task.engine.version}" if task.engine.version else ""
        say(f"Played by {task.engine.name}{version} in {task.elapsed:.1f} s")
        if task.engine.preview:
            say(f"This is a PREVIEW: {task.engine.name} stood in for {task.model or 'the model'}.")
        for each in task.engine.notes:
            say(f"Note: {each}")
    if task.cost:
        say(f"Cost ${dollars(task.cost)}")


def summary(task: "Task", saved: list[Path]) -> dict[str, object]:
    """The same as a record: what was saved, and the task as the wire gives it."""
    return {
        "taskid": task.id,
        "status": task.status,
        "saved": [str(path) for path in saved],
        "task": task.raw,
    }
