"""Adding up, about every second, what all processes have appended (see the table `changes`); whoever comes first does."""

import asyncio
import logging
import time

from understudy.errors import StoreUnavailable
from understudy.tasks.store.postgres.database import Database
from understudy.tasks.store.refusals import IDEMPOTENCY_SECONDS

log = logging.getLogger(__name__)

SECONDS = 1.0
AT_ONCE = 100_000
"""Rows that `fold` adds up at least, if there are as many."""
_FORGET_SECONDS = 600.0
FOLD = "SELECT fold()"
FORGET = """
DELETE FROM idempotency_keys WHERE at < extract(epoch FROM statement_timestamp()) - $1::double precision
"""


async def keep_folding(database: Database, *, forget: bool) -> None:
    """Until it is cancelled. `forget`: also the keys of repeated requests that are too old to count."""
    forgotten = time.monotonic()
    while True:
        await asyncio.sleep(SECONDS)
        try:
            while (await database.fetch(FOLD))[0][0] >= AT_ONCE:
                pass
            if forget and time.monotonic() - forgotten > _FORGET_SECONDS:
                forgotten = time.monotonic()
                await database.fetch(FORGET, IDEMPOTENCY_SECONDS)
        except StoreUnavailable as error:
            log.debug("counts are added up later: %s", error.__cause__ or error)
