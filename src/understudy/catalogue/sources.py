"""Where the files of a file input are to come from: uploads, addresses, bundled samples. Pure; nothing is fetched.

An address passes here if it looks like one; the intake of files decides whether it may be reached.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from understudy.catalogue.checked import Sample, Source, Upload, Url
from understudy.catalogue.manifest import Input
from understudy.errors import InvalidInput

SAMPLES = "/uploads/sampleinputs/"
"""Where a server shows its sample inputs."""

REFERENCE_HOSTS = ("https://cdn.wiro.ai", "https://cdn1.wiro.ai")
"""Where the reference shows its own: their addresses are in programs and notes written for it."""

LONGEST_URL = 8192
"""Characters."""

# What follows the scheme up to the first of / ? # must be a host without user name and password.
_URL = re.compile(r"https?://[^\s/?#@\\]+(?:[/?#]\S*)?", re.IGNORECASE)
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
# An address may have commas in it: only one before the next address separates.
_BETWEEN_URLS = re.compile(r"\s*,\s*(?=https?://)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f\ud800-\udfff]")


def read_sources(
    each: Input,
    fields: Mapping[str, object],
    uploads: Mapping[str, Sequence[Upload]],
    samples: Collection[str],
    files: str,
    url_field: str,
) -> tuple[Source, ...]:
    """The input's files as they were given, uploads first; none if it was not given.

    `samples` are the names that may be used, `files` is this server's base address of files, `url_field` the second
    field that addresses may come in. Raises `InvalidInput`.
    """
    # A form with an empty file field sends a part without name and content.
    sources: list[Source] = [upload for upload in uploads.get(each.id, ()) if upload.name or upload.size]
    for field in (each.id, url_field):
        for entry in _entries(each, field, fields.get(field)):
            sources.append(_source(field, entry, samples, files))
            if len(sources) > each.max_files:
                break
    if len(sources) > each.max_files:
        files_taken = "1 file" if each.max_files == 1 else f"{each.max_files} files"
        raise _refusal(each.id, f"takes at most {files_taken}; it was given more.")
    return tuple(sources)


def _entries(each: Input, field: str, given: object) -> Iterator[str]:
    """The single entries of a field: its string, its comma-separated addresses, its JSON array's elements."""
    if given is None:
        return
    if isinstance(given, list):
        for element in given:
            if isinstance(element, list):
                raise _refusal(field, "takes addresses, not lists in lists.")
            yield from _entries(each, field, element)
        return
    if not isinstance(given, str):
        raise _refusal(field, "must be a file or an http or https address.")
    text = given.strip()
    if text.startswith("["):
        yield from filter(None, (element.strip() for element in _array(field, text)))
    elif each.type == "fileinput":
        yield from filter(None, (text,))
    else:
        for part in _BETWEEN_URLS.split(text):
            names = [part.rstrip(", ")] if _SCHEME.match(part) else part.split(",")
            yield from filter(None, (name.strip() for name in names))


def _array(field: str, text: str) -> list[str]:
    try:
        return [each for each in msgspec.json.decode(text, type=list[str | None]) if each is not None]
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise _refusal(field, "begins like a JSON array, but is not a JSON array of addresses.") from error


def _source(field: str, entry: str, samples: Collection[str], files: str) -> Source:
    if entry in samples:
        return Sample(entry)
    if not _SCHEME.match(entry):
        raise _refusal(
            field, "must be a file, an http or https address, or one of the model's sample inputs."
        )
    if len(entry) > LONGEST_URL:
        raise _refusal(field, f"has an address of more than {LONGEST_URL} characters.")
    if _CONTROL.search(entry) or not _URL.fullmatch(entry):
        raise _refusal(
            field, "has an address that is not valid: it needs a host, and no spaces, user name or password."
        )
    name = _sample_at(entry, files)
    return Sample(name) if name in samples else Url(entry)


def _sample_at(url: str, files: str) -> str:
    """The sample input that an address shows, as pages print it: here or on the reference; "" for any other."""
    for base in (*REFERENCE_HOSTS, files.rstrip("/")):
        if base and url.startswith(base + SAMPLES):
            return url.removeprefix(base + SAMPLES)
    return ""


def _refusal(field: str, reason: str) -> InvalidInput:
    return InvalidInput("Request parameters are invalid.", f"[{field}] {reason}")
