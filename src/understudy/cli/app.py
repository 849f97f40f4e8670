"""The tree of commands."""

from typing import Annotated

import typer

from understudy import __version__
from understudy.cli import (
    backup,
    cast,
    config,
    copy_store,
    engines,
    mcp,
    migrate,
    models,
    projects,
    purchases,
    run,
    serve,
    tasks,
    users,
    weights,
)
from understudy.cli.exits import HELP

app = typer.Typer(
    name="understudy",
    help="A self-hosted server for models that make video with sound.",
    epilog=HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"understudy {__version__}")
        raise typer.Exit


@app.callback()
def understudy(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Options of the program itself; its help is that of `app`."""


app.command("serve")(serve.serve)
app.command("run")(run.run)
app.add_typer(models.app, name="models")
app.add_typer(tasks.app, name="tasks")
app.add_typer(projects.app, name="projects")
app.add_typer(users.app, name="users")
app.add_typer(purchases.app, name="purchases")
app.command("migrate")(migrate.migrate)
app.command("copy-store")(copy_store.copy_store)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("mcp")(mcp.mcp)
app.command("engines")(engines.engines)
app.add_typer(cast.app, name="cast")
app.add_typer(weights.app, name="weights")
app.add_typer(config.app, name="config")
