"""What is kept of tasks, files and projects: immutable records, the same for every store."""

from decimal import Decimal
from typing import Any, Literal

import msgspec

from understudy.catalogue.checked import Source, Value

FileRole = Literal["upload", "folder", "input", "output", "thumbnail", "fetched"]
"""`fetched`: what a partner made, kept here until its task is over."""
ProjectAuth = Literal["signature", "key"]


class File(msgspec.Struct, frozen=True, kw_only=True):
    """One stored file or folder. Times in Unix seconds, sizes in bytes."""

    id: str
    """32 hex digits."""
    uuid: str
    project: int
    task: int = 0
    """The task that it belongs to; 0 for what was uploaded by itself."""
    role: FileRole
    name: str
    content_type: str
    size: int
    parent: str = ""
    """The id of the folder or clip that it belongs to."""
    accesskey: str
    """30 letters and digits: whoever knows it may read the file."""
    address: str = ""
    """For outputs and thumbnails: 8 groups of 8 hex digits; their place under the base address."""
    key: str
    """Its place in the storage."""
    added: float
    modified: float

    @property
    def path(self) -> str:
        """Its place under the server's base address."""
        return f"/{self.address}/{self.name}" if self.address else f"/v1/File/{self.accesskey}/{self.name}"


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """A ledger line that ends a task: `amount` US dollars."""

    amount: Decimal
    note: str = ""
    prepaid: bool = False
    """Whether it is taken from the project's balance."""


class LedgerLine(msgspec.Struct, frozen=True, kw_only=True):
    """One movement of a project's money: what a task cost (negative) or what was paid in (positive), US dollars."""

    id: int
    project: int
    task: int
    amount: Decimal
    note: str
    at: float


class ProjectLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What one project may take. 0 and None: the server's own limit, if it has one."""

    running: int = 0
    """Tasks that run at the same time."""
    queued: int = 0
    """Tasks that wait."""
    rate: float = 0.0
    """Requests a second, in the long run."""
    burst: int = 0
    """Requests at once, after a pause."""
    hourly: Decimal | None = None
    """US dollars in one hour of the clock (UTC); what runs already may go beyond it."""
    monthly: Decimal | None = None
    """US dollars in one month of the calendar (UTC)."""
    keep_days: float = 0.0
    """Days that the files of a task are kept after its end."""


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant: keys, rules, money. Keys and secrets are sealed (see vault.py); `key_hash` finds the project."""

    id: int
    name: str
    auth: ProjectAuth
    """Chosen when it is made; never changes."""
    key_hash: bytes
    api_key: bytes
    api_secret: bytes
    webhook_secret: bytes
    allow: tuple[str, ...] = ()
    """Addresses and networks that requests may come from; none: from anywhere."""
    webhook_url: str = ""
    """Where the webhooks of tasks go that bring no address of their own, as in protocols that register it once."""
    limits: ProjectLimits = ProjectLimits()
    balance: Decimal = Decimal(0)
    enabled: bool = True
    created: float = 0.0


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One run of one model. Times in Unix seconds, 0 while not reached."""

    id: int
    uuid: str
    token: str
    """The socket access token: 30 letters and digits; whoever knows it may watch the task."""
    project: int
    model: str
    status: str
    priority: int = 0
    attempts: int = 0
    values: dict[str, Value]
    """The checked inputs that are not files."""
    sources: dict[str, tuple[Source, ...]] = {}
    """Where each input file comes from."""
    media: dict[str, tuple[str, ...]] = {}
    """Each input file as it is shown: an address, or a path under the server's own."""
    seed: int = 0
    callback_url: str = ""
    door: str = ""
    """The dialect in which it was asked for, and in which its webhook speaks: "" is the wire's own, "openai", "google"."""
    notes: str = ""
    """What the caller should know about the request (`debugoutput` begins with it)."""
    stdout: str = ""
    stderr: str = ""
    pexit: str = ""
    reason: str = ""
    """Why it failed or was cancelled, for the caller."""
    engine: dict[str, Any] | None = None
    """Who played it: name, version, preview, tried, seed, and the engine's own labels."""
    cps: str = "0"
    cost: str = "0"
    created: float
    accepted: float = 0.0
    preprocess_started: float = 0.0
    preprocess_ended: float = 0.0
    assigned: float = 0.0
    started: float = 0.0
    ended: float = 0.0
    postprocess_started: float = 0.0
    postprocess_ended: float = 0.0
    cancelled: float = 0.0
    lease_owner: str = ""
    lease_until: float = 0.0
    files_deleted: bool = False
    trace: str = ""
    """The traceparent of its submission, in which its run goes on; "" if nothing is traced."""


