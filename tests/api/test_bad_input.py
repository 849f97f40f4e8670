"""What must not work: each case gets a documented error, makes no task, leaves no file, and tells no secret."""

from typing import Any

import pytest

from tests.api.refused import INVALID, check, nothing_happened
from tests.api.served import PROMPT, SORA, Served, picture, serving

OVI, VEO = "/v1/Run/chetwinlow1/ovi", "/v1/Run/google/veo3-1"
JSON = {"content-type": "application/json"}
MULTIPART = {"content-type": "multipart/form-data; boundary=b"}
SEEDED = {"prompt": "x", "inputImage": "chetwinlow1_ovi_input_4.jpg"}


def deep(levels: int) -> bytes:
    return b'{"prompt": ' + b"[" * levels + b"]" * levels + b"}"


BROKEN_JSON = {
    "a list": b"[]",
    "a string": b'"prompt"',
    "a number": b"7",
    "null": b"null",
    "true": b"true",
    "half an object": b'{"prompt": "x"',
    "half a string": b'{"prompt": "x',
    "an open brace": b"{",
    "single quotes": b"{'prompt': 'x'}",
    "no quotes": b"{prompt: x}",
    "a trailing comma": b'{"prompt": "x",}',
    "two objects": b'{"prompt": "x"}{"prompt": "y"}',
    "a comment": b'{"prompt": "x"} // hello',
    "NaN": b'{"prompt": "x", "seed": NaN}',
    "Infinity": b'{"prompt": "x", "seed": Infinity}',
    "minus Infinity": b'{"prompt": "x", "seed": -Infinity}',
    "a huge exponent": b'{"prompt": "x", "seed": 1e999}',
    "a number of 5000 digits": b'{"prompt": "x", "seed": ' + b"9" * 5000 + b"}",
    "a leading zero": b'{"prompt": "x", "seed": 08}',
    "a hexadecimal number": b'{"prompt": "x", "seed": 0x8}',
    "a lone high surrogate": b'{"prompt": "\\ud800"}',
    "a lone low surrogate": b'{"prompt": "\\udc00 "}',
    "a half escape": b'{"prompt": "\\u00"}',
    "an unknown escape": b'{"prompt": "\\x41"}',
    "a raw control character": b'{"prompt": "a\x01b"}',
    "a raw NUL": b'{"prompt": "a\x00b"}',
    "an escaped NUL": b'{"prompt": "a\\u0000b"}',
    "an escaped NUL in a name": b'{"prompt": "x", "a\\u0000b": 1}',
    "an escaped NUL deep inside": b'{"prompt": "x", "more": [{"a": ["\\u0000"]}]}',
    "a name twice": b'{"prompt": "x", "prompt": "y"}',
    "a name twice deep inside": b'{"prompt": "x", "more": {"a": 1, "a": 2}}',
    "Latin-1": '{"prompt": "é"}'.encode("latin-1"),
    "UTF-16": '{"prompt": "x"}'.encode("utf-16"),
    "UTF-32": '{"prompt": "x"}'.encode("utf-32"),
    "overlong UTF-8": b'{"prompt": "\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"prompt": "\xed\xa0\x80"}',
    "bytes": bytes(range(256)),
    "a picture": picture(),
    "gzip": b"\x1f\x8b\x08\x00" + bytes(20),
    "40 levels": deep(40),
    "5000 levels": deep(5000),
    "200000 levels": deep(200_000),
    "200000 open braces": b'{"a":' * 200_000,
    "XML": b"<prompt>x</prompt>",
    "a form": b"prompt=x",
}


