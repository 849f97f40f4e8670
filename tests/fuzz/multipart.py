"""Multipart bodies: right, nearly right, and wrong in every way."""

from hypothesis import strategies as st

from tests.fuzz.pictures import PICTURES
from tests.fuzz.texts import mangled, objects, written
from tests.fuzz.ways import Way

BOUNDARIES = (
    b"b",
    b"----WebKitFormBoundary7MA4YWxkTrZu0gW",
    b"a" * 70,
    b"a" * 256,
    b"'()+_,-./:=?",
    b"--",
    b"b b",
)

_MOST_REPEATED = 400_000
_END = (b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\r\r\n", b"")
_FILE_NAMES = (
    "a.png",
    "",
    "../../../etc/passwd",
    "..\\..\\win.ini",
    "/dev/stdin",
    "a\0.png",
    'a".png',
    "a\\",
    ".",
    "..",
    "con.png",
    "%2e%2e%2f",
    "\u202egnp.exe",
    "e\u0301.png" * 50,
    "\ufdfa" * 200,
    "x" * 5000,
    "a.png;b=c",
    "a\r\nx: y",
    "<script>.html",
)
_HEADERS = (
    b"Content-Type: image/png",
    b"Content-Type: text/plain; charset=utf-16",
    b"Content-Type: text/plain; charset=made-up",
    b"Content-Type: multipart/mixed; boundary=b",
    b"Content-Type",
    b"Content-Type:",
    b": a",
    b" folded: a",
    b"\tfolded",
    b"Content-Transfer-Encoding: base64",
    b"Content-Transfer-Encoding: quoted-printable",
    b"Content-Length: 5",
    b"Content-Disposition: form-data; name=prompt",
    b"Content-Disposition: attachment; filename=a",
    b"Content-Disposition: form-data; name=a; name=b; filename=c; filename=d",
    b"Content-Disposition: form-data; name*=utf-8''prompt; filename*=utf-8''%2e%2e%2fa",
    b"Content-Disposition: form-data; name*0=pro; name*1=mpt",
    b"Content-Disposition: form-data; filename*=made-up'x'%ff",
    b"Content-Disposition: form-data; name*=utf-16''%ff%fe%00",
    b'Content-Disposition: form-data; name="a',
    b"Content-Disposition: " + b";" * 2000,
    b"Content-Disposition: form-data; " + b"a=b;" * 900,
    b"X: " + b"a" * 4100,
    b"X: " + b"a" * 70_000,
    b"X\xff: \xff",
    b"X\0: \0",
)


@st.composite
def bodies(draw: st.DrawFn, way: Way) -> tuple[bytes, bytes]:
    """A Content-Type and a body that mostly fits it."""
    boundary = draw(st.sampled_from(BOUNDARIES) | st.binary(min_size=1, max_size=20))
    fields = draw(objects(way))
    parts = [
        draw(_part(name, value if isinstance(value, str) else written(value)))
        for name, value in fields.items()
    ]
    if draw(st.booleans()):
        parts += [draw(_file())] * draw(st.sampled_from([1, 1, 1, 2, 12]))
    if parts and draw(st.integers(0, 9)) == 0:
        parts *= min(draw(st.sampled_from([2, 30, 300, 3000])), _MOST_REPEATED // sum(map(len, parts)))
    parts = draw(st.permutations(parts)) if len(parts) < 10 else parts
    line_end = draw(st.sampled_from(_END)) if draw(st.integers(0, 4)) == 0 else b"\r\n"
    between = line_end + b"--" + boundary
    before = draw(st.sampled_from([b"", b"", b"", b"\r\n", b"preamble\r\n", b"--"]))
    end = draw(
        st.sampled_from(
            [b"--\r\n", b"--\r\n", b"--\r\n", b"--", b"", b"\r\n", b"-", b"--\r\nepilogue", b"--" * 3000]
        )
    )
    body = before + b"--" + boundary + b"".join(line_end + part + between for part in parts) + end
    if draw(st.integers(0, 3)) == 0:
        body = draw(mangled(body))
    return draw(_content_type(boundary)), body


@st.composite
def _content_type(draw: st.DrawFn, boundary: bytes) -> bytes:
    boundary = bytes(byte for byte in boundary if byte >= 0x20 and byte != 0x7F)
    return draw(
        st.sampled_from(
            [
                b"multipart/form-data; boundary=" + boundary,
                b"multipart/form-data; boundary=" + boundary,
                b'multipart/form-data; boundary="' + boundary + b'"',
                b'Multipart/Form-Data; charset=utf-16; BOUNDARY="' + boundary + b'"; boundary=x',
                b"multipart/form-data; boundary*=utf-8''" + boundary,
                b"multipart/form-data; boundary*=made-up''%ff; boundary*0=" + boundary,
                b"multipart/form-data;" * 500 + b" boundary=" + boundary,
                b"multipart/related; boundary=" + boundary,
            ]
        )
    )


@st.composite
def _part(draw: st.DrawFn, name: str, value: str) -> bytes:
    raw = name.encode("utf-8", "surrogatepass")
    disposition = b'Content-Disposition: form-data; name="' + raw + b'"'
    if draw(st.integers(0, 9)) == 0:
        disposition += b'; filename="' + draw(st.sampled_from(_FILE_NAMES)).encode() + b'"'
    return draw(_headed(disposition, value.encode("utf-8", "surrogatepass")))


@st.composite
def _file(draw: st.DrawFn) -> bytes:
    name = draw(
        st.sampled_from(["file", "inputImage", "input_reference", "prompt", "input_reference[image_url]"])
    )
    file_name = draw(st.sampled_from(_FILE_NAMES)).encode()
    disposition = f'Content-Disposition: form-data; name="{name}"; filename="'.encode() + file_name + b'"'
    content = draw(st.sampled_from([*PICTURES.values(), b"", b"GIF89a", b"<svg/>", b"\x89PNG\r\n\x1a\n"]))
    return draw(_headed(disposition, content))


@st.composite
def _headed(draw: st.DrawFn, disposition: bytes, content: bytes) -> bytes:
    lines = [disposition]
    if draw(st.integers(0, 4)) == 0:
        more = draw(st.lists(st.sampled_from(_HEADERS), min_size=1, max_size=3))
        lines = draw(st.permutations([*lines, *more]))
        lines *= draw(st.sampled_from([1, 1, 2, 10]))
    return b"\r\n".join(lines) + b"\r\n\r\n" + content
