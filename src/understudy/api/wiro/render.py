"""Task and file objects as this dialect prints them. Pure.

Every field is always there, numbers are strings, and what has not happened yet is "0" or "", as the reference
documents show it.
"""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import msgspec

from understudy.api.wiro.envelope import counted
from understudy.catalogue.checked import Value
from understudy.catalogue.detail import model_number
from understudy.catalogue.manifest import Model
from understudy.tasks.lifecycle import elapsed
from understudy.tasks.records import File, Task

# Nearly every path: looking is ten times faster than quoting.
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/_.-]+")
_PATH_SAFE = "/-._~!$'()*,;=:@+"


def detail(task: Task, outputs: Sequence[File], model: Model | None, base_url: str) -> dict[str, Any]:
    """The answer of Task/Detail, which is also what a webhook carries."""
    return counted(1, tasklist=[task_object(task, outputs, model, base_url)])


def task_object(task: Task, outputs: Sequence[File], model: Model | None, base_url: str) -> dict[str, Any]:
    """One task. `model` is None if the catalogue does not have it any more."""
    owner, _, slug = task.model.partition("/")
    return {
        "id": str(task.id),
        "uuid": task.uuid,
        "name": "",
        "socketaccesstoken": task.token,
        "parameters": parameters(task, base_url),
        "debugoutput": _lines(task.notes, task.stdout),
        "debugerror": _lines(task.stderr, "" if task.stderr.endswith(task.reason) else task.reason),
        "starttime": _seconds(task.started),
        "endtime": _seconds(task.ended),
        "elapsedseconds": f"{elapsed(task):.4f}",
        "status": task.status,
        "cps": _money(task.cps),
        "totalcost": _money(task.cost),
        "guestid": None,
        "projectid": str(task.project),
        "modelid": model_number(task.model),
        "description": "",
        "basemodelid": "0",
        "runtype": "model",
        "modelfolderid": "",
        "modelfileid": "",
        "callbackurl": task.callback_url,
        "marketplaceid": None,
        "createtime": _seconds(task.created),
        "canceltime": _seconds(task.cancelled),
        "assigntime": _seconds(task.assigned),
        "accepttime": _seconds(task.accepted),
        "preprocessstarttime": _seconds(task.preprocess_started),
        "preprocessendtime": _seconds(task.preprocess_ended),
        "postprocessstarttime": _seconds(task.postprocess_started),
        "postprocessendtime": _seconds(task.postprocess_ended),
        "pexit": task.pexit,
        "categories": _categories(model),
        "outputs": file_objects(outputs, base_url),
        "size": str(sum(file.size for file in outputs)),
        "modeldescription": model.description if model else "",
        "modelslugowner": owner,
        "modelslugproject": slug,
        "engine": task.engine,
    }


def file_objects(files: Iterable[File], base_url: str) -> list[dict[str, Any]]:
    """Several files, as `outputs` and `list` hold them."""
    return [file_object(file, base_url) for file in files]


def file_object(file: File, base_url: str) -> dict[str, Any]:
    """One file or folder; a folder has no url."""
    return {
        "id": file.id,
        "name": file.name,
        "contenttype": file.content_type,
        "parentid": file.parent,
        "uuid": file.uuid,
        "size": str(file.size),
        "addedtime": _seconds(file.added),
        "modifiedtime": _seconds(file.modified),
        "accesskey": file.accesskey,
        "foldercount": "0",
        "filecount": "0",
        "ispublic": 0,
        "expiretime": None,
        "url": "" if file.role == "folder" else link(file.path, base_url),
    }


def parameters(task: Task, base_url: str) -> dict[str, Any]:
    """What the task was given: numbers as text, files as their addresses, several files as a list."""
    shown: dict[str, Any] = {name: _text(value) for name, value in task.values.items()}
    for name, paths in task.media.items():
        links = [link(path, base_url) for path in paths]
        shown[name] = links[0] if len(links) == 1 else links
    return shown


def link(path: str, base_url: str) -> str:
    """An address for a path of ours; what is an address already stays as it is."""
    if not path.startswith("/"):
        return path
    return base_url + (path if _PLAIN_PATH.fullmatch(path) else quote(path, safe=_PATH_SAFE))


def _categories(model: Model | None) -> str:
    return msgspec.json.encode(model.categories).decode() if model else "[]"


def _seconds(time: float) -> str:
    return str(int(time))


def _money(amount: str) -> str:
    """US dollars with 12 decimals; nothing charged is plain "0"."""
    return amount if amount == "0" or len(amount.partition(".")[2]) == 12 else f"{Decimal(amount):.12f}"


def _text(value: Value) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _lines(*parts: str) -> str:
    return "\n".join(part.rstrip("\n") for part in parts if part)