@pytest.mark.parametrize("body", BROKEN_JSON.values(), ids=BROKEN_JSON)
async def test_broken_json(served: Served, body: bytes) -> None:
    for headers in (JSON, {"content-type": "text/plain"}):
        check(served, await served.post(SORA, headers=headers, content=body), INVALID)
    await nothing_happened(served)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"prompt": "\\ud800"}', "It has half of a surrogate pair in it, which is no character."),
        (b'{"prompt": "\\ud800 and more"}', "It has half of a surrogate pair in it, which is no character."),
        (b'{"prompt": "\\udc00"}', "It has half of a surrogate pair in it, which is no character."),
        (b'{"prompt": "\\\\ud800', "It ends too early."),
        (b'{"prompt": "\\ud83d\\ude00', "It ends too early."),
        (b'{"prompt": "x"', "It ends too early."),
        (b'{"prompt": "x", "seed": 1e400}', "A number in it is too large."),
        (b'{"prompt": "x", "seed": ' + b"9" * 5000 + b"}", "A number in it is too large."),
        (b'{"prompt": "\xff"}', "It is not in UTF-8."),
        (b'{"prompt": "x", "more": [' + b"0," * 100_001 + b"0]}", "It has too many values in it."),
        (b'{"prompt": "x", "seed": NaN}', "JSON is malformed: invalid character (byte 24)."),
    ],
)
async def test_broken_json_is_told_in_words(served: Served, body: bytes, reason: str) -> None:
    answer = await served.post(SORA, headers=JSON, content=body)
    assert answer.json()["errors"][1]["message"] == f"The body is not accepted as JSON. {reason}"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/Task/Detail",
        "/v1/Task/Kill",
        "/v1/Task/Cancel",
        "/v1/Task/List",
        "/v1/Task/InputOutputDelete",
        "/v1/File/Upload",
        "/v1/File/FolderCreate",
        "/v1/Tool/List",
        "/v1/Tool/Detail",
        "/v1/Tool/Explore",
    ],
)
@pytest.mark.parametrize("body", [b"[]", b"{", deep(50), b'{"taskid": "\\u0000"}'])
async def test_broken_json_everywhere(served: Served, path: str, body: bytes) -> None:
    check(served, await served.post(path, headers=JSON, content=body), INVALID)


def part(name: str, value: bytes, more: str = "") -> bytes:
    return (
        b"--b\r\nContent-Disposition: form-data; "
        + name.encode()
        + more.encode()
        + b"\r\n\r\n"
        + value
        + b"\r\n"
    )


END = b"--b--\r\n"
WHOLE = part('name="prompt"', b"x")
BROKEN_MULTIPART = {
    "nothing": b"",
    "no boundary in it": b"hello",
    "another boundary": WHOLE.replace(b"--b", b"--c") + b"--c--\r\n",
    "no end": WHOLE,
    "ends in a header": b"--b\r\nContent-Dispo",
    "ends after the headers": b'--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n',
    "ends in the value": b'--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nx',
    "ends in a file": part('name="inputImage"; filename="a.png"', picture())[:-30],
    "ends in the boundary": WHOLE + b"--b-",
    "a part without headers": b"--b\r\n\r\nx\r\n" + END,
    "a part without a name": part("", b"x") + END,
    "an empty name": part('name=""', b"x") + END,
    "another disposition": b'--b\r\nContent-Disposition: attachment; name="prompt"\r\n\r\nx\r\n' + END,
    "a header without a colon": b"--b\r\nContent-Disposition\r\n\r\nx\r\n" + END,
    "a header of 100 KB": b"--b\r\nX: " + b"a" * 100_000 + b"\r\n\r\nx\r\n" + END,
    "a thousand headers": b"--b\r\n" + b"X: y\r\n" * 1000 + b"\r\nx\r\n" + END,
    "bare line feeds": WHOLE.replace(b"\r\n", b"\n") + b"--b--\n",
    "text that is not UTF-8": part('name="prompt"', b"\xff\xfe") + END,
    "a name that is not UTF-8": b'--b\r\nContent-Disposition: form-data; name="\xff"\r\n\r\nx\r\n' + END,
    "a NUL in the text": part('name="prompt"', b"a\0b") + END,
    "a NUL in the name": part('name="pro\0mpt"', b"x") + END,
    "JSON": b'{"prompt": "x"}',
}


@pytest.mark.parametrize("body", BROKEN_MULTIPART.values(), ids=BROKEN_MULTIPART)
async def test_broken_multipart(served: Served, body: bytes) -> None:
    check(served, await served.post(SORA, headers=MULTIPART, content=body), INVALID)
    await nothing_happened(served)


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/mixed; boundary=b",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary=""',
        "multipart/form-data; boundary=" + "b" * 300,
        "multipart/form-data; charset=utf-8",
        "multipart/related; boundary=b",
    ],
)
async def test_multipart_of_another_kind(served: Served, content_type: str) -> None:
    answer = await served.post(SORA, headers={"content-type": content_type}, content=WHOLE + END)
    check(served, answer, INVALID)
    await nothing_happened(served)


@pytest.mark.parametrize(
    "body", [b"prompt=%ff", b"prompt=\xff", b"prompt=%00", b"&".join(b"a=b" for _ in range(300))]
)
async def test_broken_forms(served: Served, body: bytes) -> None:
    answer = await served.post(
        SORA, headers={"content-type": "application/x-www-form-urlencoded"}, content=body
    )
    check(served, answer, INVALID)
    await nothing_happened(served)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "x-made-up"])
