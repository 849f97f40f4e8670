"""Pictures and other media from ill-meaning hands, by every way that they can come in."""

import base64
import json

from hypothesis import strategies as st

from tests.api.served import SORA
from tests.fuzz.budget import fuzz
from tests.fuzz.pictures import media
from tests.fuzz.target import MIB, Target
from tests.fuzz.ways import Way

_BOUNDARY = b"----frontier"
_MULTIPART = b"multipart/form-data; boundary=" + _BOUNDARY


def form(field: bytes, content: bytes, **texts: str) -> bytes:
    """A multipart body with one file."""
    head = b"--" + _BOUNDARY + b"\r\nContent-Disposition: form-data; name="
    parts = [head + f'"{name}"\r\n\r\n{text}\r\n'.encode() for name, text in texts.items()]
    parts.append(head + b'"' + field + b'"; filename="a.png"\r\n\r\n' + content + b"\r\n")
    return b"".join(parts) + b"--" + _BOUNDARY + b"--\r\n"


def test_uploads(target: Target) -> None:
    """What is taken comes back as it was sent, under a type that no browser runs."""

    def upload(content: bytes) -> None:
        answer = target.post(Way(b"/v1/File/Upload", {}), _MULTIPART, form(b"file", content))
        assert answer.status == 200
        if answer.json["result"]:
            [file] = answer.json["list"]
            download = target.ask(b"GET", file["url"].removeprefix(target.server.url).encode())
            assert download.body == content
            assert download.headers["content-type"] == file["contenttype"]
            assert file["contenttype"].partition("/")[0] in ("image", "video", "audio")
            assert download.headers["x-content-type-options"] == "nosniff"

    with target.watched(growth=96 * MIB, peak=256 * MIB):
        fuzz(upload, media(), cases=150, share=0.1)


def test_runs(target: Target) -> None:
    """A run whose picture is taken does not fail for it, whichever protocol it came by."""

    def run(case: tuple[str, bytes]) -> None:
        kind, content = case
        match kind:
            case "wire":
                target.post(
                    Way(SORA.encode(), {}), _MULTIPART, form(b"inputImage", content, prompt="A road.")
                )
            case "openai form":
                target.post(
                    Way(b"/v1/videos", {}, True), _MULTIPART, form(b"input_reference", content, prompt="x")
                )
            case "openai text":
                url = f"data:image/png;base64,{base64.b64encode(content).decode()}"
                fields = {"prompt": "x", "input_reference": {"image_url": url}}
                target.post(Way(b"/v1/videos", {}, True), b"application/json", json.dumps(fields).encode())
            case _:
                image = {"bytesBase64Encoded": base64.b64encode(content).decode()}
                fields = {"instances": [{"prompt": "x", "image": image}]}
                way = Way(b"/v1beta/models/google/veo3-1:predictLongRunning", {}, True)
                target.post(way, b"application/json", json.dumps(fields).encode())

    kinds = st.sampled_from(["wire", "openai form", "openai text", "google"])
    with target.watched(growth=96 * MIB, peak=256 * MIB):
        fuzz(run, st.tuples(kinds, media()), cases=100, share=0.1)
        target.all_succeed()
