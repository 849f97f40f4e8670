"""`Store` on PostgreSQL, for any number of processes.

Every change is one statement and with it one transaction and one round trip, whatever it writes; reads and writes that
are asked for at the same time share one. So a task takes few round trips, and none of them holds a lock while it waits
for an answer from here. See `docs/postgresql.md` for what it needs.
"""

import asyncio
from collections.abc import Callable

from understudy.tasks.accounts.store import AccountStore
from understudy.tasks.store.account_rows import AccountRows
from understudy.tasks.store.browsing import Browsing
from understudy.tasks.store.operating import Operating
from understudy.tasks.store.postgres.agreements import Agreements
from understudy.tasks.store.postgres.asking import Asking
from understudy.tasks.store.postgres.changing import Changes
from understudy.tasks.store.postgres.claiming import Claims
from understudy.tasks.store.postgres.connections import Connections
from understudy.tasks.store.postgres.database import Database
from understudy.tasks.store.postgres.files import Files
from understudy.tasks.store.postgres.folding import keep_folding
from understudy.tasks.store.postgres.migrations import migrate
from understudy.tasks.store.postgres.projects import ProjectsAndMoney
from understudy.tasks.store.postgres.purchases import Purchases
from understudy.tasks.store.postgres.submitting import Submits
from understudy.tasks.store.postgres.tasks import ReadsTasks
from understudy.tasks.store.postgres.webhooks import Outbox
from understudy.tasks.store.tenants import Tenants

_CLOSE_SECONDS = 3.0
"""What is not over then is in doubt, and nobody waits to hear of it any more."""


async def open_postgres(
    url: str, *, pool: int = 10, clock: Callable[[], float] | None = None
) -> "PostgresStore":
    """The store in that database, whose schema is made or brought up to date if need be.

    `pool`: connections at most. `clock`: time is what callers say, as in simulations, and not what the database says.
    Raises `ConfigurationError` if the database cannot be reached or used.
    """
    await migrate(url)
    return PostgresStore(url, Database(Connections(url, pool), own_clock=clock is None))


class PostgresStore(
    ProjectsAndMoney, Submits, ReadsTasks, Claims, Changes, Purchases, Files, Outbox, Agreements
):
    """`Store` on PostgreSQL; each part is in a file of its own."""

    shared = True

    def __init__(self, url: str, database: Database) -> None:
        self.url = url
        """With the password: not for messages."""
        for part in PostgresStore.__bases__:
            part.__init__(self, database)  # type: ignore[misc]
        asking = Asking(database)
        self.accounts: AccountStore = AccountRows(asking)
        self.browsing = Browsing(asking)
        self.operating = Operating(asking)
        self.tenants = Tenants(asking)
        self._folding = asyncio.create_task(keep_folding(database, forget=True))

    async def close(self) -> None:
        """See `Store`."""
        self._folding.cancel()
        await asyncio.gather(self._folding, return_exceptions=True)
        await self._database.settled(_CLOSE_SECONDS)
        await self._database.connections.close()

    async def ping(self) -> None:
        """See `Store`."""
        await self._database.settled()
        await self._database.fetch("SELECT 1")
