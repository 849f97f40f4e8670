"""`understudy engines`: who can play, what to do about those that cannot, and what is going to be retired."""

import shutil
import sys
from textwrap import fill
from typing import TYPE_CHECKING

from understudy.cli.options import Config, Data, Json, settings_from
from understudy.cli.output import print_json, print_table, say

if TYPE_CHECKING:
    from datetime import date

    from understudy.catalogue.catalogue import Catalogue
    from understudy.config import Settings
    from understudy.engines.cast import Cast, Described


def engines(config: Config = None, data: Data = None, json: Json = False) -> None:
    """Print the engines, and what those lack that cannot play."""
    from understudy.engines.retirement import warnings

    cast, catalogue = cast_and_catalogue(settings_from(config, data=data))
    rows = cast.describe(catalogue.models)
    if json:
        print_json(rows)
        return
    print_table(
        ("Engine", "Version", "Makes", "Available", "Plays"),
        (
            (
                row.name,
                row.version,
                makes(remote=row.remote, preview=row.preview),
                "yes" if row.available else "no",
                ", ".join(row.models) or "nothing",
            )
            for row in rows
        ),
        "No engine is installed.",
    )
    # Below the table: sentences in a column of it are broken every few letters.
    for row in rows:
        for sentence in (of_kind(row), row.reason, row.remedy):
            if sentence:
                say_of(row.name, sentence)
    for ending in warnings(today(), cast.ends, catalogue.models):
        say_of(ending.name, ending.sentence)


def cast_and_catalogue(settings: "Settings") -> "tuple[Cast, Catalogue]":
    """The cast and the models of a server with these settings. Raises `ConfigurationError`."""
    from understudy.casting import cast_of
    from understudy.catalogue.loader import load_catalogue

    catalogue = load_catalogue(settings.manifests)
    return cast_of(settings, catalogue), catalogue


def makes(*, remote: bool, preview: bool) -> str:
    """What an engine makes, in a word or two."""
    return f"{'remote ' if remote else ''}{'previews' if preview else 'clips'}"


def of_kind(row: "Described") -> str:
    """The sentence that tells a copy of an engine from the engine."""
    return row.kind and f"It is of the kind {row.kind}."


def say_of(name: str, sentence: str) -> None:
    """A sentence about an engine or model: folded between words in a terminal, on one line for programs."""
    line = f"{name}: {sentence}"
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        line = fill(line, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    say(line)


def today() -> "date":
    """The day, where this machine is."""
    from datetime import datetime

    return datetime.now().astimezone().date()
