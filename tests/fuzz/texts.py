"""JSON and forms: right, nearly right, and wrong in every way."""

import json
from typing import Any
from urllib.parse import quote_plus

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.fuzz.ways import Way

TELLING = (
    "",
    " ",
    "0",
    "-1",
    "1",
    "00012",
    "1e400",
    "NaN",
    "Infinity",
    "0x10",
    "١٢",
    "9" * 19,
    "9" * 400,
    "9" * 5000,
    "1." + "0" * 70,
    "null",
    "true",
    "TRUE",
    "task_queue",
    "video_1",
    "video_" + "9" * 30,
    "models/a/operations/1",
    "openai/sora-2-pro",
    "OPENAI/SORA.2.PRO",
    "/",
    "a/b/c",
    "../../etc/passwd",
    "C:\\windows",
    "[",
    "[]",
    "[null]",
    '["a", 1]',
    '["http://127.0.0.1/"]',
    "[" * 4000,
    '{"image_url": "data:"}',
    "{" * 3000,
    "data:",
    "data:,",
    "data:;base64,",
    "data:image/png;base64,AAAA",
    "data:image/png;base64,iVBORw0KGgo=",
    "data:image/png;base64,====",
    "http://",
    "http:///",
    "http://[",
    "http://[::1",
    "http://[v1.a]/",
    "http://127.0.0.1/a.png",
    "http://127.1/",
    "http://0x7f.1/",
    "http://192.0.2.1:99999/",
    "http://192.0.2.1:-1/",
    "http://192.0.2.1:١٢/",
    "http://a..b.invalid/",
    "http://" + "a" * 70 + ".invalid/",
    "http://" + "a." * 140 + "invalid/",
    "http://xn--/",
    "http://xn--a-.invalid/",
    "http://\u2488.invalid/",
    "http://a\u3002invalid/",
    "http://user:pass@192.0.2.1/",
    "http://192.0.2.1/\ud800",
    "http://192.0.2.1/\r\nhost: a",
    "http://192.0.2.1/%",
    "http://192.0.2.1/" + "a" * 9000,
    "https://192.0.2.1/a,https://192.0.2.1/b, ,",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "\0",
    "a\0b",
    "\x1b[31m",
    "\ud800",
    "\udc00\ud800",
    "\U0010ffff",
    "\ufeff",
    "\u202e",
    "e\u0301" * 100,
    "😀" * 3000,
    "x" * 40_000,
    "' OR 1=1 --",
    "%00",
    "%s%n",
    "{0}",
    "(a+)+$",
    "[" + "a" * 50 + "]",
)

texts: SearchStrategy[str] = st.sampled_from(TELLING) | st.text(max_size=30)
numbers: SearchStrategy[Any] = (
    st.integers()
    | st.sampled_from([0, -1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), 2**64, 10**30, 10**400, 10**4299])
    | st.floats(allow_nan=False, allow_infinity=False)
)
values: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)


class Verbatim(str):
    """JSON that is put in as it is."""


_VERBATIM = st.sampled_from(
    [
        Verbatim(text)
        for text in (
            "NaN",
            "-Infinity",
            "1e400",
            "-1e-400",
            "1E+9",
            "-0",
            "-0.0",
            "08",
            "0x1",
            "1.",
            ".5",
            "+1",
            "9" * 4000,
            "9" * 5000,
            "0." + "9" * 5000,
            '"\\ud800"',
            '"\\udc00\\ud800"',
            '"\\u00"',
            '"\\x41"',
            '"\x01"',
            '"\t"',
            "[" * 33 + "]" * 33,
            "[" * 3000 + "]" * 3000,
            '{"a":' * 40 + "1" + "}" * 40,
            "[" + "[]," * 3000 + "[]]",
            '{"a":1,"a":2}',
            '{"\\u0000":1}',
            "'a'",
            "undefined",
            "/**/1",
            "",
        )
    ]
)


