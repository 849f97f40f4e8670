"""News between processes over PostgreSQL: a row for each batch, and a notification that brings it along.

A process writes what it has to tell as one numbered row, at most every 50 ms, and the same statement notifies the
others. A notification holds less than 8,000 bytes, and is lost if nobody listens at that moment; so a batch that is
too long is read from its row, and whoever finds a number missing, or hears nothing for a second, reads the rows after
those that it knows. Numbers come without gaps and go on over everything but the end of their process, whose name is
never used again; so nothing is heard twice, and each process is heard in its order.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence
from secrets import token_hex
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from understudy.errors import StoreUnavailable
from understudy.tasks.bus import Hear, Message
from understudy.tasks.store.postgres.connections import connect
from understudy.tasks.store.postgres.store import PostgresStore

if TYPE_CHECKING:
    from asyncpg import Connection, Record

log = logging.getLogger(__name__)

PAUSE_SECONDS = 0.05
"""Between two batches of one process."""
POLL_SECONDS = 1.0
KEPT_SECONDS = 300.0
"""For so long a batch can be read."""
LONGEST = 7999
"""Bytes of a notification (PostgreSQL's limit)."""
MOST_UNSENT = 10_000
"""Messages that wait while the database is away; then the oldest are dropped."""
_IN_ONE = 1_000
"""Messages in one batch."""
_IN_ONE_READ = 200
"""Batches that are read at once."""
_RECONNECT_SECONDS = (0.1, 0.2, 0.5, 1.0)
_CLOSE_SECONDS = 2.0

# The schema's name is part of the channel's: two installations may live in one database.
CHANNEL = "SELECT 'understudy ' || current_schema()"
SEND = """
WITH told AS (
    INSERT INTO news (origin, seq, payload) VALUES ($1, $2, $3) ON CONFLICT (origin, seq) DO NOTHING
)
SELECT pg_notify('understudy ' || current_schema(), $4)
"""
# One step for each process that has told something in the last minutes, and one for each batch not heard yet.
READ = """
WITH RECURSIVE origins (origin) AS (
    SELECT min(origin) FROM news
    UNION ALL
    SELECT (SELECT min(origin) FROM news WHERE news.origin > origins.origin) FROM origins WHERE origin IS NOT NULL
)
SELECT batch.origin, batch.seq, batch.payload
FROM origins LEFT JOIN unnest($1::text[], $2::bigint[]) AS heard (origin, seq) ON heard.origin = origins.origin
CROSS JOIN LATERAL (
    SELECT origin, seq, payload FROM news
    WHERE news.origin = origins.origin AND news.seq > coalesce(heard.seq, 0) ORDER BY seq LIMIT $4
) AS batch
WHERE origins.origin <> $3
ORDER BY batch.origin, batch.seq LIMIT $4
"""
FORGET = "DELETE FROM news WHERE at < now() - make_interval(secs => $1)"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[Message]).decode


class _Batch(NamedTuple):
    seq: int
    payload: str


class _Heard(NamedTuple):
    origin: str
    seq: int
    payload: str
    """Empty if it is to be read."""


class _Cursor(NamedTuple):
    """What was heard last of a process, and when."""

    seq: int
    at: float


