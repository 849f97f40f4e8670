"""Options that several commands share, and what they lead to."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from understudy.client import Client
    from understudy.config import Settings

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout, and nothing else.")]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="FILE", help="Settings file (TOML); also UNDERSTUDY_CONFIG.", show_default=False
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="DIR", help="The server's data folder; also UNDERSTUDY_DATA.", show_default=False
    ),
]
Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="The server's database, if it is not in the data folder; also UNDERSTUDY_DATABASE.",
        show_default=False,
    ),
]
Storage = Annotated[
    str | None,
    typer.Option(
        "--storage",
        metavar="URL",
        help="Where the server's files are, if not in the data folder; also UNDERSTUDY_STORAGE.",
        show_default=False,
    ),
]
Url = Annotated[
    str | None,
    typer.Option(
        "--url", metavar="URL", help="The server's address; also UNDERSTUDY_URL.", show_default=False
    ),
]


def settings_from(config: Path | None, **flags: Any) -> "Settings":
    """The effective settings of a command. Raises `ConfigurationError`."""
    from understudy.config import load_settings

    if config is None and os.environ.get("UNDERSTUDY_CONFIG"):
        config = Path(os.environ["UNDERSTUDY_CONFIG"])
    return load_settings(config, os.environ, flags)


def connect(url: str | None, data: Path | None) -> "Client":
    """A client for the server that was named, or for that of this machine. Raises `NotConfigured`."""
    from understudy.client import Client

    return Client(url, data=data)
