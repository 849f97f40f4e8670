"""What input checking returns: values an engine can rely on, and where its files are to come from."""

import msgspec


class Upload(msgspec.Struct, frozen=True, kw_only=True, tag="upload"):
    """A part of the request, already received into a file."""

    path: str
    name: str
    content_type: str
    size: int


class Url(msgspec.Struct, frozen=True, tag="url"):
    """An http(s) address, to be fetched through the guarded intake."""

    url: str


class Sample(msgspec.Struct, frozen=True, tag="sample"):
    """One of the catalogue's bundled sample inputs, by file name."""

    name: str


class Stored(msgspec.Struct, frozen=True, tag="stored"):
    """A file that is already in the server's storage, by its key: what an upload becomes when its task is written."""

    key: str
    name: str


Source = Upload | Url | Sample | Stored
Value = str | int | float


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """The inputs of one run after checking."""

    values: dict[str, Value]
    """Every input that is not a file, defaults filled in: numbers as numbers, the rest as strings."""
    sources: dict[str, tuple[Source, ...]]
    """The files of each file input that was given."""
    ignored: tuple[str, ...] = ()
    """Fields that the model does not know."""
