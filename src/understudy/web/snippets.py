"""The same request in other words: what the form would send, ready to be pasted. Pure.

Keys are read from the environment, so that a snippet can be shown to others.
"""

import json
import shlex
from collections.abc import Mapping, Sequence

import msgspec

from understudy.catalogue.manifest import Model

Given = Mapping[str, str | Sequence[str]]
"""Values by input; of file inputs addresses, or names of files where there is an @ before them."""


class Snippet(msgspec.Struct, frozen=True):
    """One way to ask."""

    name: str
    language: str
    text: str


def snippets(model: Model, given: Given, base_url: str, *, signed: bool) -> tuple[Snippet, ...]:
    """For curl, Python, JavaScript and the command line; with the lines of the signature if the project signs."""
    fields = [(id, value) for id, values in given.items() for value in _listed(values) if value != ""]
    return (
        Snippet("curl", "sh", _curl(model, fields, base_url, signed)),
        Snippet("Python", "python", _python(model, given, base_url)),
        Snippet("JavaScript", "javascript", _javascript(model, fields, base_url, signed)),
        Snippet("Command line", "sh", _command(model, fields)),
    )


def _curl(model: Model, fields: list[tuple[str, str]], base_url: str, signed: bool) -> str:
    lines = ['API_KEY="your key"']
    headers = ['-H "x-api-key: $API_KEY"']
    if signed:
        lines += [
            'API_SECRET="your secret"',
            "NONCE=$(date +%s)",
            'SIGNATURE=$(echo -n "${API_SECRET}${NONCE}" | openssl dgst -sha256 -hmac "${API_KEY}")',
        ]
        headers += ['-H "x-nonce: $NONCE"', '-H "x-signature: $SIGNATURE"']
    lines.append("")
    # --form-string takes what begins with @ or < for what it is.
    parts = [
        f"-F {shlex.quote(f'{id}={value}')}"
        if value.startswith("@")
        else f"--form-string {shlex.quote(f'{id}={value}')}"
        for id, value in fields
    ]
    call = [f"curl -X POST {shlex.quote(f'{base_url}/v1/Run/{model.address}')}", *headers, *parts]
    return "\n".join([*lines, " \\\n  ".join(call)]) + "\n"


def _python(model: Model, given: Given, base_url: str) -> str:
    lines = [
        f"    {json.dumps(id)}: {_python_value(value)},"
        for id, value in given.items()
        if value not in ("", ())
    ]
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


def _javascript(model: Model, fields: list[tuple[str, str]], base_url: str, signed: bool) -> str:
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
    if any(value.startswith("@") for _, value in fields):
        imports.append('import { openAsBlob } from "node:fs";')
    body = ["const form = new FormData();"]
    for id, value in fields:
        if value.startswith("@"):
            name = json.dumps(value[1:])
            body.append(f"form.append({json.dumps(id)}, await openAsBlob({name}), {name});")
        else:
            body.append(f"form.append({json.dumps(id)}, {json.dumps(value)});")
    call = [
        f"const answer = await fetch({json.dumps(f'{base_url}/v1/Run/{model.address}')}, {{",
        '  method: "POST",',
        f"  headers: {{ {', '.join(headers)} }},",
        "  body: form,",
        "});",
        "console.log(await answer.json());",
    ]
    return "\n".join([*imports, *([""] if imports else []), *lines, "", *body, "", *call, ""])


def _command(model: Model, fields: list[tuple[str, str]]) -> str:
    parts = [f"-i {shlex.quote(f'{id}={value}')}" for id, value in fields]
    return " \\\n  ".join([f"understudy run {model.address}", *parts]) + "\n"


def _python_value(value: str | Sequence[str]) -> str:
    if isinstance(value, str):
        return (
            f"Path({json.dumps(value[1:])})"
            if value.startswith("@")
            else json.dumps(value, ensure_ascii=False)
        )
    return f"[{', '.join(_python_value(each) for each in value)}]"


def _listed(value: str | Sequence[str]) -> Sequence[str]:
    return (value,) if isinstance(value, str) else value
