"""`understudy config`: the effective settings, and a file to start from."""

from typing import TYPE_CHECKING, Any

import typer

from understudy.cli.options import Config, Data, Json, settings_from
from understudy.cli.output import print_json, print_table, say

if TYPE_CHECKING:
    from understudy.config import Setting

app = typer.Typer(help="The server's settings.", no_args_is_help=True)


@app.command()
def show(config: Config = None, data: Data = None, json: Json = False) -> None:
    """Print every setting, its value and where that comes from.

    Secrets are hidden.
    """
    from understudy.config import TABLE

    settings = settings_from(config, data=data)
    rows = [(row, _shown(row, getattr(settings, row.name)), settings.origin(row.name)) for row in TABLE]
    if json:
        print_json(
            {row.name: {"value": value, "origin": origin, "key": row.key} for row, value, origin in rows}
        )
    else:
        print_table(
            ("Key", "Value", "From", "Environment"),
            ((row.key, _text(value), origin, row.environment) for row, value, origin in rows),
            "",
        )


@app.command()
def template() -> None:
    """Print a settings file to start from.

    It has every key, its meaning and its default, all commented out.
    """
    from itertools import groupby

    from understudy.config import TABLE

    say("# Understudy's settings. Every key can also be given as an environment variable.")
    for section, rows in groupby(TABLE, key=lambda row: row.section):
        if section:
            say(f"\n[{section}]")
        for row in rows:
            say(f"\n# {row.help} ({row.environment})")
            if row.is_table:
                say(f"# [{row.key}]")
                for name, value in row.default.items():
                    say(f"# {_toml(name)} = {_toml(value)}")
            else:
                last = row.key.rpartition(".")[2]
                say(
                    f"# {last} = {_toml(row.default) if row.default is not None else _toml('/var/lib/understudy')}"
                )


def _shown(row: "Setting", value: Any) -> Any:
    if row.secret and value:
        return "***"
    if row.name == "engine":
        return {name: _without_secrets(options) for name, options in value.items()}
    return value


def _without_secrets(options: dict[str, Any]) -> dict[str, Any]:
    """Engines name their own options, so what may be a secret is told by its name."""
    words = ("key", "secret", "token", "password")
    return {
        name: "***" if value and any(word in name.lower() for word in words) else value
        for name, value in options.items()
    }


def _text(value: Any) -> str:
    import msgspec

    if isinstance(value, tuple | dict):
        return msgspec.json.encode(value, enc_hook=str).decode()
    return str(value)


def _toml(value: Any) -> str:
    import msgspec

    # What JSON writes for text, numbers and lists is TOML, too.
    return msgspec.json.encode(value, enc_hook=str).decode()
