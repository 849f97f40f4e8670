"""The webhook that a task's end puts into the outbox: the same for every store."""

import secrets
from urllib.parse import urlsplit

from understudy.tasks.records import Delivery, Task


def delivery_of(task: Task, at: float) -> Delivery:
    """To the task's callback address, due at once. Its id is given by the store."""
    return Delivery(
        id=0,
        message_id=f"msg_{secrets.token_hex(16)}",
        task=task.id,
        project=task.project,
        url=task.callback_url,
        receiver=urlsplit(task.callback_url).netloc.lower(),
        attempts=0,
        created=at,
        due=at,
    )
