"""What a store promises. Every implementation passes `tests/tasks/store/contract.py`.

All methods may be called from one event loop at the same time. What a method has returned is on disk. Methods that
change something do so in one transaction.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Protocol

from understudy.tasks.lifecycle import Change
from understudy.tasks.records import (
    Delivery,
    File,
    LedgerLine,
    ModelStatistics,
    NewTask,
    Project,
    Task,
)


class Store(Protocol):
    """Tasks, files, projects, webhooks and the ledger."""

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

    # tasks
    async def submit(self, new: NewTask) -> tuple[Task, bool]:
        """Write a task, its files and its idempotency key; True if it is an earlier one's answer given again.

        Raises `InvalidInput` if the key was used with another body in the last 24 hours, `ConcurrencyLimit` and
        `InsufficientBalance` by the rules of prepaid billing.
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
        limit: int = 20,
        ascending: bool = False,
    ) -> tuple[int, list[Task]]:
        """How many there are in all, and one page of them by id."""

    async def claim(self, owner: str, models: Sequence[str], *, at: float, until: float) -> Task | None:
        """Take the next queued task of these models: by priority, then by age."""

    async def apply(self, id: int, change: Change) -> Task | None:
        """Carry out a change with all that follows from it; None if the task was not as the change expects.

        A change that ends the task writes, in the same transaction, its ledger line, the model's statistics and,
        if it has a callback URL, its webhook.
        """

    async def keep_log(self, id: int, attempt: int, *, stdout: str, stderr: str) -> None:
        """What a run had printed when its task was killed; nothing for a task in any other status or attempt."""

    async def renew(self, owner: str, until: float) -> set[int]:
        """Keep every task that `owner` holds; returns their ids, so that it hears which ones it has lost."""

    async def expired(self, at: float, *, but_not: str = "") -> list[Task]:
        """The tasks whose lease ran out before `at`, or, with `but_not`, every task held by anyone else."""

    async def waiting_models(self) -> list[str]:
        """The models that queued tasks are waiting for."""

    async def depth(self) -> dict[str, int]:
        """How many tasks there are by status, over all projects; terminal ones too."""

    async def statistics(self) -> dict[str, ModelStatistics]:
        """Counts of runs by model."""

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

    async def delete_files(self, task: int) -> list[str]:
        """Forget all files of a task; returns their places in the storage."""

    # webhooks
    async def due_deliveries(self, at: float, limit: int = 100) -> list[Delivery]:
        """Webhooks whose next attempt is due."""

    async def next_delivery(self, after: float = 0.0) -> float | None:
        """When the next attempt is due, of those that are due after a time."""

    async def settle_delivery(self, delivery: Delivery) -> None:
        """Write the outcome of an attempt."""

    async def deliveries(self, task: int) -> list[Delivery]:
        """The webhooks of a task."""
