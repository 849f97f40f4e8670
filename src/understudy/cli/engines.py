"""`understudy engines`: who can play, and what to do about those that cannot."""

from typing import TYPE_CHECKING

from understudy.cli.options import Config, Data, Json, settings_from
from understudy.cli.output import print_json, print_table, say

if TYPE_CHECKING:
    from understudy.config import Settings
    from understudy.engines.cast import Described


def engines(config: Config = None, data: Data = None, json: Json = False) -> None:
    """Print each engine, whether it is available here, and if not what to do about it."""
    rows = described(settings_from(config, data=data))
    if json:
        print_json(rows)
        return
    print_table(
        ("Engine", "Version", "Makes", "Available", "Plays"),
        (
            (
                row.name,
                row.version,
                "previews" if row.preview else "clips",
                "yes" if row.available else "no",
                ", ".join(row.models) or "nothing",
            )
            for row in rows
        ),
        "No engine is installed.",
    )
    # Below the table: sentences in a column of it are broken every few letters.
    for row in rows:
        for sentence in (row.reason, row.remedy):
            if sentence:
                say(f"{row.name}: {sentence}")


def described(settings: "Settings") -> "tuple[Described, ...]":
    """A row per engine, with the models that it plays under these settings. Raises `ConfigurationError`."""
    from understudy.catalogue.loader import load_catalogue
    from understudy.engines.cast import Cast
    from understudy.engines.registry import load_engines

    models = load_catalogue(settings.manifests).models
    cast = Cast(load_engines(settings.engines), settings.cast, settings.engine, data=settings.data)
    return cast.describe(models)