PurchaseState = Literal["intended", "submitted", "fetched", "settled"]
Outcome = Literal[
    "", "delivered", "refused", "declined", "failed", "cancelled", "abandoned", "lost", "unknown"
]


class Purchase(msgspec.Struct, frozen=True, kw_only=True):
    """One job bought at a partner for a task, from the intention to the end. Times in Unix seconds, money in US dollars.

        intended -> submitted -> fetched -> settled

    It is written as intended before the request leaves. How it was settled:

        delivered    its clip is the task's
        refused      the partner provably took no job
        declined     the partner's rules refused the content
        failed       the job failed there
        cancelled    stopped there, because the task was
        abandoned    it went on there, although the task was over
        lost         it was taken, and the result cannot be had
        unknown      nobody can tell whether it was taken
    """

    id: int
    task: int
    project: int
    engine: str
    key: str
    """Ours: unique to this purchase."""
    hook: str
    """Unguessable: the end of the address that the partner may call."""
    state: PurchaseState = "intended"
    outcome: Outcome = ""
    remote_id: str = ""
    placed: float
    """When its request left; 0 as long as none is on its way."""
    submitted: float = 0.0
    settled: float = 0.0
    estimate: Decimal | None = None
    """What it will cost by the operator's table of prices; of a job that is done, by what the partner says."""
    charged: Decimal | None = None
    """What it cost, once it is settled; None if nobody knows."""
    note: str = ""
    """Why it ended so, for the task's caller and the operator; of a job that is done, what the partner says of it."""
    preview: bool = False
    """Whether something stood in for the model at the partner."""


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """How a purchase ends. What it cost becomes a line in the operator's ledger."""

    purchase: int
    outcome: Outcome
    at: float
    charged: Decimal | None = None
    note: str = ""
    placed: float | None = None
    """If not None: it ends only if no request of it was on its way, or the one that left then, and it took no job."""


class OperatorLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a partner charged the operator for one purchase: negative, US dollars."""

    id: int
    purchase: int
    task: int
    project: int
    engine: str
    amount: Decimal
    note: str
    at: float


class QueueLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a new task must not exceed. 0 and None: no limit."""

    of_project: int = 0
    """Waiting tasks of its project."""
    of_model: int = 0
    """Waiting tasks of its model."""
    hourly: Decimal | None = None
    """US dollars that its project has spent in this hour of the clock (UTC)."""
    monthly: Decimal | None = None
    """The same in this month of the calendar (UTC)."""


class NewTask(msgspec.Struct, frozen=True, kw_only=True):
    """What a submission writes, in one transaction."""

    task: Task
    """Its id is given by the store."""
    files: tuple[File, ...] = ()
    """Its uploads, already in the storage; their `task` is set by the store."""
    idempotency_key: str = ""
    body_hash: bytes = b""
    prepaid: bool = False
    """Whether the project's balance decides how many tasks it may run at the same time."""
    limits: QueueLimits = QueueLimits()


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """An engine with free places, as a claim sees it."""

    models: tuple[str, ...]
    places: int


class RunningLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a claim must not exceed, over all dispatchers. 0 and a missing model: no limit."""

    of_project: int = 0
    """Running tasks of each project whose own limit says nothing."""
    of_model: dict[str, int] = {}
    """Running tasks of all projects together, by model."""


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for one model."""

    number: int
    oldest: float
    """When the oldest of them was submitted, in Unix seconds."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One webhook that is to reach `url`."""

    id: int
    message_id: str
    """Stable over every attempt (`webhook-id`)."""
    task: int
    project: int
    url: str
    receiver: str
    """The host of the address, with its port if it names one: those who are slow wait for themselves alone."""
    attempts: int
    created: float
    due: float
    state: Literal["waiting", "delivered", "given-up"] = "waiting"
    status: int = 0
    """The last HTTP status, 0 if there was none."""
    error: str = ""


class ModelStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of one model's runs, kept as they end."""

    runs: int = 0
    successes: int = 0
    errors: int = 0
    last_run: float = 0.0
    elapsed: float = 0.0
    """Seconds of work of all successful runs together."""

    @property
    def mean_elapsed(self) -> float:
        """Seconds of work of a successful run; 0 before the first."""
        return self.elapsed / self.successes if self.successes else 0.0