async def test_compressed_bodies(served: Served, encoding: str) -> None:
    answer = await served.post(SORA, headers=JSON | {"content-encoding": encoding}, content=b"{}")
    check(served, answer, INVALID)


REQUIRED = "Request parameter [prompt] required"
BAD_FIELDS: list[tuple[str, dict[str, Any], str]] = [
    (SORA, {"prompt": ["a", {"b": 1}]}, INVALID),
    (SORA, {"prompt": {"a": 1}}, INVALID),
    (SORA, PROMPT | {"seconds": "5"}, "Request parameter [seconds] must be one of 4, 8, 12"),
    (SORA, PROMPT | {"seconds": 5}, "Request parameter [seconds] must be one of 4, 8, 12"),
    (SORA, PROMPT | {"seconds": 4.5}, "Request parameter [seconds] must be one of 4, 8, 12"),
    (SORA, PROMPT | {"seconds": -4}, "Request parameter [seconds] must be one of 4, 8, 12"),
    (SORA, PROMPT | {"seconds": True}, "Request parameter [seconds] must be one of 4, 8, 12"),
    (SORA, PROMPT | {"seconds": [4]}, "Request parameter [seconds] must be one of 4, 8, 12"),
    (SORA, PROMPT | {"seconds": {"a": 4}}, "Request parameter [seconds] must be one of 4, 8, 12"),
    (SORA, PROMPT | {"seconds": "4\n"}, "Request parameter [seconds] must be one of 4, 8, 12"),
    (SORA, PROMPT | {"resolution": "8k"}, "Request parameter [resolution] must be one of 720p, 1080p"),
    (SORA, PROMPT | {"resolution": "720P "}, "Request parameter [resolution] must be one of 720p, 1080p"),
    (SORA, PROMPT | {"ratio": "1:1"}, "Request parameter [ratio] must be one of 16:9, 9:16, auto"),
    (VEO, PROMPT | {"generateAudio": "yes"}, "Request parameter [generateAudio] must be one of true, false"),
    (VEO, PROMPT | {"durationSeconds": 7}, "Request parameter [durationSeconds] must be one of 4, 6, 8"),
    (
        VEO,
        PROMPT | {"personGeneration": "all"},
        "Request parameter [personGeneration] must be one of allow_adult, dont_allow",
    ),
    *[
        (VEO, PROMPT | {"seed": seed}, "Request parameter [seed] must be integer or float")
        for seed in ("seven", "1,5", "0x10", "NaN", "inf", "1e999", [1, 2], {"a": 1}, True, "١٢")
    ],
    *[
        (OVI, SEEDED | {"steps": steps}, "Request parameter [steps] must be integer or float")
        for steps in ("many", "3 0", [30, 31], {}, False)
    ],
    (
        OVI,
        SEEDED | {"resolution": "640x480"},
        "Request parameter [resolution] must be one of default, 512x992, 992x512, 960x512, 512x960, 720x720, 448x1120, 1120x448",
    ),
    *[
        (SORA, PROMPT | {"inputImage": given}, INVALID)
        for given in (
            "nothing.jpg",
            "chetwinlow1_ovi_input_4.jpg",
            "../../etc/passwd",
            "/etc/passwd",
            "..",
            ".",
            "openai_sora_pro_2_input_4.jpg/../x",
            "samples/openai_sora_pro_2_input_4.jpg",
            "C:\\windows\\win.ini",
            "\\\\server\\share",
            "file:///etc/passwd",
            "ftp://example.com/a.png",
            "gopher://example.com/",
            "data:image/png;base64,AAAA",
            "javascript:alert(1)",
            "http://",
            "http:///a.png",
            "https://exa mple.com/a.png",
            "https://example.com:99999/a.png",
            "https://example.com:0/a.png",
            "https://user:pass@example.com/a.png",
            "https://example.com\\@10.0.0.1/",
            "http://127.0.0.1/a.png",
            "http://localhost/a.png",
            "http://10.0.0.7/a.png",
            "http://169.254.169.254/latest/meta-data",
            "http://[::1]/a.png",
            "http://192.168.1.1/a.png",
            7,
            1.5,
            True,
            {"url": "https://example.com/a.png"},
            [7],
            [["https://example.com/a.png"]],
            ["nothing.jpg"],
            "x" * 20_000,
        )
    ],
    *[
        (SORA, PROMPT | {"inputImageUrl": given}, INVALID)
        for given in ("http://127.0.0.1/a.png", "nothing.jpg", "file:///etc/passwd", 7, {"a": 1})
    ],
    *[
        (SORA, PROMPT | {"callbackUrl": given}, INVALID)
        for given in (
            "http://127.0.0.1/hook",
            "http://localhost/",
            "http://169.254.169.254/",
            "http://[::1]:80/",
        )
    ],
]


