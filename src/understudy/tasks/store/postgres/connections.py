"""Connections to PostgreSQL: opened when they are needed, given back, replaced when they are lost.

Everything has its time: the statement on the server, the answer here, the wait for a free connection. So nothing hangs
when a network swallows packets. The server gives up before we do; what has not been answered when we give up is over.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from understudy.errors import ConfigurationError, StoreUnavailable

if TYPE_CHECKING:
    from asyncpg import Connection, Record

    _Turn = asyncio.Future[Connection[Record] | None]

log = logging.getLogger(__name__)

STATEMENT_SECONDS = 8.0
ANSWER_SECONDS = 10.0
CONNECT_SECONDS = 5.0
WAIT_SECONDS = 5.0
"""For a connection, while all are in use."""
OLDEST = 14
_AGAIN = 3
"""Tries of a statement that the server took back since it stood in another's way."""
_SETTINGS = {
    "statement_timeout": f"{STATEMENT_SECONDS:g}s",
    # Of a process that is gone, nothing stays locked.
    "idle_in_transaction_session_timeout": f"{ANSWER_SECONDS:g}s",
    "client_connection_check_interval": "500ms",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    # Every statement finds its rows by an index, whatever is bound to it; to plan one anew takes longer than to run it.
    "plan_cache_mode": "force_generic_plan",
    # Compiling a statement takes longer than any of ours.
    "jit": "off",
}


class Doubtful(StoreUnavailable):
    """The connection was lost while a statement was under way: nobody knows yet whether it was carried out."""

    def __init__(self, process: int) -> None:
        """`process`: the id of the one at the server that was to carry it out."""
        super().__init__(
            "The server lost its database in the middle; this may have been accepted. Look before you try again."
        )
        self.process = process


async def connect(url: str) -> "Connection[Record]":
    """A new connection. Raises what `asyncpg.connect` raises."""
    import asyncpg

    connection = await asyncpg.connect(
        url,
        timeout=CONNECT_SECONDS,
        command_timeout=ANSWER_SECONDS,
        statement_cache_size=512,
        max_cached_statement_lifetime=0,
        max_cacheable_statement_size=0,
        server_settings={"application_name": "understudy"},
    )
    if connection.get_server_version().major < OLDEST:
        return connection
    try:
        # Not with the connection's start, where a PgBouncer in between would refuse them.
        await connection.execute("; ".join(f"SET {name} = '{value}'" for name, value in _SETTINGS.items()))
    except BaseException:
        connection.terminate()
        raise
    return connection


async def first_connection(url: str) -> "Connection[Record]":
    """A connection for the start of a program. Raises `ConfigurationError` in words that tell what to do."""
    try:
        import asyncpg
    except ImportError as error:
        raise ConfigurationError(
            "A PostgreSQL database needs the package asyncpg; install it with: pip install 'understudy[postgres]'."
        ) from error
    at = address(url)
    try:
        connection = await connect(url)
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError) as error:
        raise ConfigurationError(
            f"{at} refuses this user or password. Check both in the database's address."
        ) from error
    except asyncpg.InvalidCatalogNameError as error:
        raise ConfigurationError(
            f"{at} has no database of that name. Make it with createdb, or correct the address."
        ) from error
    except (asyncpg.PostgresError, asyncpg.InternalClientError, OSError, TimeoutError) as error:
        raise ConfigurationError(f"{at} cannot be reached: {_said(error)}.") from error
    except (asyncpg.InterfaceError, ValueError) as error:
        raise ConfigurationError(
            "The address of the database is wrong. It looks like postgresql://user:password@host:5432/name."
        ) from _without_the_address(error)
    version = connection.get_server_version()
    if version.major < OLDEST:
        await connection.close()
        raise ConfigurationError(
            f"{at} is PostgreSQL {version.major}; Understudy needs {OLDEST} or newer. Upgrade it."
        )
    return connection


