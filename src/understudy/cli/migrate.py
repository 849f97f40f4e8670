"""`understudy migrate`: the schema of the database, brought up to date before servers start."""

from understudy.cli.options import Config, Data, Database, Json, settings_from
from understudy.cli.output import print_json, say


def migrate(config: Config = None, data: Data = None, database: Database = None, json: Json = False) -> None:
    """Bring the database's schema up to date. Servers do so at their start, too.

    It can be called again at any time; a database of a newer version is refused.
    """
    import asyncio

    from understudy.moving.places import place_of
    from understudy.moving.schema import bring_up_to_date

    place = place_of(settings_from(config, data=data, database=database))
    before, after = asyncio.run(bring_up_to_date(place))
    if json:
        print_json({"database": place.words, "before": before, "after": after})
    elif before == after:
        say(f"{place.words} has schema {after} already.")
    else:
        say(f"{place.words} had schema {before}, and has {after} now.")
