"""`understudy serve`: the server in the foreground."""

import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from understudy.cli.engines import cast_and_catalogue
from understudy.cli.options import Config, Json, settings_from
from understudy.cli.output import print_json, say
from understudy.config import setting

if TYPE_CHECKING:
    from understudy.catalogue.catalogue import Catalogue
    from understudy.config import Settings
    from understudy.engines.cast import Described

log = logging.getLogger(__name__)


def _flag(name: str, metavar: str) -> Any:
    """The flag of a setting, in the words of the table."""
    row = setting(name)
    default = "" if row.default in (None, "") else f" [default: {row.default}]"
    return typer.Option(row.flag, metavar=metavar, help=f"{row.help}{default}", show_default=False)


def serve(
    data: Annotated[Path | None, _flag("data", "DIR")] = None,
    database: Annotated[str | None, _flag("database", "URL")] = None,
    storage: Annotated[str | None, _flag("storage", "URL")] = None,
    executor: Annotated[str | None, _flag("executor", "local|ray")] = None,
    role: Annotated[str | None, _flag("role", "all|api|dispatcher")] = None,
    workers: Annotated[int | None, _flag("workers", "N")] = None,
    host: Annotated[str | None, _flag("host", "HOST")] = None,
    port: Annotated[int | None, _flag("port", "PORT")] = None,
    url: Annotated[str | None, _flag("url", "URL")] = None,
    log_level: Annotated[str | None, _flag("log_level", "LEVEL")] = None,
    log_format: Annotated[str | None, _flag("log_format", "FORMAT")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Start the server; Ctrl-C or SIGTERM stops it.

    The first start makes the data folder and a project.
    """
    import asyncio

    from understudy.log import set_up

    settings = settings_from(
        config,
        data=data,
        database=database,
        storage=storage,
        executor=executor,
        role=role,
        workers=workers,
        host=host,
        port=port,
        url=url,
        log_level=log_level,
        log_format=log_format,
    )
    set_up(settings.log_level, settings.log_format)
    _must_have_ray(settings)

    def ready(address: str) -> None:
        from understudy.cli.banner import banner

        cast, catalogue = cast_and_catalogue(settings)
        rows = cast.describe(catalogue.models)
        for doubt in _doubts(settings, rows, catalogue):
            log.warning(doubt)
        if json:
            print_json({"url": address, "data": str(settings.data), "pid": os.getpid()}, lines=True)
        else:
            say(banner(address, settings, rows))

    if settings.workers > 1:
        from understudy.workers import serve_with_workers as run_server
    else:
        from understudy.server import serve as run_server
    asyncio.run(run_server(settings, on_ready=ready))


def _must_have_ray(settings: "Settings") -> None:
    """Raises `ConfigurationError`: a server that cannot play should not take tasks only to fail them."""
    from importlib.util import find_spec

    from understudy.errors import ConfigurationError

    if settings.executor == "ray" and settings.role != "api" and find_spec("ray") is None:
        raise ConfigurationError("executor = ray needs Ray; install it with: pip install 'understudy[ray]'.")


def _doubts(settings: "Settings", rows: "Sequence[Described]", catalogue: "Catalogue") -> Iterator[str]:
    """What an operator may not have meant: nothing of it keeps the server from starting.

    Of the cast as it is shipped nothing is said: there a preview stands in.
    """
    shipped = setting("cast").default
    own = {model: names for model, names in settings.cast.items() if shipped.get(model) != names}
    for model in sorted({*own, *settings.failover} - {"*"}):
        if catalogue.named(model) is None:
            yield f"The settings speak of {model}, and there is no such model"
    named = {name for names in own.values() for name in names}
    for row in rows:
        if row.name in named and row.models and not row.available:
            yield f"Engine {row.name} is cast, and cannot play now: {row.reason} {row.remedy}".rstrip()
