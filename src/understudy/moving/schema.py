"""Bringing the schema of a database up to date."""

from contextlib import nullcontext

from understudy import data_folder
from understudy.moving.places import Folder, Place


async def bring_up_to_date(place: Place) -> tuple[int, int]:
    """The schema's version before and after; PostgreSQL's is made if there is none.

    Raises `ConfigurationError` if the database cannot be used, or was written by a newer version of the program.
    """
    if not isinstance(place, Folder):
        from understudy.tasks.store.postgres.migrations import migrate

        return await migrate(place.url)
    from understudy.moving.sqlite_end import opened, schema_of
    from understudy.tasks.store.sqlite.migrations import migrate as migrate_sqlite
    from understudy.tasks.store.sqlite.migrations import scripts

    folder = data_folder.existing(place.path)
    with opened(place.database) as connection:
        before = schema_of(connection)
        # A server has done so at its start, unless it is an older one, which would not know what it works on.
        with data_folder.locked(folder) if before < len(scripts()) else nullcontext():
            return before, migrate_sqlite(connection)
