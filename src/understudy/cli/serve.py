"""`understudy serve`: the server in the foreground."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from understudy.cli.engines import described
from understudy.cli.options import Config, Json, settings_from
from understudy.cli.output import print_json, say
from understudy.config import setting

if TYPE_CHECKING:
    from understudy.config import Settings


def _flag(name: str, metavar: str) -> Any:
    """The flag of a setting, in the words of the table."""
    row = setting(name)
    default = "" if row.default in (None, "") else f" [default: {row.default}]"
    return typer.Option(row.flag, metavar=metavar, help=f"{row.help}{default}", show_default=False)


def serve(
    data: Annotated[Path | None, _flag("data", "DIR")] = None,
    host: Annotated[str | None, _flag("host", "HOST")] = None,
    port: Annotated[int | None, _flag("port", "PORT")] = None,
    url: Annotated[str | None, _flag("url", "URL")] = None,
    log_level: Annotated[str | None, _flag("log_level", "LEVEL")] = None,
    log_format: Annotated[str | None, _flag("log_format", "FORMAT")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Start the server, and stop it on Ctrl-C or SIGTERM. The first start makes the data folder and a project."""
    import asyncio

    from understudy import log

    settings = settings_from(
        config, data=data, host=host, port=port, url=url, log_level=log_level, log_format=log_format
    )
    log.set_up(settings.log_level, settings.log_format)
    from understudy.server import serve as run_server

    def ready(address: str) -> None:
        if json:
            print_json({"url": address, "data": str(settings.data), "pid": os.getpid()}, lines=True)
        else:
            say(_banner(address, settings))

    asyncio.run(run_server(settings, on_ready=ready))


def _banner(address: str, settings: "Settings") -> str:
    where = f" --data {settings.data}" if settings.origin("data") == "flag" else ""
    lines = [
        f"Understudy listens on {address}",
        f"  data     {settings.data}",
        f"  keys     {settings.data / 'credentials.json'}",
        f"  engines  {_engines(settings)}",
        f"Try it:    understudy run{where} openai/sora-2-pro --defaults",
        "Stop it:   Ctrl-C",
    ]
    return "\n".join(lines)


def _engines(settings: "Settings") -> str:
    playing = [
        f"{row.name} (previews)" if row.preview else row.name for row in described(settings) if row.available
    ]
    return ", ".join(playing) or "none is available; see `understudy engines`"