def address(url: str) -> str:
    """Where a database is, without user and password."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "the socket of this machine", parts.port
    except ValueError:
        return "The database"
    return f"The database {unquote(parts.path.lstrip('/'))} at {host}{f':{port}' if port else ''}"


class Connections:
    """Up to `size` connections to one database."""

    def __init__(self, url: str, size: int) -> None:
        self._url = url
        self._size = size
        self._open = 0
        self._idle: list[Connection[Record]] = []
        self._waiting: deque[_Turn] = deque()
        self._closed = False

    async def fetch(self, sql: str, *cells: Any) -> "list[Record]":
        """The rows that a statement returns. Raises `StoreUnavailable`, `Doubtful`."""
        import asyncpg

        for _ in range(_AGAIN - 1):
            try:
                return await self._fetch(sql, cells)
            except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
                log.info("a statement stood in another's way; it is sent again")
        return await self._fetch(sql, cells)

    @asynccontextmanager
    async def one(self) -> "AsyncIterator[Connection[Record]]":
        """A connection for several statements. Raises `StoreUnavailable`, `Doubtful`."""
        connection = await self._take()
        try:
            yield connection
        except asyncio.CancelledError:
            connection.terminate()
            raise
        except Exception as error:
            refusal = self._refusal(connection, error)
            if refusal is None:
                raise
            raise refusal from error
        finally:
            self._give(connection)

    async def close(self) -> None:
        """Close those that are idle; others as soon as they are given back."""
        self._closed = True
        for turn in self._waiting:
            if not turn.done():
                turn.set_exception(_stopping())
        self._waiting.clear()
        idle, self._idle = self._idle, []
        self._open -= len(idle)
        await asyncio.gather(*map(_part, idle))

    async def _fetch(self, sql: str, cells: tuple[Any, ...]) -> "list[Record]":
        async with self.one() as connection:
            rows: list[Record] = await connection.fetch(sql, *cells)
            return rows

    async def _take(self) -> "Connection[Record]":
        if self._closed:
            raise _stopping()
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._open -= 1
        if self._open < self._size:
            self._open += 1
            return await self._connect()
        turn: _Turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                given = await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._pass_on(turn.result())
            if isinstance(error, TimeoutError):
                raise _unavailable() from error
            raise
        return given or await self._connect()

    async def _connect(self) -> "Connection[Record]":
        """A new connection, whose place is taken already."""
        import asyncpg

        try:
            return await connect(self._url)
        except (
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
            OSError,
            TimeoutError,
        ) as error:
            self._pass_on(None)
            raise _unavailable() from error
        except BaseException:
            self._pass_on(None)
            raise

    def _give(self, connection: "Connection[Record]") -> None:
        # What stands in a transaction that failed half-way would take the next statement into it.
        if not connection.is_closed() and (self._closed or connection.is_in_transaction()):
            connection.terminate()
        self._pass_on(None if connection.is_closed() else connection)

    def _pass_on(self, connection: "Connection[Record] | None") -> None:
        """A connection, or the place of one that is gone, to who has waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return
        if connection is None:
            self._open -= 1
        else:
            self._idle.append(connection)

    def _refusal(self, connection: "Connection[Record]", error: Exception) -> StoreUnavailable | None:
        """What the caller is told; None if the error is no fault of the database's."""
        import asyncpg

        process: int = connection.get_server_pid()
        if isinstance(error, asyncpg.DeadlockDetectedError | asyncpg.SerializationError):
            return None
        if isinstance(error, asyncpg.QueryCanceledError | asyncpg.LockNotAvailableError):
            return _unavailable()
        if (
            isinstance(error, OSError | TimeoutError | asyncpg.PostgresConnectionError)
            or connection.is_closed()
        ):
            # What one of them has met, the others have, too, most probably: each would have to wait for itself.
            for each in (connection, *self._idle):
                each.terminate()
            return Doubtful(process)
        if isinstance(
            error,
            asyncpg.OperatorInterventionError
            | asyncpg.InsufficientResourcesError
            | asyncpg.PostgresSystemError
            | asyncpg.ReadOnlySQLTransactionError,
        ):
            connection.terminate()
            return Doubtful(process)
        return None


async def _part(connection: "Connection[Record]") -> None:
    try:
        await connection.close(timeout=1.0)
    except (OSError, TimeoutError):
        connection.terminate()


def _stopping() -> StoreUnavailable:
    return StoreUnavailable("The server is stopping; try again in a moment.")


def _unavailable() -> StoreUnavailable:
    return StoreUnavailable(
        "The server cannot reach its database now; nothing was accepted. Try again in a moment."
    )


def _said(error: BaseException) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__


def _without_the_address(error: Exception) -> Exception:
    # asyncpg's words may quote the address, and with it the password.
    return type(error)() if type(error) in (ValueError, TypeError) else ValueError(type(error).__name__)
