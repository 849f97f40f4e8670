"""New file records: what names, keys and places in the storage look like."""

import secrets
from pathlib import PurePosixPath

from understudy.tasks.projects import letters
from understudy.tasks.records import File, FileRole


def new_file(
    role: FileRole,
    *,
    project: int,
    name: str,
    content_type: str,
    size: int,
    at: float,
    task: int = 0,
    parent: str = "",
    address: str = "",
) -> File:
    """A record with fresh ids; `name` is already safe (files.names.safe_name)."""
    id = secrets.token_hex(16)
    return File(
        id=id,
        uuid=new_uuid(),
        project=project,
        task=task,
        role=role,
        name=name,
        content_type=content_type,
        size=size,
        parent=parent,
        accesskey=letters(30),
        address=address,
        # Two levels of folders: a million files in one would slow a local disk down. The name is for people, in any
        # script; of it the key has the extension alone.
        key="" if role == "folder" else f"{role}s/{id[:2]}/{id}{PurePosixPath(name).suffix}",
        added=at,
        modified=at,
    )


def new_uuid() -> str:
    """A random UUID (RFC 9562, version 4) as text; a third of the time of the standard library's, which every run pays."""
    digits = secrets.token_hex(16)
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def new_address() -> str:
    """8 groups of 8 hex digits, 256 bits: the place of a task's outputs, and the right to read them."""
    return "-".join(secrets.token_hex(4) for _ in range(8))
