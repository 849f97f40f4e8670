"""What processes agree on: who does what only one should do, how fast everybody may ask, what is on its way."""

from collections.abc import Mapping, Sequence

import msgspec

from understudy.tasks import buckets
from understudy.tasks.store.postgres.cells import to_text
from understudy.tasks.store.postgres.database import Database, now
from understudy.tasks.store.postgres.gathering import Gatherer

FORGOTTEN_SECONDS = 3600.0
KEEPS = "tasks"
"""With the name of an owner behind it: the lease by which it keeps its tasks."""
TAKEN = "+"
"""Added to the name of a note that a sweeper has taken."""
LEAD = f"""
INSERT INTO leases AS held (what, owner, until) VALUES ($1, $2, {now(3)} + $4::double precision)
ON CONFLICT (what) DO UPDATE SET owner = excluded.owner, until = excluded.until
    WHERE held.owner = excluded.owner OR held.until <= {now(3)}
RETURNING what
"""  # noqa: S608
LEAVE = "DELETE FROM leases WHERE owner = $1"
LEASES = f"SELECT what, owner FROM leases WHERE until > {now(1)}"  # noqa: S608
# Long after they count no more; what is deleted and what has run out is the same to everybody.
FORGET_LEASES = f"""
DELETE FROM leases WHERE what IN (
    SELECT what FROM leases WHERE until < {now(1)} - {FORGOTTEN_SECONDS} LIMIT 1000 FOR UPDATE SKIP LOCKED
)
"""  # noqa: S608
FORGET_BUCKETS = f"""
DELETE FROM buckets WHERE bucket IN (
    SELECT bucket FROM buckets WHERE at < {now(1)} - {buckets.FORGOTTEN_SECONDS} LIMIT 10000 FOR UPDATE SKIP LOCKED
)
"""  # noqa: S608
# As `buckets.drawn` has it; the rate and the burst may have changed since the last draw.
_FILLED = f"least($4, kept.tokens + greatest(0, {now(5)} - kept.at) * $3)"
DRAW = f"""
INSERT INTO buckets AS kept (bucket, tokens, at, drawn)
VALUES ($1, $4::double precision - least($2::double precision, $4), {now(5)}, least($2, $4))
ON CONFLICT (bucket) DO UPDATE SET
    tokens = {_FILLED} - least($2, {_FILLED}),
    drawn = least($2, {_FILLED}),
    at = greatest({now(5)}, least(kept.at, {now(5)} + 1))
RETURNING drawn
"""  # noqa: S608
NOTE = "INSERT INTO shelvings (note, owner, put) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])"
DROP = "DELETE FROM shelvings WHERE note = ANY ($1::text[]) RETURNING note"
# Under another name, so that its writer, should he still be there, finds that it is his no more. What the sweeper has
# taken before is left of a sweep that broke off.
TAKE_ABANDONED = f"""
WITH taken AS (
    DELETE FROM shelvings WHERE note IN (
        SELECT note FROM shelvings WHERE owner = $3 AND right(note, 1) = '{TAKEN}' OR NOT EXISTS (
            SELECT 1 FROM leases
            WHERE what = 'process ' || shelvings.owner AND owner = shelvings.owner AND until > {now(1)}
        ) ORDER BY note LIMIT $2 FOR UPDATE SKIP LOCKED
    ) RETURNING note, put
)
INSERT INTO shelvings (note, owner, put) SELECT note || '{TAKEN}', $3, put FROM taken RETURNING note, put
"""  # noqa: S608
IS_TAKEN = f"SELECT 1 FROM shelvings WHERE starts_with(note, $1 || '{TAKEN}')"  # noqa: S608

_Note = tuple[str, str, str]
_decode = msgspec.json.Decoder(dict[str, str]).decode


class Agreements:
    """The part of the store that processes agree by."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._notes: Gatherer[_Note, None] = Gatherer(self._write_notes)

    async def lead(self, what: str, owner: str, *, at: float, until: float) -> bool:
        """See `Store`."""
        return bool(await self._database.fetch(LEAD, what, owner, self._database.at(at), until - at))

    async def leave(self, owner: str) -> None:
        """See `Store`."""
        await self._database.fetch(LEAVE, owner)

    async def leases(self, at: float) -> dict[str, str]:
        """See `Store`."""
        return dict(await self._database.fetch(LEASES, self._database.at(at)))

    async def forget_leases(self, at: float) -> None:
        """See `Store`."""
        await self._database.fetch(FORGET_LEASES, self._database.at(at))
        await self._database.fetch(FORGET_BUCKETS, self._database.at(at))

    async def draw(self, bucket: str, wanted: float, *, rate: float, burst: float, at: float) -> float:
        """See `Store`."""
        cells = (to_text(bucket), wanted, rate, burst, self._database.at(at))
        ((drawn,),) = await self._database.fetch(DRAW, *cells)
        return float(drawn)

    async def note_shelving(self, note: str, owner: str, put: Mapping[str, str]) -> None:
        """See `shelf.Notes`."""
        await self._database.carry_out(self._notes.ask((note, owner, msgspec.json.encode(put).decode())))

    async def drop_shelvings(self, notes: Sequence[str]) -> set[str]:
        """See `shelf.Notes`."""
        return {note for (note,) in await self._database.fetch(DROP, list(notes))}

    async def take_abandoned_shelvings(
        self, owner: str, at: float, limit: int = 100
    ) -> dict[str, dict[str, str]]:
        """See `shelf.Notes`."""
        found = await self._database.fetch(TAKE_ABANDONED, self._database.at(at), limit, owner)
        return {note: _decode(put) for note, put in found}

    async def is_being_swept(self, note: str) -> bool:
        """See `shelf.Notes`."""
        return bool(await self._database.fetch(IS_TAKEN, note))

    async def _write_notes(self, notes: list[_Note]) -> list[None]:
        await self._database.connections.fetch(NOTE, *map(list, zip(*notes, strict=True)))
        return [None] * len(notes)
