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
from typing import Any, NamedTuple, TypeVar

from understudy.errors import StoreUnavailable

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], T]


class _Request(NamedTuple):
    operation: Operation[Any]
    future: asyncio.Future[Any]
    then: Callable[[Any], None] | None


_Outcome = tuple[_Request, Any, BaseException | None]

BATCH = 512
"""Operations in one transaction at most: bounds how long a reader's view of the log can lag."""


class Writer:
    """Runs operations on one connection, in order, many to a commit."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Owns the connection from now on."""
        self._connection = connection
        self._waiting: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._closed = False
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._work, name="sqlite writer", daemon=True)
        self._thread.start()

    async def run(self, operation: Operation[T], then: Callable[[T], None] | None = None) -> T:
        """The operation's result, once it is on disk.

        The operation is carried out even if the caller stops waiting, and so is `then`, which hears the result on the
        event loop, in the order of commits. Raises what the operation raised; `StoreUnavailable` if the database cannot
        be written.
        """
        if self._closed:
            raise StoreUnavailable("The server is stopping; try again in a moment.")
        future: asyncio.Future[T] = self._loop.create_future()
        self._waiting.put(_Request(operation, future, then))
        return await future

    async def close(self) -> None:
        """Finish what waits, then close the connection."""
        self._closed = True
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

    def _commit(self, batch: list[_Request]) -> list[_Outcome]:
        try:
            try:
                return self._transaction(
                    lambda: [(each, each.operation(self._connection), None) for each in batch]
                )
            except sqlite3.OperationalError:
                raise  # the disk, not an operation
            except Exception:  # noqa: BLE001 - it is met again below, by the one whose it is
                return self._transaction(lambda: [self._carry_out(each) for each in batch])
        except sqlite3.Error as error:
            refusal = unavailable(error)
            return [(each, None, refusal) for each in batch]

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

    def _carry_out(self, request: _Request) -> _Outcome:
        self._connection.execute("SAVEPOINT one")
        try:
            result = request.operation(self._connection)
        except sqlite3.OperationalError:
            raise  # the disk, not the operation: nothing of this transaction may stay
        except Exception as error:  # noqa: BLE001 - it is the caller's, and reaches the caller
            self._connection.execute("ROLLBACK TO one")
            self._connection.execute("RELEASE one")
            return request, None, error
        self._connection.execute("RELEASE one")
        return request, result, None


def unavailable(error: sqlite3.Error) -> StoreUnavailable:
    """What a caller is told when the database cannot be used."""
    refusal = StoreUnavailable(
        "The server cannot write its database now; nothing was accepted. Try again in a moment."
    )
    refusal.__cause__ = error
    return refusal


def _settle(outcomes: list[_Outcome]) -> None:
    for request, result, error in outcomes:
        if error is None and request.then is not None:
            request.then(result)
        if request.future.done():
            continue
        if error is None:
            request.future.set_result(result)
        else:
            request.future.set_exception(error)
