"""The outbox of webhooks. What one process has taken nobody else is given for a while, by the clock of the database."""

from collections.abc import Sequence

from understudy.tasks.records import Delivery
from understudy.tasks.store import rows
from understudy.tasks.store.postgres.cells import arrays, plain, prefixed, to_arrays, to_text, types
from understudy.tasks.store.postgres.database import Database, now
from understudy.tasks.store.postgres.gathering import Gatherer
from understudy.tasks.store.rows import DELIVERY_FIELDS, columns

# Column and table names are this program's own words; values are always bound.
CLAIM = f"""
WITH due AS (
    SELECT id FROM webhooks
    WHERE state = 'waiting' AND wakes <= greatest($1, {now(2)})
        AND due <= $1 AND taken_until <= {now(2)} AND receiver <> ALL ($5::text[])
    ORDER BY wakes LIMIT $4 FOR UPDATE SKIP LOCKED
)
UPDATE webhooks SET taken_until = {now(2)} + $3::double precision FROM due WHERE webhooks.id = due.id
RETURNING {prefixed("webhooks", DELIVERY_FIELDS)}
"""  # noqa: S608
NEXT = "SELECT min(wakes) FROM webhooks WHERE state = 'waiting' AND wakes > $1"
WAITING = "SELECT count(*), min(due) FROM webhooks WHERE state = 'waiting'"
_SETTLED = ("id", "attempts", "due", "state", "status", "error")
SETTLE = f"""
UPDATE webhooks SET
    attempts = tried.attempts, due = tried.due, state = tried.state, status = tried.status, error = tried.error,
    taken_until = 0
FROM unnest({arrays((types(Delivery)[name] for name in _SETTLED), 1)}) AS tried ({columns(_SETTLED)})
WHERE webhooks.id = tried.id AND webhooks.state = 'waiting'
"""  # noqa: S608
OF_TASK = f"SELECT {columns(DELIVERY_FIELDS)} FROM webhooks WHERE task = $1"  # noqa: S608


class Outbox:
    """The part of the store that keeps webhooks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._settled: Gatherer[Delivery, None] = Gatherer(self._write_settled)

    async def claim_deliveries(
        self, at: float, until: float, limit: int = 100, *, but_not: Sequence[str] = ()
    ) -> list[Delivery]:
        """See `Store`."""
        receivers = [to_text(receiver) for receiver in but_not]
        found = await self._database.fetch(CLAIM, at, self._database.at(at), until - at, limit, receivers)
        return sorted((rows.to_delivery(plain(row)) for row in found), key=lambda each: (each.due, each.id))

    async def next_delivery(self, after: float = 0.0) -> float | None:
        """See `Store`."""
        ((due,),) = await self._database.fetch(NEXT, after)
        return None if due is None else float(due)

    async def waiting_deliveries(self) -> tuple[int, float | None]:
        """See `Store`."""
        ((number, due),) = await self._database.fetch(WAITING)
        return number, due

    async def settle_delivery(self, delivery: Delivery) -> None:
        """See `Store`."""
        await self._database.carry_out(self._settled.ask(delivery, delivery.id))

    async def deliveries(self, task: int) -> list[Delivery]:
        """See `Store`."""
        return [rows.to_delivery(plain(row)) for row in await self._database.fetch(OF_TASK, task)]

    async def _write_settled(self, deliveries: list[Delivery]) -> list[None]:
        await self._database.connections.fetch(SETTLE, *to_arrays(deliveries, _SETTLED))
        return [None] * len(deliveries)
