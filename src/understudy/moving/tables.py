"""What is moved: the tables that both kinds of stores have, in an order in which each finds what it refers to.

A row holds what the embedded store's columns hold: JSON as text, money in 1e-12 dollars, truth as 0 and 1. Not among the
tables is what follows from them (counts, statistics), and what processes agree on for a while (leases, news, tokens,
notes of files on their way, sessions of browsers, reports), nor points of charts.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Protocol

import msgspec

from understudy.moving.refusals import NotWhole
from understudy.tasks.accounts.records import User
from understudy.tasks.lifecycle import REACHED_AT, RUNNING, Status
from understudy.tasks.operations.records import Decision
from understudy.tasks.records import Delivery, File, LedgerLine, OperatorLine, Project, Purchase, Task

Row = tuple[Any, ...]

BATCH = 500
"""Rows in memory at a time: those of tasks may hold a log of 128 KiB each."""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """One table."""

    name: str
    columns: tuple[str, ...]
    sums: tuple[str, ...]
    """Columns of whole numbers whose sums are compared."""
    order: tuple[str, ...] = ("id",)
    """Columns by which a row is found; files are kept in the order in which they were written."""

    @property
    def numbered(self) -> bool:
        """Whether the store gives new rows their id."""
        return self.order == ("id",)


FILES = Table(name="files", columns=File.__struct_fields__, sums=("size", "task"), order=())

TABLES = (
    Table(name="projects", columns=Project.__struct_fields__, sums=("id", "balance")),
    Table(name="users", columns=(*User.__struct_fields__, "folded"), sums=("id", "project", "enabled")),
    Table(name="tasks", columns=Task.__struct_fields__, sums=("id", "project", "files_deleted")),
    FILES,
    Table(name="ledger", columns=LedgerLine.__struct_fields__, sums=("id", "project", "task", "amount")),
    Table(name="purchases", columns=Purchase.__struct_fields__, sums=("id", "task", "estimate", "charged")),
    Table(
        name="purchase_counts",
        columns=("engine", "outcome", "n"),
        sums=("n",),
        order=("engine", "outcome"),
    ),
    Table(name="operator_ledger", columns=OperatorLine.__struct_fields__, sums=("id", "purchase", "amount")),
    Table(name="webhooks", columns=Delivery.__struct_fields__, sums=("id", "task", "attempts")),
    Table(
        name="idempotency_keys",
        columns=("project", "key", "body_hash", "task", "at"),
        sums=("project", "task"),
        order=("project", "key"),
    ),
    Table(
        name="spending",
        columns=("project", "hour", "amount"),
        sums=("hour", "amount"),
        order=("project", "hour"),
    ),
    Table(name="decisions", columns=Decision.__struct_fields__, sums=("id",)),
)


class Total(msgspec.Struct, frozen=True):
    """How many rows a table has, and the sums of its columns `sums`."""

    rows: int
    sums: tuple[int, ...]


Totals = Mapping[str, Total]
"""By table."""


class Reader(Protocol):
    """Everything that a store had at one moment. Its methods raise `NotWhole` if the store fails."""

    def rows(self, table: Table) -> AsyncIterator[list[Row]]:
        """Its rows, `BATCH` of them at a time."""

    async def totals(self) -> Totals:
        """As the store itself adds up."""


class Writer(Protocol):
    """An empty store that is being filled; all of it appears in the end, or nothing."""

    async def write(self, table: Table, batches: AsyncIterator[list[Row]]) -> None:
        """Write rows with the ids that they have."""

    async def totals(self) -> Totals:
        """As the store itself adds up what was written."""

    async def give_back(self) -> int:
        """Tasks that were running go back to the queue, as when a server stops; returns how many."""


def check_totals(before: Totals, after: Totals) -> None:
    """Raises `NotWhole` if they differ."""
    for table in TABLES:
        here, there = before[table.name], after[table.name]
        for what, wanted, found in (
            ("rows", here.rows, there.rows),
            *zip(table.sums, here.sums, there.sums, strict=True),
        ):
            if wanted != found:
                raise NotWhole(f"{table.name}: {what} should come to {wanted}, and came to {found}.")


def total_of(figures: Iterator[Any]) -> Total:
    """From a row that counts and adds up; a sum of nothing is null."""
    rows, *sums = (int(figure or 0) for figure in figures)
    return Total(rows, tuple(sums))


def _give_back() -> str:
    blank = [f"{name} = 0" for status, name in REACHED_AT.items() if status != Status.CANCEL]
    running = ", ".join(f"'{status.value}'" for status in RUNNING)
    # The tasks are not to blame that they are moved, so the try does not count (see lifecycle.give_back).
    return f"""
        UPDATE tasks SET status = '{Status.QUEUE.value}', {", ".join(blank)}, lease_owner = '', lease_until = 0,
            attempts = CASE WHEN attempts > 0 THEN attempts - 1 ELSE 0 END
        WHERE status IN ({running})
    """  # noqa: S608 - the program's own words


GIVE_BACK = _give_back()
"""What `lifecycle.give_back` does, to every task that was running. For both kinds of stores."""