@st.composite
def objects(draw: st.DrawFn, way: Way) -> dict[str, Any]:
    """Fields of one way in: most as they should be, a few of them as they should not, and a few more."""
    fields = dict(way.fields)
    for name in draw(st.lists(st.sampled_from(sorted(fields)), max_size=len(fields), unique=True)):
        fields.pop(name)
    for name in draw(st.lists(st.sampled_from(sorted(way.fields)) | texts, max_size=3)):
        fields[name] = draw(_changed(way.fields.get(name)))
    return fields


@st.composite
def _changed(draw: st.DrawFn, right: object) -> Any:
    """Something else in the place of what is right; where that has parts, often only one of them is changed."""
    match right:
        case dict() if right and draw(st.booleans()):
            name = draw(st.sampled_from(sorted(right)) | texts)
            return right | {name: draw(_changed(right.get(name)))}
        case list() if right and draw(st.booleans()):
            return [draw(_changed(right[0])), *right[1:]]
    return draw(values | _VERBATIM)


def written(value: Any) -> str:
    """JSON, or what is to be there in its place."""
    match value:
        case Verbatim():
            return str(value)
        case dict():
            return "{" + ",".join(f"{json.dumps(name)}:{written(each)}" for name, each in value.items()) + "}"
        case list():
            return "[" + ",".join(written(each) for each in value) + "]"
        case int() if not isinstance(value, bool) and abs(value) > 10**4000:
            return ("-" if value < 0 else "") + "9" * 4300
    return json.dumps(value)


_ENCODINGS = st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1", "utf-7"])


@st.composite
def json_bodies(draw: st.DrawFn, way: Way) -> bytes:
    """JSON for one way in, possibly in another encoding, cut, doubled, or with something in it that does not belong."""
    text = written(draw(objects(way)))
    if draw(st.integers(0, 3)) == 0:
        text = draw(
            st.sampled_from(
                [text[1:], text[:-1], text * 2, f"[{text}]", f" {text}\n", f"{text},", "[]", "null", '"a"']
            )
        )
    body = text.encode(draw(_ENCODINGS), "replace")
    return draw(mangled(body)) if draw(st.integers(0, 3)) == 0 else body


@st.composite
def forms(draw: st.DrawFn, way: Way) -> bytes:
    """An urlencoded form for one way in."""
    fields = draw(objects(way))
    pairs = [f"{_quoted(name)}={_quoted(value)}" for name, value in fields.items()]
    if pairs and draw(st.booleans()):
        pairs += [draw(st.sampled_from(pairs))] * draw(st.sampled_from([1, 2, 300]))
    separator = draw(st.sampled_from(["&", "&", "&", ";", "&&", "\n"]))
    body = separator.join(pairs).encode()
    return draw(mangled(body)) if draw(st.integers(0, 2)) == 0 else body


def _quoted(value: object) -> str:
    text = value if isinstance(value, str) else written(value)
    return quote_plus(text.encode("utf-8", "surrogatepass"))


@st.composite
def mangled(draw: st.DrawFn, body: bytes) -> bytes:
    """Bytes that were cut, put in, left out, repeated or changed at a few places."""
    for _ in range(draw(st.integers(1, 4))):
        at, length = draw(st.integers(0, len(body))), draw(st.sampled_from([0, 1, 2, 4, 16, 1000]))
        put = draw(
            st.binary(max_size=8)
            | st.sampled_from(
                [b"\0", b"\r\n", b"\n", b"--", b'"', b"\\", b"%", b"%00", b"%ff", b"\xff" * 4, b"[" * 500]
            )
        )
        match draw(st.integers(0, 4)):
            case 0:
                body = body[:at]
            case 1:
                body = body[:at] + put + body[at:]
            case 2:
                body = body[:at] + body[at + length :]
            case 3:
                body = body[:at] + put + body[at + len(put) :]
            case _:
                body = body[: at + length] + body[at:]
    return body
