"""`understudy config`: the effective settings, and a file to start from."""

from typing import Any

import typer

from understudy.cli.options import Config, Data, Json, settings_from
from understudy.cli.output import print_json, print_table, say

app = typer.Typer(help="The server's settings.", no_args_is_help=True)


@app.command()
def show(config: Config = None, data: Data = None, json: Json = False) -> None:
    """Print every setting, its value and where that comes from.

    Secrets are hidden.
    """
    from understudy.config.shown import shown, text

    rows = shown(settings_from(config, data=data))
    if json:
        print_json(
            {row.name: {"value": value, "origin": origin, "key": row.key} for row, value, origin in rows}
        )
    else:
        print_table(
            ("Key", "Value", "From", "Environment"),
            ((row.key, text(value), origin, row.environment) for row, value, origin in rows),
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


def _toml(value: Any) -> str:
    import msgspec

    # What JSON writes for text, numbers and lists is TOML, too.
    return msgspec.json.encode(value, enc_hook=str).decode()
