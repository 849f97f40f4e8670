"""The one writer of a SQLite database: a thread that commits everything that waits in one transaction.

A durable commit costs a flush to disk (`synchronous=FULL`), however much is in it. While one is on its way, requests
gather; the next takes them all. If one of them fails, the transaction is rolled back and done again with a savepoint
around each, so that the one that fails takes nobody with it; as long as none does, nobody pays for savepoints.
An operation may therefore be run twice, the first time without effect: it has no effects but on the connection.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from understudy.errors import StoreUnavailable

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], T]
_Outcome = tuple[asyncio.Future[Any], Any, BaseException | None]

BATCH = 512
"""Operations in one transaction at most: bounds how long a reader's view of the log can lag."""


class Writer:
    """Runs operations on one connection, in order, many to a commit."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Owns the connection from now on."""
        self._connection = connection
        self._waiting: queue.SimpleQueue[tuple[Operation[Any], asyncio.Future[Any]] | None] = (
            queue.SimpleQueue()
        )
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._work, name="sqlite writer", daemon=True)
        self._thread.start()

    async def run(self, operation: Operation[T]) -> T:
        """The operation's result, once it is on disk.

        The operation is carried out even if the caller stops waiting. Raises what it raised; `StoreUnavailable` if
        the database cannot be written.
        """
        if not self._thread.is_alive():
            raise StoreUnavailable("The server is stopping; try again in a moment.")
        future: asyncio.Future[T] = self._loop.create_future()
        self._waiting.put((operation, future))
        return await future

    async def close(self) -> None:
        """Finish what waits, then close the connection."""
        self._waiting.put(None)
        await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        going = True
        while going:
            batch = [self._waiting.get()]
            while len(batch) < BATCH and batch[-1] is not None:
                try:
                    batch.append(self._waiting.get_nowait())
                except queue.Empty:
                    break
            if batch[-1] is None:
                going = False
                batch.pop()
            if batch:
                outcomes = self._commit([each for each in batch if each is not None])
                self._loop.call_soon_threadsafe(_settle, outcomes)
        self._connection.close()

    def _commit(self, batch: list[tuple[Operation[Any], asyncio.Future[Any]]]) -> list[_Outcome]:
        try:
            try:
                return self._transaction(
                    lambda: [(future, operation(self._connection), None) for operation, future in batch]
                )
            except sqlite3.OperationalError:
                raise  # the disk, not an operation
            except Exception:  # noqa: BLE001 - it is met again below, by the one whose it is
                return self._transaction(
                    lambda: [self._carry_out(operation, future) for operation, future in batch]
                )
        except sqlite3.Error as error:
            refusal = unavailable(error)
            return [(future, None, refusal) for _, future in batch]

    def _transaction(self, work: Callable[[], list[_Outcome]]) -> list[_Outcome]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            outcomes = work()
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return outcomes

    def _carry_out(self, operation: Operation[Any], future: asyncio.Future[Any]) -> _Outcome:
        self._connection.execute("SAVEPOINT one")
        try:
            result = operation(self._connection)
        except sqlite3.OperationalError:
            raise  # the disk, not the operation: nothing of this transaction may stay
        except Exception as error:  # noqa: BLE001 - it is the caller's, and reaches the caller
            self._connection.execute("ROLLBACK TO one")
            self._connection.execute("RELEASE one")
            return future, None, error
        self._connection.execute("RELEASE one")
        return future, result, None


def unavailable(error: sqlite3.Error) -> StoreUnavailable:
    """What a caller is told when the database cannot be used."""
    refusal = StoreUnavailable(
        "The server cannot write its database now; nothing was accepted. Try again in a moment."
    )
    refusal.__cause__ = error
    return refusal


def _settle(outcomes: list[_Outcome]) -> None:
    for future, result, error in outcomes:
        if future.done():
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
