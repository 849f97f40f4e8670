"""Every command of every page, pasted into bash: what arrives is what the page means."""

import asyncio
import hashlib
import hmac
import json
import os
import re
import shutil
from typing import Any

import pytest

from understudy.catalogue import CALLBACK_PLACEHOLDER, Input, Model, Option, load_catalogue, page

TOOLS = ("bash", "curl", "openssl")
pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, TOOLS)), reason=f"The commands of the pages need {', '.join(TOOLS)}."
)

KEY, SECRET = "k3y", "s3cret$(date)`id`"

HOSTILE = Model(
    owner="hostile",
    slug="quotes-1.5",
    inputs=(
        Input(id="apostrophes", type="text", default="it's 'quoted' ''twice''"),
        Input(id="quotes", type="text", default='say "hi" \\"and\\" \\\\'),
        Input(id="shell", type="text", default="$HOME $(id) `id` ${PATH} !! ; & | > < * ? ~ # %"),
        Input(id="lines", type="textarea", default="one\ntwo\r\n\tthree\n```\n'four'\n\nEOF\n"),
        Input(id="ends", type="text", default="\\'"),
        Input(id="words", type="text", default="“Où?” – 雨 🎬 \u2028 \x7f"),
        Input(id="at", type="text", default="@/etc/passwd"),
        Input(id="steps", type="number", default=30),
        Input(id="strength", type="range", default=0.5),
        Input(id="mood", type="select", default="it's", options=(Option("it's", "Its"),)),
        Input(id="empty", type="combinefileinput"),
    ),
)
MODELS = (*load_catalogue().models, HOSTILE)

Request = tuple[str, dict[str, str], Any]
"""Target, headers, body."""


async def _listen(requests: list[Request]) -> asyncio.Server:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        body = await reader.readexactly(int(headers["content-length"]))
        requests.append((head[0], headers, json.loads(body)))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0)


async def _paste(model: Model) -> list[Request]:
    """Run the page's commands in one shell session, as a reader would."""
    requests: list[Request] = []
    async with await _listen(requests) as server:
        base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        text = page(model, api=base_url, files=base_url)
        blocks = re.findall(r"^```bash\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
        session = "\n".join(blocks)
        session = session.replace('"{{useSelectedProjectAPIKey}}"', f"'{KEY}'").replace(
            '"XXXXXXXXX"', f"'{SECRET}'"
        )
        shell = await asyncio.create_subprocess_exec(
            "bash",
            "--norc",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        )
        _, errors = await asyncio.wait_for(shell.communicate(b"set -eu\n" + session.encode()), 30)
    assert shell.returncode == 0, errors.decode()
    assert len(blocks) == len(requests) + 1, errors.decode()
    return requests


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.address)
async def test_every_command_of_a_page_runs_and_sends_what_it_says(model: Model) -> None:
    requests = await _paste(model)
    assert [target for target, _, _ in requests] == [
        f"POST /v1/{path} HTTP/1.1"
        for path in (f"Run/{model.address}", *["Task/Detail"] * 2, *["Task/Kill"] * 2, "Task/Cancel")
    ]
    assert [body for _, _, body in requests] == [
        {each.id: each.default for each in model.inputs} | {"callbackUrl": CALLBACK_PLACEHOLDER},
        {"taskid": "2221"},
        {"tasktoken": "eDcCm5yyUfIvMFspTwww49OUfgXkQt"},
        {"taskid": "534574"},
        {"socketaccesstoken": "ZpYote30on42O4jjHXNiKmrWAZqbRE"},
        {"taskid": "634574"},
    ]
    for _, headers, _ in requests:
        nonce = headers["x-nonce"]
        signature = hmac.new(KEY.encode(), (SECRET + nonce).encode(), hashlib.sha256).hexdigest()
        assert nonce.isdecimal()
        assert headers["x-api-key"] == KEY
        # OpenSSL 3 and 1 print different words before it, and the command sends the whole line.
        assert headers["x-signature"] in (f"SHA2-256(stdin)= {signature}", f"(stdin)= {signature}")
        assert headers["content-type"] == "multipart/form-data"
