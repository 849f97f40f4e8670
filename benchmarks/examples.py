"""Projects and tasks as a server would make them, for benchmarks that write to a store directly."""

import time

from understudy.tasks.projects import letters
from understudy.tasks.records import Project, Task

MODEL = "openai/sora-2-pro"
PROMPT = "A narrow dirt road cuts through grassy terrain under natural daylight."


def a_project(number: int) -> Project:
    """One of several."""
    return Project(
        id=0,
        name=f"project {number}",
        auth="key",
        key_hash=letters(32).encode(),
        api_key=b"",
        api_secret=b"",
        webhook_secret=b"",
    )


def a_task(project: int, status: str, *, model: str = MODEL) -> Task:
    """One of a project, as new or as finished as its status says."""
    return Task(
        id=0,
        uuid=letters(36),
        token=letters(30),
        project=project,
        model=model,
        status=status,
        pexit="0" if status == "task_postprocess_end" else "",
        values={"prompt": PROMPT},
        created=time.time(),
    )