@pytest.mark.parametrize(("path", "fields", "message"), BAD_FIELDS)
async def test_bad_fields(served: Served, path: str, fields: dict[str, Any], message: str) -> None:
    check(served, await served.post(path, fields), message)
    await nothing_happened(served)


async def test_a_picture_where_a_value_belongs(served: Served) -> None:
    answer = await served.post(SORA, files={"prompt": ("a.png", picture())})
    check(served, answer, INVALID)
    await nothing_happened(served)


async def test_too_many_files(served: Served) -> None:
    files = [("inputImage", (f"{n}.png", picture())) for n in range(60)]
    check(served, await served.post(SORA, data=PROMPT, files=files), INVALID)
    await nothing_happened(served)


@pytest.mark.parametrize(
    ("limits", "request_"),
    [
        ({"json_bytes": 2000}, {"headers": JSON, "content": b'{"prompt": "' + b"x" * 3000 + b'"}'}),
        ({"json_bytes": 2000}, {"data": {"prompt": "x" * 3000}}),
        ({"json_bytes": 2000}, {"headers": {"content-type": "multipart/form-data"}, "content": b" " * 3000}),
        (
            {"json_bytes": 2000},
            {"data": {"prompt": "x" * 3000}, "files": {"inputImage": ("a.png", picture())}},
        ),
        (
            {"json_bytes": 2000},
            {"data": {f"n{n}": "x" * 150 for n in range(20)}, "files": {"inputImage": ("a.png", picture())}},
        ),
        (
            {"upload_bytes": 5000},
            {"data": PROMPT, "files": {"inputImage": ("a.png", picture() + bytes(5000))}},
        ),
        (
            {"request_bytes": 9000},
            {
                "data": PROMPT,
                "files": [("inputImage", (f"{n}.png", picture() + bytes(4000))) for n in range(3)],
            },
        ),
        (
            {"fields": 10},
            {"data": {f"n{n}": "x" for n in range(11)}, "files": {"inputImage": ("a.png", picture())}},
        ),
        ({"fields": 10}, {"files": [("inputImage", (f"{n}.png", picture())) for n in range(11)]}),
    ],
)
async def test_bodies_over_a_limit(
    tmp_path_factory: pytest.TempPathFactory, limits: dict[str, int], request_: dict[str, Any]
) -> None:
    async with serving(tmp_path_factory.mktemp("small"), limits=limits) as served:
        answer = await served.post(SORA, **request_)
        check(served, answer, "The request is too large.", status=413)
        assert answer.headers["connection"] == "close"
        await nothing_happened(served)


@pytest.mark.parametrize(
    "path",
    [
        "/v1",
        "/v1/",
        "/v1/Task",
        "/v1/Task/Detail/",
        "/v1/Task/Nothing",
        "/v2/Task/Detail",
        "/",
        "/healthz",
        "/nothing",
        "/v1/File/x",
        "/v1/../v1/Task/Detail/..",
        "/%00",
        "/v1/Task/Detail%00",
        "/%ff",
        "//v1/Task/Detail",
        "/v1/Task/Detail%0d%0aX:y",
        "/models",
        "/" + "a" * 5000,
    ],
)
async def test_unknown_paths(served: Served, path: str) -> None:
    check(served, await served.post(path, {}), "Error parsing url.", status=404)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "TRACE", "HEAD", "MADEUP"])
async def test_other_methods(served: Served, method: str) -> None:
    answer = await served.client.request(method, "/v1/Task/Detail", headers=served.headers())
    assert answer.status_code == 404
    assert (
        answer.content == b""
        if method == "HEAD"
        else answer.json()["errors"][0]["message"] == "Error parsing url."
    )


async def test_what_nobody_expected_is_logged_and_not_told(
    tmp_path_factory: pytest.TempPathFactory, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> float:
        raise RuntimeError("the secret plan")

    async with serving(tmp_path_factory.mktemp("broken"), nonce_window=60, clock=broken) as served:
        answer = await served.post("/v1/Task/Detail", {})
    assert answer.status_code == 500
    [entry] = answer.json()["errors"]
    reference = entry["message"].removeprefix("Internal server error. Reference: ")
    assert entry["code"] == 0
    assert "secret plan" not in answer.text
    assert reference in caplog.text
    assert "the secret plan" in caplog.text