class PostgresBus:
    """`Bus` on PostgreSQL, with one connection of its own."""

    def __init__(self, store: PostgresStore, owner: str) -> None:
        """`owner` names this process, for people: what counts is what chance adds to it."""
        self._url = store.url
        self._origin = f"{owner.replace(' ', '-')}-{token_hex(6)}"
        self._hear: Hear = _deaf
        self._unsent: deque[Message] = deque(maxlen=MOST_UNSENT)
        self._dropped = 0
        self._batch: _Batch | None = None
        """What is being sent: it stays as it is until it is known to be there."""
        self._seq = 0
        self._sent_at = float("-inf")
        self._cursors: dict[str, _Cursor] = {}
        self._notified: list[_Heard] = []
        self._woken = asyncio.Event()
        self._closing = False
        self._working: asyncio.Task[None] | None = None
        self._read_at = float("-inf")
        self._forgotten_at = float("-inf")

    async def start(self, hear: Hear) -> None:
        """See `Bus`. What others have told in the last minutes comes first."""
        self._hear = hear
        self._working = asyncio.create_task(self._work())

    def send(self, message: Message) -> None:
        """See `Bus`."""
        if self._closing:
            return
        self._dropped += len(self._unsent) == MOST_UNSENT
        if not self._unsent:
            self._woken.set()
        self._unsent.append(message)

    def behind(self) -> float:
        """See `Bus`."""
        return max(0.0, _now() - self._read_at)

    async def close(self) -> None:
        """See `Bus`."""
        self._closing = True
        self._woken.set()
        if self._working is None:
            return
        await asyncio.wait({self._working}, timeout=_CLOSE_SECONDS)
        self._working.cancel()
        await asyncio.gather(self._working, return_exceptions=True)

    async def _work(self) -> None:
        in_vain = 0
        while True:
            try:
                connection = await connect(self._url)
                try:
                    in_vain = 0
                    await self._converse(connection)
                finally:
                    connection.terminate()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next connection may do
                if in_vain == 0:
                    log.warning("no news from other processes: %s", error)
            else:
                return
            if self._closing:
                return
            await asyncio.sleep(_RECONNECT_SECONDS[min(in_vain, len(_RECONNECT_SECONDS) - 1)])
            in_vain += 1

    async def _converse(self, connection: "Connection[Record]") -> None:
        """Tell and hear until this closes. Raises what the connection raises."""
        self._notified.clear()
        connection.add_termination_listener(self._on_end)
        await connection.add_listener(await connection.fetchval(CHANNEL), self._on_notification)
        await self._read(connection)
        while not self._closing:
            self._woken.clear()
            if self._notified or _now() >= self._read_at + POLL_SECONDS:
                await self._read(connection)
            if self._has_news and _now() >= self._sent_at + PAUSE_SECONDS:
                await self._send(connection)
            if connection.is_closed():
                raise StoreUnavailable("The connection to the database was lost.")
            await self._sleep()
        while self._has_news:
            await self._send(connection)

    async def _sleep(self) -> None:
        due = self._read_at + POLL_SECONDS
        if self._has_news:
            due = min(due, self._sent_at + PAUSE_SECONDS)
        try:
            async with asyncio.timeout(max(0.0, due - _now())):
                await self._woken.wait()
        except TimeoutError:
            return

    @property
    def _has_news(self) -> bool:
        return self._batch is not None or bool(self._unsent)

    async def _send(self, connection: "Connection[Record]") -> None:
        if self._batch is None:
            self._seq += 1
            self._batch = _Batch(self._seq, _written(self._next_messages()))
        seq, payload = self._batch
        told = f"{self._origin} {seq} {payload}"
        if len(told.encode()) > LONGEST:
            told = f"{self._origin} {seq} "
        self._sent_at = _now()
        await connection.fetch(SEND, self._origin, seq, payload, told)
        self._batch = None
        if self._dropped:
            log.warning(
                "%d messages to other processes were dropped while the database was away", self._dropped
            )
            self._dropped = 0
        if self._sent_at > self._forgotten_at + KEPT_SECONDS / 10:
            self._forgotten_at = self._sent_at
            self._forget_cursors()
            await connection.fetch(FORGET, KEPT_SECONDS)

    def _next_messages(self) -> list[Message]:
        return [self._unsent.popleft() for _ in range(min(len(self._unsent), _IN_ONE))]

    async def _read(self, connection: "Connection[Record]") -> None:
        more = True
        while more:
            self._read_at = _now()
            origins = list(self._cursors)
            seqs = [cursor.seq for cursor in self._cursors.values()]
            rows = await connection.fetch(READ, origins, seqs, self._origin, _IN_ONE_READ)
            for origin, seq, payload in rows:
                self._deliver(_Heard(origin, seq, payload))
            more = len(rows) >= _IN_ONE_READ
        # What is still missing is gone: a crash of the database took it.
        notified, self._notified = self._notified, []
        for heard in notified:
            if heard.payload:
                self._deliver(heard)

    def _on_notification(self, _connection: Any, _pid: int, _channel: str, told: str) -> None:
        origin, seq, payload = told.split(" ", 2)
        heard = _Heard(origin, int(seq), payload)
        if origin == self._origin:
            return
        known = self._cursors.get(origin)
        if payload and not self._notified and heard.seq == (known.seq if known else 0) + 1:
            self._deliver(heard)
        else:
            self._notified.append(heard)
            self._woken.set()

    def _on_end(self, _connection: Any) -> None:
        self._woken.set()

    def _deliver(self, heard: _Heard) -> None:
        known = self._cursors.get(heard.origin)
        if known and heard.seq <= known.seq:
            return
        self._cursors[heard.origin] = _Cursor(heard.seq, _now())
        try:
            for message in _decode(heard.payload):
                self._hear(message)
        except Exception:
            log.exception("news from %s could not be taken in", heard.origin)

    def _forget_cursors(self) -> None:
        # Later than its rows: who is forgotten and comes again is read from the first row that is there.
        oldest = _now() - 2 * KEPT_SECONDS
        self._cursors = {origin: cursor for origin, cursor in self._cursors.items() if cursor.at > oldest}


def _deaf(_message: Message) -> None:
    return


def _now() -> float:
    return time.monotonic()


def _written(messages: Sequence[Message]) -> str:
    try:
        return _encode(messages).decode()
    except (TypeError, ValueError):
        written = []
        for message in messages:
            try:
                written.append(_encode(message).decode())
            except (TypeError, ValueError) as error:
                log.warning("news that cannot be written is not told: %s", error)
        return f"[{','.join(written)}]"
