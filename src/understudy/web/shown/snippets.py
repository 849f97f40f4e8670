"""The same request in other words: what the form would send, ready to be pasted. Pure.

Keys are read from the environment, so that a snippet can be shown to others; but for the one that comes with new keys.
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from understudy.catalogue.manifest import Model

Given = Mapping[str, str | Sequence[str]]
"""Values by input; of file inputs addresses, or names of files where there is an @ before them."""


_FIRST_PROMPT = "A narrow dirt road cuts through grassy terrain under natural daylight."


class Snippet(msgspec.Struct, frozen=True):
    """One way to ask."""

    name: str
    language: str
    text: str


class _Field(NamedTuple):
    """One field of a request."""

    id: str
    value: str
    named: bool = False
    """A file's name, after an @."""


def snippets(model: Model, given: Given, base_url: str, *, signed: bool) -> tuple[Snippet, ...]:
    """For curl, Python, JavaScript and the command line; with the lines of the signature if the project signs."""
    given = _said(model, given)
    fields = [
        _Field(id, value, named=not isinstance(values, str) and value.startswith("@"))
        for id, values in given.items()
        for value in _listed(values)
    ]
    return (
        Snippet("curl", "sh", _curl(model, fields, base_url, signed, "your key", "your secret")),
        Snippet("Python", "python", _python(model, given, base_url)),
        Snippet("JavaScript", "javascript", _javascript(model, fields, base_url, signed)),
        Snippet("Command line", "sh", _command(model, fields)),
    )


def _said(model: Model, given: Given) -> Given:
    """What has to be sent. Nothing is the same as not given, but for a text that has a default and shall have none."""
    emptied = {each.id for each in model.inputs if each.type in ("text", "textarea") and each.default != ""}
    return {
        id: value for id, value in given.items() if value not in ("", ()) or (value == "" and id in emptied)
    }


def first_curl(model: Model, base_url: str, api_key: str, api_secret: str = "") -> str:
    """A request that works as it is; signed if there is a secret."""
    fields = [
        _Field(each.id, _FIRST_PROMPT if each.id == "prompt" else str(each.default))
        for each in model.inputs
        if each.required
    ]
    return _curl(model, fields, base_url, bool(api_secret), api_key, api_secret)


def _curl(
    model: Model,
    fields: list[_Field],
    base_url: str,
    signed: bool,
    key: str,
    secret: str,
) -> str:
    lines = [f'API_KEY="{key}"']
    headers = ['-H "x-api-key: $API_KEY"']
    if signed:
        lines += [
            f'API_SECRET="{secret}"',
            "NONCE=$(date +%s)",
            'SIGNATURE=$(echo -n "${API_SECRET}${NONCE}" | openssl dgst -sha256 -hmac "${API_KEY}")',
        ]
        headers += ['-H "x-nonce: $NONCE"', '-H "x-signature: $SIGNATURE"']
    lines.append("")
    # --form-string takes what begins with @ or < for what it is.
    parts = [
        f"-F {shlex.quote(f'{each.id}=@{_curl_name(each.value[1:])}')}"
        if each.named
        else f"--form-string {shlex.quote(f'{each.id}={each.value}')}"
        for each in fields
    ]
    call = [f"curl -X POST {shlex.quote(f'{base_url}/v1/Run/{model.address}')}", *headers, *parts]
    return "\n".join([*lines, " \\\n  ".join(call)]) + "\n"


def _curl_name(name: str) -> str:
    """Of a file: quoted where curl would take a part of it for something else."""
    if not set(name) & set(',;"\\'):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _python(model: Model, given: Given, base_url: str) -> str:
    lines = [f"    {json.dumps(id)}: {_python_value(value)}," for id, value in given.items()]
    return "\n".join(
        [
            "from pathlib import Path",
            "",
            "from understudy.client import Client",
            "",
            "inputs = {",
            *lines,
            "}",
            "",
            "# The key and the secret are read from UNDERSTUDY_API_KEY and UNDERSTUDY_API_SECRET.",
            f"with Client({json.dumps(base_url)}) as client:",
            f"    task = client.run({json.dumps(model.address)}, inputs)",
            '    client.download(task.clip, Path("clip.mp4"))',
            "",
        ]
    )


def _javascript(model: Model, fields: list[_Field], base_url: str, signed: bool) -> str:
    lines = ["const apiKey = process.env.UNDERSTUDY_API_KEY;"]
    headers = ['"x-api-key": apiKey']
    imports = []
    if signed:
        imports.append('import { createHmac } from "node:crypto";')
        lines += [
            "const apiSecret = process.env.UNDERSTUDY_API_SECRET;",
            "const nonce = String(Math.floor(Date.now() / 1000));",
            'const signature = createHmac("sha256", apiKey).update(apiSecret + nonce).digest("hex");',
        ]
        headers += ['"x-nonce": nonce', '"x-signature": signature']
    if any(each.named for each in fields):
        imports.append('import { openAsBlob } from "node:fs";')
    body = ["const form = new FormData();"]
    for each in fields:
        if each.named:
            name = json.dumps(each.value[1:])
            body.append(f"form.append({json.dumps(each.id)}, await openAsBlob({name}), {name});")
        else:
            body.append(f"form.append({json.dumps(each.id)}, {json.dumps(each.value)});")
    call = [
        f"const answer = await fetch({json.dumps(f'{base_url}/v1/Run/{model.address}')}, {{",
        '  method: "POST",',
        f"  headers: {{ {', '.join(headers)} }},",
        "  body: form,",
        "});",
        "console.log(await answer.json());",
    ]
    return "\n".join([*imports, *([""] if imports else []), *lines, "", *body, "", *call, ""])


def _command(model: Model, fields: list[_Field]) -> str:
    parts = [f"-i {shlex.quote(_command_input(each))}" for each in fields]
    return " \\\n  ".join([f"understudy run {model.address}", *parts]) + "\n"


def _command_input(field: _Field) -> str:
    """As the command line reads it: text that begins with an @ has another one before it."""
    return f"{field.id}={'@' if field.value.startswith('@') and not field.named else ''}{field.value}"


def _python_value(value: str | Sequence[str]) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    listed = (
        f"Path({_python_value(each[1:])})" if each.startswith("@") else _python_value(each) for each in value
    )
    return f"[{', '.join(listed)}]"


def _listed(value: str | Sequence[str]) -> Sequence[str]:
    return (value,) if isinstance(value, str) else value
