"""From one store to another."""

import msgspec

from understudy.moving.tables import TABLES, Reader, Totals, Writer, check_totals


class Copied(msgspec.Struct, frozen=True, kw_only=True):
    """What was copied."""

    totals: Totals
    returned: int
    """Tasks that were running, and are in the queue now."""


async def copy(reader: Reader, writer: Writer, *, as_it_is: bool = False) -> Copied:
    """Every row of every table; then both sides are compared. `as_it_is`: running tasks stay as they are.

    Raises `NotWhole` if they differ, or if one of them fails.
    """
    for table in TABLES:
        await writer.write(table, reader.rows(table))
    totals = await reader.totals()
    check_totals(totals, await writer.totals())
    return Copied(totals=totals, returned=0 if as_it_is else await writer.give_back())
