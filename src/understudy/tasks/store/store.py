"""What a store promises. Every implementation passes `tests/tasks/store/contract.py`.

All methods may be called from one event loop at the same time. What a method has returned is on disk. Methods that
change something do so in one transaction. Any of them may raise `StoreUnavailable`.

A store that several processes share measures leases by its own clock: of the times `at` and `until` only the
difference counts there.

A task is held by its own lease, which its claim gives it, and by that of its owner, which one renewal keeps for
whatever the owner holds. It is lost when both have run out and somebody else has changed it; until then its owner has it.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Protocol

from understudy.tasks.accounts.store import AccountStore
from understudy.tasks.lifecycle import Change
from understudy.tasks.records import (
    Delivery,
    File,
    LedgerLine,
    ModelStatistics,
    NewTask,
    OperatorLine,
    Project,
    Purchase,
    Queue,
    Room,
    RunningLimits,
    Settlement,
    Task,
)
from understudy.tasks.store.browsing import Browsing
from understudy.tasks.store.operating import Operating
from understudy.tasks.store.tenants import Tenants


class Store(Protocol):
    """Tasks, files, projects, webhooks and the ledger."""

    shared: bool
    """Whether other processes may work on it at the same time."""
    accounts: AccountStore
    """Who may use the dashboard."""
    browsing: Browsing
    """Looking through tasks by whatever filter."""
    operating: Operating
    """What operators decide, and what they look at."""
    tenants: Tenants
    """Many projects at a glance."""

    async def close(self) -> None:
        """Finish what is being written; the store is not used after it."""

    async def ping(self) -> None:
        """Raises `StoreUnavailable` if it cannot answer. What was asked before, even if nobody waits for it, is done."""

    # projects
    async def add_project(self, project: Project) -> Project:
        """Its id is given by the store."""

    async def project(self, id: int) -> Project | None:
        """The project of that id."""

    async def project_by_key(self, key_hash: bytes) -> Project | None:
        """The project whose API key has that hash."""

    async def projects(self) -> list[Project]:
        """All of them, oldest first."""

    async def change_project(self, id: int, **fields: Any) -> Project | None:
        """Set fields of a project (not its balance, which only the ledger moves)."""

    async def deposit(self, project: int, amount: Decimal, note: str, at: float) -> Project | None:
        """Money paid in (or taken back, if negative), with its ledger line."""

    async def ledger(self, project: int, limit: int = 100) -> list[LedgerLine]:
        """The latest movements, newest first."""

    async def spent(self, project: int, since: float) -> Decimal:
        """What its tasks have cost since a time, counted by whole hours of the clock; US dollars."""

    # tasks
    async def submit(self, new: NewTask) -> tuple[Task, bool]:
        """Write a task, its files and its idempotency key; True if it is an earlier one's answer given again.

        Raises `InvalidInput` if the key was used with another body in the last 24 hours, `ConcurrencyLimit` and
        `InsufficientBalance` by the rules of prepaid billing and for what exceeds `new.limits`.
        """

    async def task(self, id: int) -> Task | None:
        """The task of that id."""

    async def task_by_token(self, token: str) -> Task | None:
        """The task of that token."""

    async def tasks(
        self,
        project: int,
        *,
        model: str = "",
        status: str = "",
        start: int = 0,
        beyond: int = 0,
        limit: int = 20,
        ascending: bool = False,
    ) -> tuple[int, list[Task]]:
        """How many there are in all, and one page of them by id.

        The page begins `start` tasks from the first, or after the task `beyond`, which costs the same everywhere.
        """

    async def statuses(self, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
        """The status and the reason of each of these tasks."""

    async def claim(
        self, owner: str, rooms: Sequence[Room], limits: RunningLimits, *, at: float, until: float
    ) -> list[Task]:
        """Take queued tasks, as many as there are places, in the order that `fairness` says.

        The limits, and those of the projects themselves, hold over everyone who claims at the same time.
        """

    async def apply(self, id: int, change: Change) -> Task | None:
        """Carry out a change with all that follows from it; None if the task was not as the change expects.

        A change that ends the task writes, in the same transaction, its ledger line, the model's statistics and,
        if it has a callback URL, its webhook.
        """

    async def keep_log(self, id: int, attempt: int, *, stdout: str, stderr: str) -> None:
        """What a run had printed when its task was killed; nothing for a task in any other status or attempt."""

    async def renew(self, owner: str, *, at: float, until: float) -> set[int]:
        """Keep every task that `owner` holds; returns their ids, so that it hears which ones it has lost.

        No task is written: the lease is the owner's.
        """

    async def expired(self, at: float, *, but_not: str = "") -> list[Task]:
        """The tasks whose own lease and whose owner's ran out before `at`; with `but_not`, all that others hold."""

    async def waiting_models(self) -> list[str]:
        """The models that queued tasks are waiting for."""

    async def queue(self) -> dict[str, Queue]:
        """What waits, by model."""

    async def depth(self) -> dict[str, int]:
        """How many tasks there are by status, over all projects; terminal ones too."""

    async def statistics(self) -> dict[str, ModelStatistics]:
        """Counts of runs by model."""

    # purchases at partners
    async def begin_purchase(self, purchase: Purchase, held: tuple[str, int]) -> Purchase | None:
        """Write an intention, before its request leaves; its id is given by the store.

        With an id it is an intention of which nothing is on its way any more (`placed` is 0), to be placed again.
        None, and nothing is written, if the task is not held as `held` says (owner and attempt), is over, or has an
        open purchase already.
        """

    async def step_purchase(
        self, id: int, expect: Sequence[str], *, files: Sequence[File] = (), **fields: Any
    ) -> Purchase | None:
        """Set fields of an open purchase in one of the states `expect`, with files that come into being with it.

        None, and nothing is written, if it is not so, or if another purchase of its engine has that `remote_id`.
        """

    async def settle_purchase(self, settlement: Settlement, reason: str = "") -> Purchase | None:
        """End an open purchase, with its line in the operator's ledger; None if it has ended already, or was placed again.

        `reason`, if not empty, becomes that of its task, if that was cancelled.
        """

    async def purchases(
        self, *, task: int = 0, engine: str = "", outcome: str = "", only_open: bool = False, limit: int = 100
    ) -> list[Purchase]:
        """Of a task, the oldest first; otherwise the newest first. `only_open`: those that are not settled."""

    async def orphaned_purchases(self) -> list[Purchase]:
        """The open ones whose task is over."""

    async def purchase_counts(self) -> dict[tuple[str, str], int]:
        """How many there were by engine and outcome; "" is open."""

    async def operator_ledger(self, limit: int = 100) -> list[OperatorLine]:
        """What partners charged, the newest first."""

    async def fetched(self, task: int) -> list[File]:
        """What was fetched from a partner for a task, in order."""

    async def leftovers(self, limit: int = 100) -> list[File]:
        """Files that were fetched from partners and are needed no more: their purchases are settled."""

    async def forget_files(self, ids: Sequence[str]) -> None:
        """Delete the records of files."""

    # files
    async def add_file(self, file: File) -> None:
        """Write a file that belongs to no task: an upload or a folder."""

    async def file(self, id: str) -> File | None:
        """The file of that id."""

    async def file_by_accesskey(self, accesskey: str) -> File | None:
        """The file of that access key."""

    async def files_by_address(self, address: str) -> list[File]:
        """The files at that address: a clip and its thumbnail."""

    async def outputs(self, task: int) -> list[File]:
        """What a task made, in order."""

    async def outputs_of(self, tasks: Sequence[int]) -> dict[int, list[File]]:
        """The same for many tasks."""

    async def files_of(self, task: int) -> list[File]:
        """All files of a task: inputs, outputs, thumbnails."""

    async def delete_files(self, task: int) -> list[str]:
        """Forget all files of a task; returns their places in the storage."""

    async def with_old_files(self, project: int, before: float, limit: int = 100) -> list[int]:
        """Tasks of a project that were over before a time and still have their files, the oldest first."""

    # webhooks
    async def claim_deliveries(
        self, at: float, until: float, limit: int = 100, *, but_not: Sequence[str] = ()
    ) -> list[Delivery]:
        """Webhooks whose next attempt is due, but not to these receivers; nobody else is given them before `until`.

        A store that is not shared may give them again to the one who has them.
        """

    async def next_delivery(self, after: float = 0.0) -> float | None:
        """When the next attempt is due or may be claimed again, of those that are due after a time."""

    async def waiting_deliveries(self) -> tuple[int, float | None]:
        """How many wait for their next attempt, and since when the oldest of them has been due."""

    async def settle_delivery(self, delivery: Delivery) -> None:
        """Write the outcome of an attempt; nothing once another one was the last: who stood still may be late."""

    async def deliveries(self, task: int) -> list[Delivery]:
        """The webhooks of a task."""

    # what processes agree on
    async def lead(self, what: str, owner: str, *, at: float, until: float) -> bool:
        """Take or keep the lease `what`; False if somebody else has it."""

    async def leave(self, owner: str) -> None:
        """Give back all leases of an owner."""

    async def leases(self, at: float) -> dict[str, str]:
        """Who holds which lease."""

    async def forget_leases(self, at: float) -> None:
        """Delete leases that ran out long before `at`, some at a time: of processes that did not give theirs back.

        And the buckets that were not drawn from for a week: anybody who tries to sign in leaves some.
        """

    async def draw(self, bucket: str, wanted: float, *, rate: float, burst: float, at: float) -> float:
        """Take up to `wanted` tokens out of a bucket that fills with `rate` a second up to `burst`; returns how many.

        Buckets need not survive a crash. A bucket that was never drawn from is full, or not for long enough to be forgotten.
        """
