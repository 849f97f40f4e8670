"""Requests as values: what each method of the client asks the server. No I/O happens here."""

import mimetypes
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import msgspec

from understudy.client.errors import InvalidRequest

Files = Mapping[str, Path | Sequence[Path]]


class Part(msgspec.Struct, frozen=True):
    """A file that goes into a request under a field's name."""

    field: str
    path: Path
    """Where it is, or what it is called if there is `content`."""
    content: bytes | None = None

    @property
    def content_type(self) -> str:
        """By the file's name."""
        return mimetypes.guess_type(self.path.name)[0] or "application/octet-stream"


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request. A POST with `parts` is multipart, else JSON."""

    path: str
    method: Literal["POST", "GET"] = "POST"
    fields: dict[str, Any] = {}
    parts: tuple[Part, ...] = ()
    headers: dict[str, str] = {}
    repeatable: bool = True
    """Whether it may be sent again when nobody knows if the first one arrived."""

    @property
    def content(self) -> bytes:
        """The JSON body; nothing for a GET."""
        return msgspec.json.encode(self.fields) if self.method == "POST" else b""

    @property
    def form(self) -> dict[str, str]:
        """The fields of the multipart body: text as it is, everything else as JSON."""
        return {
            name: value if isinstance(value, str) else msgspec.json.encode(value).decode()
            for name, value in self.fields.items()
            if value is not None
        }


def run(
    model: str,
    inputs: Mapping[str, Any],
    files: Files | None,
    callback_url: str | None,
    idempotency_key: str | None,
) -> Call:
    """Run. Local files (`Path`) may be among the inputs as well; a list may mix them with addresses.

    Raises `InvalidRequest` if `model` is not `owner/slug`, or the key cannot be one.
    """
    if idempotency_key and not (idempotency_key.isascii() and idempotency_key.isprintable()):
        raise InvalidRequest("An idempotency key is made of visible ASCII characters.")
    fields: dict[str, Any] = {}
    parts: list[Part] = []
    for name, value in [*inputs.items(), *(files or {}).items()]:
        paths, rest = _divided(value)
        parts += [Part(name, path) for path in paths]
        if rest is not None:
            fields[name] = rest
    if callback_url:
        fields["callbackUrl"] = callback_url
    return Call(
        path=f"/v1/Run/{_address(model)}",
        fields=fields,
        parts=tuple(parts),
        headers={"Idempotency-Key": idempotency_key} if idempotency_key else {},
        repeatable=bool(idempotency_key),
    )


def detail(task: str) -> Call:
    """Task/Detail by id or token."""
    return Call(path="/v1/Task/Detail", fields=_task(task))


def kill(task: str) -> Call:
    """Task/Kill. A second one is refused, so it is sent once."""
    return Call(path="/v1/Task/Kill", fields=_task(task), repeatable=False)


def cancel(task: str) -> Call:
    """Task/Cancel. A second one is refused, so it is sent once."""
    return Call(path="/v1/Task/Cancel", fields=_task(task), repeatable=False)


def delete_files(token: str) -> Call:
    """Task/InputOutputDelete."""
    return Call(path="/v1/Task/InputOutputDelete", fields={"tasktoken": token})


def tasks(*, model: str, status: str, start: int, limit: int, newest_first: bool) -> Call:
    """Task/List."""
    fields: dict[str, Any] = {
        "start": str(start),
        "limit": str(limit),
        "sort": "id",
        "order": "DESC" if newest_first else "ASC",
    }
    if model:
        fields["modelName"] = model
    if status:
        fields["status"] = status
    return Call(path="/v1/Task/List", fields=fields)


def upload(file: Path | bytes, folder: str, name: str) -> Call:
    """File/Upload. Raises `InvalidRequest` for bytes without a name."""
    fields = {"folderid": folder} if folder else {}
    if isinstance(file, bytes):
        if not name:
            raise InvalidRequest("Bytes are uploaded with a name, such as name='photo.jpg'.")
        part = Part("file", Path(name), file)
    else:
        part = Part("file", file)
    return Call(path="/v1/File/Upload", fields=fields, parts=(part,), repeatable=False)


def create_folder(name: str, parent: str) -> Call:
    """File/FolderCreate."""
    fields = {"name": name, **({"parentid": parent} if parent else {})}
    return Call(path="/v1/File/FolderCreate", fields=fields, repeatable=False)


def models(search: str, start: int, limit: int) -> Call:
    """Tool/List."""
    fields = {"start": str(start), "limit": str(limit), **({"search": search} if search else {})}
    return Call(path="/v1/Tool/List", fields=fields)


def model(address: str) -> Call:
    """Tool/Detail. Raises `InvalidRequest` if `address` is not `owner/slug`."""
    owner, slug = _split(address)
    return Call(path="/v1/Tool/Detail", fields={"slugowner": owner, "slugproject": slug})


def explore() -> Call:
    """Tool/Explore."""
    return Call(path="/v1/Tool/Explore")


def page(address: str) -> Call:
    """A model's plain-text page. Raises `InvalidRequest` if `address` is not `owner/slug`."""
    return Call(path=f"/models/{_address(address)}/llms.txt", method="GET")


def _task(task: str) -> dict[str, str]:
    return {"taskid": task} if task.isascii() and task.isdigit() else {"tasktoken": task}


def _split(address: str) -> tuple[str, str]:
    owner, slash, slug = address.strip("/").partition("/")
    if not (owner and slash and slug) or "/" in slug:
        raise InvalidRequest(
            f"A model is named owner/slug, not {address!r}; short names are for OpenAI's and Google's protocols."
        )
    return owner, slug


def _address(address: str) -> str:
    return "/".join(quote(part, safe="") for part in _split(address))


def _divided(value: Any) -> tuple[list[Path], Any]:
    """The local files in the value of an input, and what is left of it (None: nothing)."""
    if isinstance(value, Path):
        return [value], None
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        paths = [each for each in value if isinstance(each, Path)]
        rest = [each for each in value if not isinstance(each, Path)]
        return paths, rest if rest or not paths else None
    return [], value
